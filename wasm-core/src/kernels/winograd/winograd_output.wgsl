// The result of a 3x3 convolution from what Winograd's F(4x4, 3x3) has of it: 4x4 pixels of each tile,
//   Y = act(A^T N A + bias) + R
//
// Row i of A^T holds the points to the power i, and the last row has infinity as well; winograd_filter.wgsl has the points.
//
// N : [36, M, tiles of the band] in f32   bias : [all outputs]   Y, R : [B, M, H, W], W being a multiple of 4, for M
// outputs from `first` on
// A workgroup has 64 tiles of 4 channels: (tiles / 64, M / 4, 1), as in winograd_input.wgsl.
// needs: real, out, activation

struct Params {
    n          : Strides,
    y          : Strides,
    r          : Strides,
    m          : u32,
    height     : u32,
    width      : u32,
    tiles      : u32,   // of the band
    tiles_x    : u32,   // of a row
    rows       : u32,   // of tiles of a sample
    first_row  : u32,
    first      : u32,
    activation : u32,
    residuals  : u32,   // 0: none; 1: R; 2: what Y holds already
    of_sum     : f32,   // what the sum is multiplied by
    of_bias    : f32,   // and the bias
}

@group(0) @binding(0) var<uniform>             p    : Params;
@group(0) @binding(1) var<storage, read>       n    : array<f32>;
@group(0) @binding(2) var<storage, read>       bias : array<f32>;
@group(0) @binding(3) var<storage, read>       r    : array<Real4>;
@group(0) @binding(4) var<storage, read_write> y    : array<Out4>;

const TILES    = 64u;   // of a workgroup
const CHANNELS = 4u;

// The same columns of four rows.
struct Four {
    a0 : vec3<f32>,
    a1 : vec3<f32>,
    a2 : vec3<f32>,
    a3 : vec3<f32>,
}

fn three(first : u32) -> vec3<f32> {
    return vec3<f32>(n[first], n[first + p.n.batch], n[first + 2u * p.n.batch]);
}

// A^T times the three columns that begin at `first`.
fn gather_down(first : u32) -> Four {
    let row  = 6u * p.n.batch;
    let m0   = three(first);
    let m1   = three(first + row);
    let m2   = three(first + 2u * row);
    let m3   = three(first + 3u * row);
    let m4   = three(first + 4u * row);
    let m5   = three(first + 5u * row);
    let near = m1 + m2;
    let far  = m3 + m4;
    let near_odd = m1 - m2;
    let far_odd  = m3 - m4;
    return Four(
        m0 + near + far,
        0.75 * near_odd + 1.5 * far_odd,
        0.5625 * near + 2.25 * far,
        0.421875 * near_odd + 3.375 * far_odd + m5,
    );
}

// A row of the result: the same along the row.
fn put_row(sample : u32, m : u32, at_x : u32, at_y : u32, low : vec3<f32>, high : vec3<f32>) {
    if at_y >= p.height { return; }
    let near     = low.y + low.z;
    let far      = high.x + high.y;
    let near_odd = low.y - low.z;
    let far_odd  = high.x - high.y;
    let sum = vec4<f32>(
        low.x + near + far,
        0.75 * near_odd + 1.5 * far_odd,
        0.5625 * near + 2.25 * far,
        0.421875 * near_odd + 3.375 * far_odd + high.z,
    );
    var value = activate(fma(vec4<f32>(p.of_sum), sum, vec4<f32>(p.of_bias * bias[p.first + m])), p.activation);
    let quad  = (at_y * p.width + at_x) / 4u;
    let place = quad_of(p.y, sample, m) + quad;
    if p.residuals == 1u { value += vec4<f32>(r[quad_of(p.r, sample, m) + quad]); }
    if p.residuals == 2u { value += vec4<f32>(y[place]); }
    y[place] = narrow(value);
}

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id)           group : vec3<u32>,
    @builtin(local_invocation_index) lane  : u32,
) {
    let tile = group.x * TILES + lane % TILES;
    let m    = group.y * CHANNELS + lane / TILES;
    if tile >= p.tiles || m >= p.m { return; }
    let place = element_of(p.n, 0u, m) + tile;
    let low  = gather_down(place);
    let high = gather_down(place + 3u * p.n.batch);
    let at_x = tile % p.tiles_x * 4u;
    let row  = p.first_row + tile / p.tiles_x;
    let at_y = row % p.rows * 4u;
    put_row(row / p.rows, m, at_x, at_y, low.a0, high.a0);
    put_row(row / p.rows, m, at_x, at_y + 1u, low.a1, high.a1);
    put_row(row / p.rows, m, at_x, at_y + 2u, low.a2, high.a2);
    put_row(row / p.rows, m, at_x, at_y + 3u, low.a3, high.a3);
}
