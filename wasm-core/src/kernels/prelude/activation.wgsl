// Activations by number: 0 none, 1 ReLU, 2 SiLU.

// x * sigmoid(x). The argument of exp is clamped: the result of an overflow depends on the implementation of WGSL.
fn silu(x : vec4<f32>) -> vec4<f32> {
    return x / (1.0 + exp(min(-x, vec4<f32>(80.0))));
}

// max(x, 0) that keeps NaN: max may turn NaN into 0, which would hide an overflow from finite_check. The bits of the exponent are tested,
// because compilers may assume that there are no such numbers.
fn relu(x : vec4<f32>) -> vec4<f32> {
    let exponent = vec4<u32>(0x7f800000u);
    return select(max(x, vec4<f32>(0.0)), x, (bitcast<vec4<u32>>(x) & exponent) == exponent);
}

fn activate(x : vec4<f32>, kind : u32) -> vec4<f32> {
    if kind == 1u { return relu(x); }
    if kind == 2u { return silu(x); }
    return x;
}
