// Depthwise 3 x 3 convolution, stride 1, one pixel of zeros around:
//   V[b, c] = scale[c] * (X[b, c] * taps[c]) + bias[c]
//   Y[b, c] = act(V[b, c]),   or gated:   Y[b, f] = V[b, f] * silu(V[b, F + f]) of 2F channels
//
// X : [B, C or 2F, H, W]   Y : [B, C or F, H, W]   weights : for each channel of X 9 taps, scale, bias, and one number unused
// Tiles of all channels of Y are counted through, one for each invocation: (channels * tiles / LANES, 1, B). Where rows consist of
// whole quads, a tile is 4 x 4 pixels, whose 6 rows are loaded once: fewer rows would mean more loads for each result, more rows
// more registers than help. Where they do not, a tile is 4 pixels in a line, loaded one by one.
// needs: real, out, activation

struct Params {
    x          : Strides,
    y          : Strides,
    channels   : u32,   // of Y
    height     : u32,
    width      : u32,
    row_quads  : u32,   // of a row, if it consists of whole ones; otherwise 0
    tiles      : u32,   // of a channel
    activation : u32,
    gated      : u32,
}

@group(0) @binding(0) var<uniform>             p       : Params;
@group(0) @binding(1) var<storage, read>       weights : array<vec4<f32>>;   // three for each channel
@group(0) @binding(2) var<storage, read>       x       : array<Real4>;
@group(0) @binding(3) var<storage, read_write> y       : array<Out4>;

// The taps, scale and bias of one channel.
struct Filter {
    base   : u32,   // of the channel in x
    top    : vec3<f32>,
    middle : vec3<f32>,
    bottom : vec3<f32>,
    scale  : f32,
    bias   : f32,
}

fn filter_of(batch : u32, channel : u32) -> Filter {
    let a = weights[3u * channel];
    let b = weights[3u * channel + 1u];
    let c = weights[3u * channel + 2u];
    let base = quad_of(p.x, batch, channel);
    return Filter(base, a.xyz, vec3<f32>(a.w, b.xy), vec3<f32>(b.zw, c.x), c.y, c.z);
}

// Outside the image is 0. A row or column before the first is a very large number here, and so outside as well.
fn quad_at(base : u32, row : u32, quad : u32) -> vec4<f32> {
    if row < p.height && quad < p.row_quads { return vec4<f32>(x[base + row * p.row_quads + quad]); }
    return vec4<f32>(0.0);
}

fn pixel_at(base : u32, row : u32, column : u32) -> f32 {
    if row >= p.height || column >= p.width { return 0.0; }
    let at = row * p.width + column;
    return f32(x[base + at / 4u][at % 4u]);
}

// Four neighbours in a row, with those to the left and to the right of each.
struct Row {
    left   : vec4<f32>,
    centre : vec4<f32>,
    right  : vec4<f32>,
}

fn row_at(base : u32, row : u32, quad : u32) -> Row {
    let centre = quad_at(base, row, quad);
    let left   = vec4<f32>(quad_at(base, row, quad - 1u).w, centre.xyz);
    let right  = vec4<f32>(centre.yzw, quad_at(base, row, quad + 1u).x);
    return Row(left, centre, right);
}

fn weigh(row : Row, taps : vec3<f32>, sum : vec4<f32>) -> vec4<f32> {
    return fma(row.left, vec4<f32>(taps.x), fma(row.centre, vec4<f32>(taps.y), fma(row.right, vec4<f32>(taps.z), sum)));
}

fn result_of(above : Row, here : Row, below : Row, f : Filter) -> vec4<f32> {
    let sum = weigh(below, f.bottom, weigh(here, f.middle, weigh(above, f.top, vec4<f32>(0.0))));
    return fma(sum, vec4<f32>(f.scale), vec4<f32>(f.bias));
}

// Four results, one below the other.
struct Tile {
    r0 : vec4<f32>,
    r1 : vec4<f32>,
    r2 : vec4<f32>,
    r3 : vec4<f32>,
}

fn tile_at(batch : u32, channel : u32, row : u32, quad : u32) -> Tile {
    let f = filter_of(batch, channel);
    let a = row_at(f.base, row - 1u, quad);
    let b = row_at(f.base, row, quad);
    let c = row_at(f.base, row + 1u, quad);
    let d = row_at(f.base, row + 2u, quad);
    let e = row_at(f.base, row + 3u, quad);
    let g = row_at(f.base, row + 4u, quad);
    return Tile(result_of(a, b, c, f), result_of(b, c, d, f), result_of(c, d, e, f), result_of(d, e, g, f));
}

fn weigh_pixels(base : u32, row : u32, column : u32, taps : vec3<f32>) -> f32 {
    return dot(taps, vec3<f32>(pixel_at(base, row, column - 1u), pixel_at(base, row, column), pixel_at(base, row, column + 1u)));
}

fn pixel_result(f : Filter, at : u32) -> f32 {
    let row    = at / p.width;
    let column = at % p.width;
    let sum = weigh_pixels(f.base, row - 1u, column, f.top)
            + weigh_pixels(f.base, row,      column, f.middle)
            + weigh_pixels(f.base, row + 1u, column, f.bottom);
    return fma(sum, f.scale, f.bias);
}

fn line_at(batch : u32, channel : u32, quad : u32) -> vec4<f32> {
    let f  = filter_of(batch, channel);
    let at = 4u * quad;
    return vec4<f32>(pixel_result(f, at), pixel_result(f, at + 1u), pixel_result(f, at + 2u), pixel_result(f, at + 3u));
}

fn emit(at : u32, value : vec4<f32>, gate : vec4<f32>) {
    if p.gated != 0u {
        y[at] = narrow(value * silu(gate));
    } else {
        y[at] = narrow(activate(value, p.activation));
    }
}

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id)           group : vec3<u32>,
    @builtin(local_invocation_index) lane  : u32,
) {
    let index   = group.x * LANES + lane;
    let channel = index / p.tiles;
    let tile    = index % p.tiles;
    if channel >= p.channels { return; }
    let y_base = quad_of(p.y, group.z, channel);

    if p.row_quads == 0u {
        let value = line_at(group.z, channel, tile);
        var gate  = vec4<f32>(0.0);
        if p.gated != 0u { gate = line_at(group.z, p.channels + channel, tile); }
        emit(y_base + tile, value, gate);
        return;
    }
    let row   = tile / p.row_quads * 4u;
    let quad  = tile % p.row_quads;
    let value = tile_at(group.z, channel, row, quad);
    var gate  = Tile(vec4<f32>(0.0), vec4<f32>(0.0), vec4<f32>(0.0), vec4<f32>(0.0));
    if p.gated != 0u { gate = tile_at(group.z, p.channels + channel, row, quad); }
    let at = y_base + row * p.row_quads + quad;
    emit(at, value.r0, gate.r0);
    if row + 1u < p.height { emit(at + p.row_quads, value.r1, gate.r1); }
    if row + 2u < p.height { emit(at + 2u * p.row_quads, value.r2, gate.r2); }
    if row + 3u < p.height { emit(at + 3u * p.row_quads, value.r3, gate.r3); }
}
