// Convolution as an implicit matrix product (im2col that is never stored):
//   Y[b, m, y, x] = act(sum_{t, c} W[t, c, m] X[b, c, y * step + ty - pad, x * step + tx - pad] + bias[m]) + R[b, m, y, x]
// for the taps t = (ty, tx); outside the map X is 0.
//
// With 4 phases it is nearest-neighbour doubling followed by a 3x3 convolution: every output of one parity (py, px) sees only
// 2x2 different pixels, with weights that are sums of the nine. In one dimension, an even output sees the source pixel before it with
// w[0] and its own with w[1] + w[2]; an odd one its own with w[0] + w[1] and the next with w[2]. Phase p = 2 py + px reads from
// (y - 1 + py, x - 1 + px) on and writes to (2 y + py, 2 x + px): 4/9 of the arithmetic, and the doubled map never exists. The sums are
// made while weights are fetched, since they need more than the 16 bits that weights are stored in.
//
// W : [9, C, M padded to 4], in 8 bits with a scale for each of M   bias : [M padded to 4]   X : [B, C, H, W]   Y, R : [B, M, H', W']
// One workgroup per TILE_M x TILE_N results: (H' W' / phases / TILE_N, M / TILE_M, B * phases), or in x a band of them from `first` on. Taps
// are the outer part of the inner dimension, so that an invocation finds its four pixels once per tap and then walks through the channels.
// needs: real, out, weight, outer_product, tile, activation, taps

struct Params {
    x          : Strides,
    y          : Strides,
    r          : Strides,
    m          : u32,
    channels   : u32,
    taps       : u32,   // 9, or 4 of a phase
    taps_x     : u32,   // of them in a row
    step       : u32,   // pixels of X from one window to the next
    pad        : u32,   // pixels of zeros above and to the left of X; with 4 phases, the phase decides
    phases     : u32,   // 1 or 4
    in_height  : u32,
    in_width   : u32,
    height     : u32,   // of the results of one phase
    width      : u32,
    activation : u32,
    residuals  : u32,   // 0 or 1
    scaled     : u32,   // 0 where there are no scales
    of_sum     : f32,   // what the sum is multiplied by
    of_bias    : f32,   // and the bias
    first      : u32,   // workgroup in x of this band
}

@group(0) @binding(0) var<uniform>             p      : Params;
@group(0) @binding(1) var<storage, read>       w      : array<Weight4>;
@group(0) @binding(2) var<storage, read>       bias   : array<f32>;
@group(0) @binding(3) var<storage, read>       scales : array<f32>;
@group(0) @binding(4) var<storage, read>       x      : array<Real>;
@group(0) @binding(5) var<storage, read>       r      : array<Real>;
@group(0) @binding(6) var<storage, read_write> y      : array<Out>;

var<private> batch   : u32;
var<private> phase   : u32;
var<private> first_y : vec4<i32>;   // top left corner of the window of each of the four pixels
var<private> first_x : vec4<i32>;
var<private> places  : vec4<u32>;   // of the four pixels under the tap in hand
var<private> inside  : vec4<f32>;   // 0 where they lie outside the map

// Finds the four pixels that tap `t` sees.
fn aim(t : u32) {
    let at_y = first_y + vec4<i32>(i32(t / p.taps_x));
    let at_x = first_x + vec4<i32>(i32(t % p.taps_x));
    let size = vec2<i32>(i32(p.in_height), i32(p.in_width));
    let ok = (at_y >= vec4<i32>(0)) & (at_y < size.xxxx) & (at_x >= vec4<i32>(0)) & (at_x < size.yyyy);
    inside = select(vec4<f32>(0.0), vec4<f32>(1.0), ok);
    places = vec4<u32>(select(vec4<i32>(0), at_y * size.y + at_x, ok));
}

fn weight(tap : u32, c : u32, quad : u32) -> vec4<f32> {
    return widen(w[(tap * p.channels + c) * ((p.m + 3u) / 4u) + quad]);
}

