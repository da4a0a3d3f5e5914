// Weights as signed 8-bit integers, four in a word, the first one lowest. Their scale is applied to the sum.
alias Weight4 = u32;

fn widen(w : Weight4) -> vec4<f32> {
    let highest = vec4<u32>(w) << vec4<u32>(24u, 16u, 8u, 0u);
    return vec4<f32>(bitcast<vec4<i32>>(highest) >> vec4<u32>(24u));
}
