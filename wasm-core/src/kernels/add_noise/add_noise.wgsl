// The latents before the first step: Y = k[0] * X + k[1] * E, the forward process of DDPM (arXiv:2006.11239, equation 4).
//
// X, E, Y : [1, C, N] in f32   k : two numbers. One invocation per four pixels of a channel: (N / 4 / LANES, C).

struct Params {
    x     : Strides,
    e     : Strides,
    k     : Strides,
    y     : Strides,
    quads : u32,   // of a channel
}

@group(0) @binding(0) var<uniform>             p : Params;
@group(0) @binding(1) var<storage, read>       x : array<vec4<f32>>;
@group(0) @binding(2) var<storage, read>       e : array<vec4<f32>>;
@group(0) @binding(3) var<storage, read>       k : array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> y : array<vec4<f32>>;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
    if id.x >= p.quads { return; }
    let factors = k[quad_of(p.k, 0u, 0u)];
    let signal = x[quad_of(p.x, 0u, id.y) + id.x];
    let noise = e[quad_of(p.e, 0u, id.y) + id.x];
    y[quad_of(p.y, 0u, id.y) + id.x] = factors.x * signal + factors.y * noise;
}
