// Weights, or the other activation of a product, in 32 bits.
alias Weight4 = vec4<f32>;

fn widen(w : Weight4) -> vec4<f32> {
    return w;
}
