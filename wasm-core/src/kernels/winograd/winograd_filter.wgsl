// The filters of a 3x3 convolution as Winograd's F(4x4, 3x3) has them: U = G W G^T, 6x6 numbers for each pair of channels.
//
// The rows of G belong to the points 0, 3/4, -3/4, 3/2, -3/2 and infinity: row j is (1, p, p^2) / N_j, N_j being the product of the distances
// to the other finite points, and the last one (0, 0, 1).
//
// W : [9, C, all outputs padded to 4], in 8 bits with a scale for each output   U : [36, C, M padded to 4] in f32, for M outputs from `first` on
// An invocation for four filters of a channel: (C M / 4 / LANES, 1, 1), M being padded.
// needs: weight

struct Params {
    u        : Strides,
    m        : u32,
    first    : u32,   // a multiple of 4
    all      : u32,   // outputs that W has
    channels : u32,
    scaled   : u32,   // 0 where there are no scales
}

@group(0) @binding(0) var<uniform>             p      : Params;
@group(0) @binding(1) var<storage, read>       w      : array<Weight4>;
@group(0) @binding(2) var<storage, read>       scales : array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> u      : array<vec4<f32>>;

struct Six {
    a0 : vec4<f32>,
    a1 : vec4<f32>,
    a2 : vec4<f32>,
    a3 : vec4<f32>,
    a4 : vec4<f32>,
    a5 : vec4<f32>,
}

// G times a column of three.
fn spread(g0 : vec4<f32>, g1 : vec4<f32>, g2 : vec4<f32>) -> Six {
    let near      = -(128.0 / 243.0) * g0 - (8.0 / 27.0) * g2;
    let near_odd  = (32.0 / 81.0) * g1;
    let far       = (32.0 / 243.0) * g0 + (8.0 / 27.0) * g2;
    let far_odd   = (16.0 / 81.0) * g1;
    return Six((64.0 / 81.0) * g0, near - near_odd, near + near_odd, far + far_odd, far - far_odd, g2);
}

fn put_row(first : u32, at : u32, g0 : vec4<f32>, g1 : vec4<f32>, g2 : vec4<f32>) {
    let six   = spread(g0, g1, g2);
    let plane = p.u.batch / 4u;
    let place = first * plane + at;
    u[place] = six.a0;
    u[place + plane] = six.a1;
    u[place + 2u * plane] = six.a2;
    u[place + 3u * plane] = six.a3;
    u[place + 4u * plane] = six.a4;
    u[place + 5u * plane] = six.a5;
}

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
    let quads = (p.m + 3u) / 4u;
    let c     = id.x / quads;
    let quad  = id.x % quads;
    if c >= p.channels { return; }
    let row   = (p.all + 3u) / 4u;
    let place = c * row + p.first / 4u + quad;
    let tap   = p.channels * row;
    var scale = vec4<f32>(1.0);
    if p.scaled != 0u { scale = scales[p.first / 4u + quad]; }
    let left   = spread(scale * widen(w[place]), scale * widen(w[place + 3u * tap]), scale * widen(w[place + 6u * tap]));
    let middle = spread(scale * widen(w[place + tap]), scale * widen(w[place + 4u * tap]), scale * widen(w[place + 7u * tap]));
    let right  = spread(scale * widen(w[place + 2u * tap]), scale * widen(w[place + 5u * tap]), scale * widen(w[place + 8u * tap]));
    let at = quad_of(p.u, 0u, c) + quad;
    put_row(0u, at, left.a0, middle.a0, right.a0);
    put_row(6u, at, left.a1, middle.a1, right.a1);
    put_row(12u, at, left.a2, middle.a2, right.a2);
    put_row(18u, at, left.a3, middle.a3, right.a3);
    put_row(24u, at, left.a4, middle.a4, right.a4);
    put_row(30u, at, left.a5, middle.a5, right.a5);
}
