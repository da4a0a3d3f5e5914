// Queries of four neighbouring pixels, as in rows_ragged.wgsl.
alias Cell = Real;

fn q_one(plane : u32, x : u32, row : u32) -> f32 {
    return f32(q[plane + min(row, p.height - 1u) * p.width + min(x, p.width - 1u)]);
}

fn q_quad(plane : u32, x : u32, row : u32) -> vec4<f32> {
    return vec4<f32>(
        q_one(plane, x, row), q_one(plane, x + 1u, row), q_one(plane, x + 2u, row), q_one(plane, x + 3u, row),
    );
}
