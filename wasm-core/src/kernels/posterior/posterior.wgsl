// A sample of the latent distribution that the encoder describes (arXiv:1312.6114), scaled:
//   Y[c, n] = scale * (mean[c, n] + exp(0.5 * clamp(logvar[c, n], -30, 20)) * E[c, n])
//
// X : [1, 2 C, N], means and then log-variances   E, Y : [1, C, N], all in f32. With E = 0 it is the mean.
// One invocation per four pixels of a channel: (N / 4 / 256, C).

struct Params {
    quads    : u32,   // of a channel
    channels : u32,
    x_offset : u32,   // this and all below in units of four elements
    x_row    : u32,
    e_offset : u32,
    e_row    : u32,
    y_offset : u32,
    y_row    : u32,
    scale    : f32,
}

@group(0) @binding(0) var<uniform>             p : Params;
@group(0) @binding(1) var<storage, read>       x : array<vec4<f32>>;
@group(0) @binding(2) var<storage, read>       e : array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> y : array<vec4<f32>>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
    if id.x >= p.quads { return; }
    let mean = x[p.x_offset + id.y * p.x_row + id.x];
    let logvar = x[p.x_offset + (p.channels + id.y) * p.x_row + id.x];
    let deviation = exp(0.5 * clamp(logvar, vec4<f32>(-30.0), vec4<f32>(20.0)));
    y[p.y_offset + id.y * p.y_row + id.x] = p.scale * (mean + deviation * e[p.e_offset + id.y * p.e_row + id.x]);
}
