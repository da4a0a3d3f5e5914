enable f16;
// The result in 16 bits.
alias Out = f16;
alias Out4 = vec4<f16>;

// A number that 16 bits cannot hold becomes infinite or NaN, so that finite_check notices it. The built-in conversion may clamp it to the
// largest finite number instead.
fn narrow(x : vec4<f32>) -> Out4 {
    let overflown = bitcast<vec4<f32>>(bitcast<vec4<u32>>(x) | vec4<u32>(0x7f800000u));
    return Out4(select(overflown, x, abs(x) <= vec4<f32>(65504.0)));
}

fn narrow_one(x : f32) -> Out {
    return narrow(vec4<f32>(x)).x;
}
