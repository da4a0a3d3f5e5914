// Queries of four neighbouring pixels, as in rows_aligned.wgsl.
alias Cell = Real4;

fn q_quad(plane : u32, x : u32, row : u32) -> vec4<f32> {
    return vec4<f32>(q[(plane + min(row, p.height - 1u) * p.width + min(x, p.width - 4u)) / 4u]);
}
