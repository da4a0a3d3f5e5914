// Weights in 16 bits, four in two words: readable on every adapter, with or without shader-f16.
alias Weight4 = vec2<u32>;

fn widen(w : Weight4) -> vec4<f32> {
    return vec4<f32>(unpack2x16float(w.x), unpack2x16float(w.y));
}
