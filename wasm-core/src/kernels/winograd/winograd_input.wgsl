// The map of a 3x3 convolution as Winograd's F(4x4, 3x3) has it: V = B^T D B for each tile D of 6x6 pixels, of which neighbouring tiles share
// two rows or columns. Outside the map X is 0.
//
// Row j of B^T holds the coefficients of the product of (x - p) over the points other than p_j; winograd_filter.wgsl has the points.
//
// X : [B, C, H, W], seen at twice its size with `doubling` 1   V : [36, C, tiles of the band] in f32. X may be normalised while it is read
// (load_normed.wgsl).
// A workgroup has 64 tiles of 4 channels: (tiles / 64, C / 4, 1). Tiles are counted along the rows of all samples, from tile row
// `first_row` on.
// needs: real, load

struct Params {
    x         : Strides,
    v         : Strides,
    norms     : Strides,
    channels  : u32,
    height    : u32,   // of the map that is convolved
    width     : u32,
    doubling  : u32,   // 1 if every pixel of X is 2x2 pixels of that map
    tiles     : u32,   // of the band
    tiles_x   : u32,   // of a row
    rows      : u32,   // of tiles of a sample
    first_row : u32,
}

@group(0) @binding(0) var<uniform>             p : Params;
@group(0) @binding(1) var<storage, read>       x : array<Real>;
@group(0) @binding(2) var<storage, read_write> v : array<f32>;

const TILES    = 64u;   // of a workgroup
const CHANNELS = 4u;

// Half of a row of the tile, or the same rows and columns of all six.
struct Halves {
    low  : vec3<f32>,
    high : vec3<f32>,
}

struct Six {
    a0 : vec3<f32>,
    a1 : vec3<f32>,
    a2 : vec3<f32>,
    a3 : vec3<f32>,
    a4 : vec3<f32>,
    a5 : vec3<f32>,
}

// B^T times columns of six.
fn sample_down(d0 : vec3<f32>, d1 : vec3<f32>, d2 : vec3<f32>, d3 : vec3<f32>, d4 : vec3<f32>, d5 : vec3<f32>) -> Six {
    let near     = d4 - 2.25 * d2;
    let near_odd = 0.75 * d3 - 1.6875 * d1;
    let far      = d4 - 0.5625 * d2;
    let far_odd  = 1.5 * d3 - 0.84375 * d1;
    let first    = 1.265625 * d0 - 2.8125 * d2 + d4;
    let last     = 1.265625 * d1 - 2.8125 * d3 + d5;
    return Six(first, near + near_odd, near - near_odd, far + far_odd, far - far_odd, last);
}

fn pixel(norm : Norm, row : u32, at_x : i32, inside : bool) -> f32 {
    if !inside || at_x < 0 || at_x >= i32(p.width) { return 0.0; }
    return normed(norm, f32(x[row + (u32(at_x) >> p.doubling)]));
}

fn row_of(norm : Norm, plane : u32, at_x : i32, at_y : i32) -> Halves {
    let inside = at_y >= 0 && at_y < i32(p.height);
    let row    = plane + (u32(max(at_y, 0)) >> p.doubling) * (p.width >> p.doubling);
    return Halves(
        vec3<f32>(pixel(norm, row, at_x, inside), pixel(norm, row, at_x + 1, inside), pixel(norm, row, at_x + 2, inside)),
        vec3<f32>(pixel(norm, row, at_x + 3, inside), pixel(norm, row, at_x + 4, inside), pixel(norm, row, at_x + 5, inside)),
    );
}

// A row of the result: the same along the row.
fn put_row(first : u32, at : u32, low : vec3<f32>, high : vec3<f32>) {
    let near     = high.y - 2.25 * low.z;
    let near_odd = 0.75 * high.x - 1.6875 * low.y;
    let far      = high.y - 0.5625 * low.z;
    let far_odd  = 1.5 * high.x - 0.84375 * low.y;
    let place    = first * p.v.batch + at;
    v[place] = 1.265625 * low.x - 2.8125 * low.z + high.y;
    v[place + p.v.batch] = near + near_odd;
    v[place + 2u * p.v.batch] = near - near_odd;
    v[place + 3u * p.v.batch] = far + far_odd;
    v[place + 4u * p.v.batch] = far - far_odd;
    v[place + 5u * p.v.batch] = 1.265625 * low.y - 2.8125 * high.x + high.z;
}

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id)           group : vec3<u32>,
    @builtin(local_invocation_index) lane  : u32,
) {
    let tile = group.x * TILES + lane % TILES;
    let c    = group.y * CHANNELS + lane / TILES;
    if tile >= p.tiles || c >= p.channels { return; }
    let at_x  = i32(tile % p.tiles_x * 4u) - 1;
    let row   = p.first_row + tile / p.tiles_x;
    let at_y  = i32(row % p.rows * 4u) - 1;
    let plane = element_of(p.x, row / p.rows, c);
    let norm  = norm_of(row / p.rows, c);
    let d0 = row_of(norm, plane, at_x, at_y);
    let d1 = row_of(norm, plane, at_x, at_y + 1);
    let d2 = row_of(norm, plane, at_x, at_y + 2);
    let d3 = row_of(norm, plane, at_x, at_y + 3);
    let d4 = row_of(norm, plane, at_x, at_y + 4);
    let d5 = row_of(norm, plane, at_x, at_y + 5);
    let low  = sample_down(d0.low, d1.low, d2.low, d3.low, d4.low, d5.low);
    let high = sample_down(d0.high, d1.high, d2.high, d3.high, d4.high, d5.high);
    let at = element_of(p.v, 0u, c) + tile;
    put_row(0u, at, low.a0, high.a0);
    put_row(6u, at, low.a1, high.a1);
    put_row(12u, at, low.a2, high.a2);
    put_row(18u, at, low.a3, high.a3);
    put_row(24u, at, low.a4, high.a4);
    put_row(30u, at, low.a5, high.a5);
}
