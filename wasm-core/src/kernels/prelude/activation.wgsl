// Activations by number: 0 none, 1 ReLU, 2 SiLU.

// x * sigmoid(x). exp is kept finite: WGSL leaves what follows an overflow to the implementation.
fn silu(x : vec4<f32>) -> vec4<f32> {
    return x / (1.0 + exp(min(-x, vec4<f32>(80.0))));
}

fn activate(x : vec4<f32>, kind : u32) -> vec4<f32> {
    if kind == 1u { return max(x, vec4<f32>(0.0)); }
    if kind == 2u { return silu(x); }
    return x;
}
