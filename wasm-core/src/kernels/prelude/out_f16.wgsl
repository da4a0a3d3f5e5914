enable f16;
// The result in 16 bits.
alias Out = f16;
alias Out4 = vec4<f16>;

// What 16 bits cannot hold becomes infinite or not a number. Left to itself the conversion may stop at the largest finite number, and
// an overflow would go unnoticed.
fn narrow(x : vec4<f32>) -> Out4 {
    let overflown = bitcast<vec4<f32>>(bitcast<vec4<u32>>(x) | vec4<u32>(0x7f800000u));
    return Out4(select(overflown, x, abs(x) <= vec4<f32>(65504.0)));
}

fn narrow_one(x : f32) -> Out {
    return narrow(vec4<f32>(x)).x;
}
