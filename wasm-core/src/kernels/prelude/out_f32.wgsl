// The result in 32 bits.
alias Out = f32;
alias Out4 = vec4<f32>;

fn narrow(x : vec4<f32>) -> Out4 {
    return x;
}

fn narrow_one(x : f32) -> Out {
    return x;
}
