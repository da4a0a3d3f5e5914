// One step of deterministic DDIM (arXiv:2010.02502, equation 12 with sigma 0) under classifier-free guidance (arXiv:2207.12598):
//   e  = E[0] + g * (E[1] - E[0])
//   x0 = (X - k.y * e) / k.x
//   Y  = k.z * x0 + k.w * e          with k = sqrt(abar_t), sqrt(1 - abar_t), sqrt(abar_prev), sqrt(1 - abar_prev) of this step
//
// E : [2, C, N], the unconditional branch first   X, Y : [1, C, N]   K : [steps, 4]   g : one number; all in f32.
// One invocation per four pixels of a channel: (N / 4 / LANES, C).

struct Params {
    e     : Strides,
    x     : Strides,
    g     : Strides,
    y     : Strides,
    quads : u32,   // of a channel
}

@group(0) @binding(0) var<uniform>             p    : Params;
@group(0) @binding(1) var<uniform>             step : vec4<u32>;
@group(0) @binding(2) var<storage, read>       k    : array<vec4<f32>>;
@group(0) @binding(3) var<storage, read>       e    : array<vec4<f32>>;
@group(0) @binding(4) var<storage, read>       x    : array<vec4<f32>>;
@group(0) @binding(5) var<storage, read>       g    : array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> y    : array<vec4<f32>>;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
    if id.x >= p.quads { return; }
    let factors = k[step.x];
    let unconditional = e[quad_of(p.e, 0u, id.y) + id.x];
    let conditional = e[quad_of(p.e, 1u, id.y) + id.x];
    let noise = unconditional + g[quad_of(p.g, 0u, 0u)].x * (conditional - unconditional);
    let clean = (x[quad_of(p.x, 0u, id.y) + id.x] - factors.y * noise) / factors.x;
    y[quad_of(p.y, 0u, id.y) + id.x] = factors.z * clean + factors.w * noise;
}
