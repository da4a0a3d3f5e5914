// Register tiles of an outer-product matrix multiplication: 64 x 64 results for a workgroup, 4 x 4 for each invocation.
// For products too small to fill a GPU with tiles of 128. Invocation (row, col) of 16 x 16 has the rows 4 row .. 4 row + 3, and
// the columns alike.
const TILE  = 64u;
const DEPTH = 32u;   // how much of the inner dimension is staged at a time
const QUADS = 16u;   // TILE / 4

// [DEPTH, QUADS], 8 KiB each.
var<workgroup> staged_w : array<vec4<f32>, 512>;
var<workgroup> staged_x : array<vec4<f32>, 512>;

var<private> sum_0a : vec4<f32>;
var<private> sum_1a : vec4<f32>;
var<private> sum_2a : vec4<f32>;
var<private> sum_3a : vec4<f32>;

fn multiply_staged(row : u32, col : u32) {
    for (var k = 0u; k < DEPTH; k++) {
        let w0 = staged_w[k * QUADS + row];
        let xa = staged_x[k * QUADS + col];
        sum_0a = fma(vec4<f32>(w0.x), xa, sum_0a);
        sum_1a = fma(vec4<f32>(w0.y), xa, sum_1a);
        sum_2a = fma(vec4<f32>(w0.z), xa, sum_2a);
        sum_3a = fma(vec4<f32>(w0.w), xa, sum_3a);
    }
}

// Hands every result to the kernel's emit(row of the matrix, column, four results).
fn emit_all(first_row : u32, first_col : u32, row : u32, col : u32) {
    emit(first_row + 4u * row + 0u, first_col + 4u * col, sum_0a);
    emit(first_row + 4u * row + 1u, first_col + 4u * col, sum_1a);
    emit(first_row + 4u * row + 2u, first_col + 4u * col, sum_2a);
    emit(first_row + 4u * row + 3u, first_col + 4u * col, sum_3a);
}
