// Each tap has one weight.
fn weight_of_tap(t : u32, c : u32, quad : u32) -> vec4<f32> {
    return weight(t, c, quad);
}
