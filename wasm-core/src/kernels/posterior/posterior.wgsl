// A sample of the latent distribution that the encoder describes (arXiv:1312.6114), scaled:
//   Y[c, n] = scale * (mean[c, n] + exp(0.5 * clamp(logvar[c, n], -30, 20)) * E[c, n])
//
// X : [1, 2 C, N], means and then log-variances   E, Y : [1, C, N], all in f32. With E = 0 it is the mean.
// One invocation per four pixels of a channel: (N / 4 / LANES, C).

struct Params {
    x        : Strides,
    e        : Strides,
    y        : Strides,
    quads    : u32,   // of a channel
    channels : u32,
    scale    : f32,
}

@group(0) @binding(0) var<uniform>             p : Params;
@group(0) @binding(1) var<storage, read>       x : array<vec4<f32>>;
@group(0) @binding(2) var<storage, read>       e : array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> y : array<vec4<f32>>;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
    if id.x >= p.quads { return; }
    let mean = x[quad_of(p.x, 0u, id.y) + id.x];
    let logvar = x[quad_of(p.x, 0u, p.channels + id.y) + id.x];
    let deviation = exp(0.5 * clamp(logvar, vec4<f32>(-30.0), vec4<f32>(20.0)));
    y[quad_of(p.y, 0u, id.y) + id.x] = p.scale * (mean + deviation * e[quad_of(p.e, 0u, id.y) + id.x]);
}
