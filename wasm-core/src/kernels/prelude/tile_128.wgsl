// Register tiles of an outer-product matrix multiplication: 128 x 128 results for a workgroup, 8 x 8 for each invocation.
//
// Invocation (row, col) of 16 x 16 has the rows 4 row .. 4 row + 3 and those 64 further on, and the columns alike. The
// accumulators have names because an array would be indexed by a variable, which compilers keep out of registers.
const TILE  = 128u;
const DEPTH = 16u;   // how much of the inner dimension is staged at a time
const QUADS = 32u;   // TILE / 4

// [DEPTH, QUADS], 8 KiB each.
var<workgroup> staged_w : array<vec4<f32>, 512>;
var<workgroup> staged_x : array<vec4<f32>, 512>;

var<private> sum_0a : vec4<f32>;
var<private> sum_0b : vec4<f32>;
var<private> sum_1a : vec4<f32>;
var<private> sum_1b : vec4<f32>;
var<private> sum_2a : vec4<f32>;
var<private> sum_2b : vec4<f32>;
var<private> sum_3a : vec4<f32>;
var<private> sum_3b : vec4<f32>;
var<private> sum_4a : vec4<f32>;
var<private> sum_4b : vec4<f32>;
var<private> sum_5a : vec4<f32>;
var<private> sum_5b : vec4<f32>;
var<private> sum_6a : vec4<f32>;
var<private> sum_6b : vec4<f32>;
var<private> sum_7a : vec4<f32>;
var<private> sum_7b : vec4<f32>;

fn multiply_staged(row : u32, col : u32) {
    for (var k = 0u; k < DEPTH; k++) {
        let w0 = staged_w[k * QUADS + row];
        let w1 = staged_w[k * QUADS + 16u + row];
        let xa = staged_x[k * QUADS + col];
        let xb = staged_x[k * QUADS + 16u + col];
        sum_0a = fma(vec4<f32>(w0.x), xa, sum_0a);
        sum_0b = fma(vec4<f32>(w0.x), xb, sum_0b);
        sum_1a = fma(vec4<f32>(w0.y), xa, sum_1a);
        sum_1b = fma(vec4<f32>(w0.y), xb, sum_1b);
        sum_2a = fma(vec4<f32>(w0.z), xa, sum_2a);
        sum_2b = fma(vec4<f32>(w0.z), xb, sum_2b);
        sum_3a = fma(vec4<f32>(w0.w), xa, sum_3a);
        sum_3b = fma(vec4<f32>(w0.w), xb, sum_3b);
        sum_4a = fma(vec4<f32>(w1.x), xa, sum_4a);
        sum_4b = fma(vec4<f32>(w1.x), xb, sum_4b);
        sum_5a = fma(vec4<f32>(w1.y), xa, sum_5a);
        sum_5b = fma(vec4<f32>(w1.y), xb, sum_5b);
        sum_6a = fma(vec4<f32>(w1.z), xa, sum_6a);
        sum_6b = fma(vec4<f32>(w1.z), xb, sum_6b);
        sum_7a = fma(vec4<f32>(w1.w), xa, sum_7a);
        sum_7b = fma(vec4<f32>(w1.w), xb, sum_7b);
    }
}

// Hands every result to the kernel's emit(row of the matrix, column, four results).
fn emit_all(first_row : u32, first_col : u32, row : u32, col : u32) {
    emit(first_row + 4u * row + 0u, first_col + 4u * col, sum_0a);
    emit(first_row + 4u * row + 0u, first_col + 4u * col + 64u, sum_0b);
    emit(first_row + 4u * row + 1u, first_col + 4u * col, sum_1a);
    emit(first_row + 4u * row + 1u, first_col + 4u * col + 64u, sum_1b);
    emit(first_row + 4u * row + 2u, first_col + 4u * col, sum_2a);
    emit(first_row + 4u * row + 2u, first_col + 4u * col + 64u, sum_2b);
    emit(first_row + 4u * row + 3u, first_col + 4u * col, sum_3a);
    emit(first_row + 4u * row + 3u, first_col + 4u * col + 64u, sum_3b);
    emit(first_row + 4u * row + 0u + 64u, first_col + 4u * col, sum_4a);
    emit(first_row + 4u * row + 0u + 64u, first_col + 4u * col + 64u, sum_4b);
    emit(first_row + 4u * row + 1u + 64u, first_col + 4u * col, sum_5a);
    emit(first_row + 4u * row + 1u + 64u, first_col + 4u * col + 64u, sum_5b);
    emit(first_row + 4u * row + 2u + 64u, first_col + 4u * col, sum_6a);
    emit(first_row + 4u * row + 2u + 64u, first_col + 4u * col + 64u, sum_6b);
    emit(first_row + 4u * row + 3u + 64u, first_col + 4u * col, sum_7a);
    emit(first_row + 4u * row + 3u + 64u, first_col + 4u * col + 64u, sum_7b);
}
