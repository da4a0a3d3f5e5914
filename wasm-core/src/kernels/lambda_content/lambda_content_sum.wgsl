// Content lambda, second of two: the chunks' sums added up, always in the same order, and the bias of the position convolution.
//   L[b, k, v] = bias[k] + sum_c S[b, c, k, v]
//
// The bias belongs to the position lambda, where it is the same for every pixel and value; here it costs nothing.
//
// S : [B, chunks, K, Vd]   bias : [K]   L : [B, K, Vd]; all in f32
// One invocation per result: (ceil(K * Vd / LANES), B).

struct Params {
    partial : Strides,   // a chunk's sums are a plane
    y       : Strides,
    keys    : u32,
    values  : u32,
    chunks  : u32,
}

@group(0) @binding(0) var<uniform>             p        : Params;
@group(0) @binding(1) var<storage, read>       partials : array<f32>;
@group(0) @binding(2) var<storage, read>       bias     : array<f32>;
@group(0) @binding(3) var<storage, read_write> y        : array<f32>;

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id)           group : vec3<u32>,
    @builtin(local_invocation_index) lane  : u32,
) {
    let at = group.x * LANES + lane;
    if at >= p.keys * p.values { return; }
    let k = at / p.values;
    let v = at % p.values;
    var sum = 0.0;
    for (var chunk = 0u; chunk < p.chunks; chunk++) {
        sum += partials[element_of(p.partial, group.y, chunk) + at];
    }
    y[element_of(p.y, group.y, k) + v] = sum + bias[k];
}