fn fetch_w(t : u32, c : u32, quad : u32) -> vec4<f32> {
    if t >= p.taps || c >= p.channels || quad * 4u >= p.m { return vec4<f32>(0.0); }
    return weight_of_tap(t, c, quad);
}

fn fetch_x(c : u32) -> vec4<f32> {
    if c >= p.channels { return vec4<f32>(0.0); }
    let at = element_of(p.x, batch, c) + places;
    let four = vec4<f32>(f32(x[at.x]), f32(x[at.y]), f32(x[at.z]), f32(x[at.w]));
    // Selected, not multiplied by 0: the number at index 0 need not be finite.
    return select(vec4<f32>(0.0), four, inside > vec4<f32>(0.0));
}

fn put(m : u32, n : u32, value : f32) {
    if n >= p.height * p.width { return; }
    var place = n;
    if p.phases == 4u {
        place = (2u * (n / p.width) + phase / 2u) * 2u * p.width + 2u * (n % p.width) + phase % 2u;
    }
    var sum = value;
    if p.residuals > 0u { sum += f32(r[element_of(p.r, batch, m) + place]); }
    y[element_of(p.y, batch, m) + place] = narrow_one(sum);
}

fn emit(m : u32, n : u32, sum : vec4<f32>) {
    if m >= p.m { return; }
    var scale = p.of_sum;
    if p.scaled != 0u { scale *= scales[m]; }
    let value = activate(fma(vec4<f32>(scale), sum, vec4<f32>(p.of_bias * bias[m])), p.activation);
    put(m, n, value.x);
    put(m, n + 1u, value.y);
    put(m, n + 2u, value.z);
    put(m, n + 3u, value.w);
}

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id)           group : vec3<u32>,
    @builtin(local_invocation_index) lane  : u32,
) {
    let group_x = p.first + group.x;
    batch = group.z / p.phases;
    phase = group.z % p.phases;
    let w_quad = group.y * W_QUADS + lane % W_QUADS;
    let w_next = group.y * W_QUADS + second_w(lane);
    let w_c0   = lane / W_QUADS;
    let w_c1   = (lane + LANES) / W_QUADS;
    let x_c0   = lane / X_QUADS;
    let x_c1   = x_c0 + LANES / X_QUADS;

    // Results for pixels beyond the last one are computed but never written.
    let n  = vec4<u32>((group_x * X_QUADS + lane % X_QUADS) * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
    var up = vec2<u32>(p.pad);
    if p.phases == 4u { up = vec2<u32>(1u - phase / 2u, 1u - phase % 2u); }
    first_y = vec4<i32>(n / p.width * p.step) - vec4<i32>(i32(up.x));
    first_x = vec4<i32>(n % p.width * p.step) - vec4<i32>(i32(up.y));

    // The inner dimension in pieces of DEPTH channels of one tap.
    let pieces = (p.channels + DEPTH - 1u) / DEPTH;
    aim(0u);
    var w0 = fetch_w(0u, w_c0, w_quad);
    var w1 = vec4<f32>(0.0);
    if AGAIN { w1 = fetch_w(0u, w_c1, w_next); }
    var x0 = fetch_x(x_c0);
    var x1 = fetch_x(x_c1);
    var tap   = 0u;
    var piece = 0u;
    for (var i = 0u; i < p.taps * pieces; i++) {
        workgroupBarrier();
        stage(lane, w0, w1, x0, x1);
        workgroupBarrier();
        piece++;
        if piece == pieces {
            piece = 0u;
            tap++;
            aim(tap);
        }
        w0 = fetch_w(tap, piece * DEPTH + w_c0, w_quad);
        if AGAIN { w1 = fetch_w(tap, piece * DEPTH + w_c1, w_next); }
        x0 = fetch_x(piece * DEPTH + x_c0);
        x1 = fetch_x(piece * DEPTH + x_c1);
        multiply_staged(lane);
    }
    emit_all(lane, group.y * TILE_M, group_x * TILE_N);
}
