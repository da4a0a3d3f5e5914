// The register tiles of an outer-product matrix multiplication: TILE_M x TILE_N results of a workgroup, 8 x 8 of an invocation.
//
// The staged part of the inner dimension is divided among SLICES groups of invocations, each of which covers the whole tile. A small
// tile keeps all invocations busy that way, and each of them still has 8 x 8 results, which take 4 loads from workgroup memory for 64
// multiplications. The slices are added at the end, in a fixed order, in four rounds that need no more memory than the staged tiles.
//
// Of its slice, invocation (row, col) has the rows 4 row .. 4 row + 3 and those TILE_M / 2 further on, and the columns alike. Neighbouring
// invocations, in groups of 32, are 4 rows by 8 columns, so that few different numbers are loaded at a time. The accumulators have names
// because an array would be indexed by a variable, which compilers keep out of registers; steps are written out because not every
// compiler unrolls a loop.

const W_QUADS = TILE_M / 4u;
const X_QUADS = TILE_N / 4u;
const W_HALF  = TILE_M / 8u;
const X_HALF  = TILE_N / 8u;
const PER     = W_HALF * X_HALF;    // invocations of a slice
const THICK   = DEPTH / SLICES;     // how much of the inner dimension a slice has of what is staged: 4, 8 or 16
const AGAIN   = W_QUADS * DEPTH > LANES;   // whether an invocation stages two quads of W, as it does of X

// What is staged of [DEPTH, W_QUADS] and [DEPTH, X_QUADS], 8 KiB each at most: [steps of a slice, slices, quads], with room for as many
// slices as fit. Browsers clamp an index that they cannot prove to be in range: which step it is is known, and the place in a row is the
// same in all steps, so that it is clamped once.
const STAGED = 512u;
const W_ROW  = STAGED / (THICK * W_QUADS) * W_QUADS;
const X_ROW  = STAGED / (THICK * X_QUADS) * X_QUADS;
var<workgroup> staged_w : array<array<vec4<f32>, W_ROW>, THICK>;
var<workgroup> staged_x : array<array<vec4<f32>, X_ROW>, THICK>;

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

// Where in a row of what is staged an invocation's second quad of W is: below its first, or further on where rows do not divide LANES.
fn second_w(lane : u32) -> u32 {
    return select((lane + LANES) % W_QUADS, lane % W_QUADS, LANES % W_QUADS == 0u);
}

// Whether an invocation has a second quad of W or of X: not where less than 2 LANES are staged.
fn has_second_w(lane : u32) -> bool {
    return W_QUADS * DEPTH == 2u * LANES || lane + LANES < W_QUADS * DEPTH;
}

fn has_second_x(lane : u32) -> bool {
    return X_QUADS * DEPTH == 2u * LANES || lane + LANES < X_QUADS * DEPTH;
}

fn stage_w(at : u32, quad : vec4<f32>) {
    let k = at / W_QUADS;
    staged_w[k % THICK][k / THICK * W_QUADS + at % W_QUADS] = quad;
}

fn stage_x(at : u32, quad : vec4<f32>) {
    let k = at / X_QUADS;
    staged_x[k % THICK][k / THICK * X_QUADS + at % X_QUADS] = quad;
}

// Stages the quads of an invocation, `lane` and `lane + LANES`. There is always room for the second one of X.
fn stage(lane : u32, w0 : vec4<f32>, w1 : vec4<f32>, x0 : vec4<f32>, x1 : vec4<f32>) {
    stage_w(lane, w0);
    if AGAIN && has_second_w(lane) { stage_w(lane + LANES, w1); }
    stage_x(lane, x0);
    stage_x(lane + LANES, x1);
}

fn row_of(place : u32) -> u32 {
    return place / 32u / (X_HALF / 8u) * 4u + place % 32u / 8u;
}

fn col_of(place : u32) -> u32 {
    return place / 32u % (X_HALF / 8u) * 8u + place % 8u;
}

fn multiply_one(step : u32, w_at : u32, x_at : u32) {
    let w0 = staged_w[step][w_at];
    let w1 = staged_w[step][w_at + W_HALF];
    let xa = staged_x[step][x_at];
    let xb = staged_x[step][x_at + X_HALF];
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

fn multiply_four(first : u32, w_at : u32, x_at : u32) {
    multiply_one(first, w_at, x_at);
    multiply_one(first + 1u, w_at, x_at);
    multiply_one(first + 2u, w_at, x_at);
    multiply_one(first + 3u, w_at, x_at);
}

// Adds the products of what is staged.
fn multiply_staged(lane : u32) {
    // Invocations beyond the last slice repeat what others of it do, which is cheaper than a branch, and is never added.
    let slice = min(lane / PER, SLICES - 1u);
    let w_at  = slice * W_QUADS + row_of(lane % PER);
    let x_at  = slice * X_QUADS + col_of(lane % PER);
    multiply_four(0u, w_at, x_at);
    if THICK > 4u { multiply_four(4u, w_at, x_at); }
    if THICK > 8u {
        multiply_four(8u, w_at, x_at);
        multiply_four(12u, w_at, x_at);
    }
}

// Two sums of an invocation, in the room of what was staged.
fn keep(at : u32, of_w : vec4<f32>, of_x : vec4<f32>) {
    staged_w[at / W_ROW][at % W_ROW] = of_w;
    staged_x[at / X_ROW][at % X_ROW] = of_x;
}

// Two rows of results, from all slices.
fn emit_rows(lane : u32, first_row : u32, first_col : u32, a0 : vec4<f32>, b0 : vec4<f32>, a1 : vec4<f32>, b1 : vec4<f32>) {
    workgroupBarrier();
    if lane < SLICES * PER {
        keep(lane, a0, a1);
        keep(SLICES * PER + lane, b0, b1);
    }
    workgroupBarrier();
    for (var i = lane; i < 4u * PER; i += LANES) {
        let place = i % PER;
        let which = i / PER;
        var at    = which % 2u * (SLICES * PER) + place;
        var sum   = vec4<f32>(0.0);
        for (var slice = 0u; slice < SLICES; slice++) {
            if which < 2u {
                sum += staged_w[at / W_ROW][at % W_ROW];
            } else {
                sum += staged_x[at / X_ROW][at % X_ROW];
            }
            at += PER;
        }
        let row = first_row + which / 2u + 4u * row_of(place);
        emit(row, first_col + which % 2u * (TILE_N / 2u) + 4u * col_of(place), sum);
    }
}

// Hands every result to the kernel's emit(row of the matrix, column, four results).
fn emit_all(lane : u32, first_row : u32, first_col : u32) {
    emit_rows(lane, first_row, first_col, sum_0a, sum_0b, sum_1a, sum_1b);
    emit_rows(lane, first_row + 2u, first_col, sum_2a, sum_2b, sum_3a, sum_3b);
    emit_rows(lane, first_row + TILE_M / 2u, first_col, sum_4a, sum_4b, sum_5a, sum_5b);
    emit_rows(lane, first_row + TILE_M / 2u + 2u, first_col, sum_6a, sum_6b, sum_7a, sum_7b);
}
