// The latents that denoising starts with: Y = k[0] * X + k[1] * E, the forward process of DDPM (arXiv:2006.11239, equation 4).
//
// X, E, Y : [1, C, N] in f32   k : two numbers. One invocation per four pixels of a channel: (N / 4 / 256, C).

struct Params {
    quads    : u32,   // of a channel
    x_offset : u32,   // this and all below in units of four elements
    x_row    : u32,
    e_offset : u32,
    e_row    : u32,
    k_offset : u32,
    y_offset : u32,
    y_row    : u32,
}

@group(0) @binding(0) var<uniform>             p : Params;
@group(0) @binding(1) var<storage, read>       x : array<vec4<f32>>;
@group(0) @binding(2) var<storage, read>       e : array<vec4<f32>>;
@group(0) @binding(3) var<storage, read>       k : array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> y : array<vec4<f32>>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
    if id.x >= p.quads { return; }
    let factors = k[p.k_offset];
    let signal = x[p.x_offset + id.y * p.x_row + id.x];
    let noise = e[p.e_offset + id.y * p.e_row + id.x];
    y[p.y_offset + id.y * p.y_row + id.x] = factors.x * signal + factors.y * noise;
}
