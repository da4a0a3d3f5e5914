// One step of deterministic DDIM (arXiv:2010.02502, equation 12 with sigma 0) or of DPM-Solver++(2M) (arXiv:2211.01095) under classifier-free
// guidance (arXiv:2207.12598):
//   e  = E[0] + g * (E[1] - E[0])
//   x0 = (X - k.y * e) / k.x
//   Y  = k.z * x0 + k.w * e + k'.x * C
//   C  = x0
// with k = sqrt(abar_t), sqrt(1 - abar_t), and the shares of prediction and noise; k'.x is that of the prediction before, 0 in DDIM.
//
// E : [2, C, N], the unconditional branch first; or [1, C, N], which is both E[0] and E[1]: a step without guidance
//  X, C, Y : [1, C, N]   K : [steps, 8]   g : one number; all in f32.
// One invocation per four pixels of a channel: (N / 4 / LANES, C).

struct Params {
    e     : Strides,
    x     : Strides,
    g     : Strides,
    c     : Strides,
    y     : Strides,
    quads       : u32,   // of a channel
    conditional : u32,   // the sample of E that is the conditional branch
}

@group(0) @binding(0) var<uniform>             p    : Params;
@group(0) @binding(1) var<uniform>             step : vec4<u32>;
@group(0) @binding(2) var<storage, read>       k    : array<vec4<f32>>;
@group(0) @binding(3) var<storage, read>       e    : array<vec4<f32>>;
@group(0) @binding(4) var<storage, read>       x    : array<vec4<f32>>;
@group(0) @binding(5) var<storage, read>       g    : array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> c    : array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> y    : array<vec4<f32>>;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
    if id.x >= p.quads { return; }
    let factors = k[2u * step.x];
    let before  = k[2u * step.x + 1u].x;
    let unconditional = e[quad_of(p.e, 0u, id.y) + id.x];
    let conditional = e[quad_of(p.e, p.conditional, id.y) + id.x];
    let noise = unconditional + g[quad_of(p.g, 0u, 0u)].x * (conditional - unconditional);
    let clean = (x[quad_of(p.x, 0u, id.y) + id.x] - factors.y * noise) / factors.x;
    let place = quad_of(p.c, 0u, id.y) + id.x;
    var next  = factors.z * clean + factors.w * noise;
    // Before the first step there is none, and what is there need not be a number.
    if before != 0.0 { next += before * c[place]; }
    c[place] = clean;
    y[quad_of(p.y, 0u, id.y) + id.x] = next;
}
