// Activations by number: 0 none, 1 ReLU, 2 SiLU.

// x * sigmoid(x). exp is kept finite: WGSL leaves what follows an overflow to the implementation.
fn silu(x : vec4<f32>) -> vec4<f32> {
    return x / (1.0 + exp(min(-x, vec4<f32>(80.0))));
}

// max(x, 0), but what is not finite stays so: max makes 0 of NaN, which would hide an overflow from the check at the end. The exponent's
// bits are looked at because compilers may assume that there are no such numbers.
fn relu(x : vec4<f32>) -> vec4<f32> {
    let exponent = vec4<u32>(0x7f800000u);
    return select(max(x, vec4<f32>(0.0)), x, (bitcast<vec4<u32>>(x) & exponent) == exponent);
}

fn activate(x : vec4<f32>, kind : u32) -> vec4<f32> {
    if kind == 1u { return relu(x); }
    if kind == 2u { return silu(x); }
    return x;
}
