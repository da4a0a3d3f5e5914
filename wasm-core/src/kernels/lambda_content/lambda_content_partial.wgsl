// Content lambda, first of two: the sums over a chunk of the pixels,
//   S[b, c, k, v] = sum_{n in chunk c} P[b, k, n] V[b, v, n]
//
// The product has few results and a long inner dimension, so the inner dimension is divided among workgroups.
//
// P : [B, K, N], keys after their softmax   V : [B, Vd, N], values   S : [B, chunks, K, Vd] in f32
// One workgroup per 16 x 16 results and chunk: (ceil(K / 16) * ceil(Vd / 16), chunks, B); each invocation has one result. 64 pixels
// of 16 keys and 16 values are staged at a time, in fours. Pixels from N on are replaced by 0 on both sides, since the padding of a
// plane may hold anything, NaN included.
// needs: real

struct Params {
    k           : Strides,
    v           : Strides,
    partial     : Strides,   // a chunk's sums are a plane
    keys        : u32,
    values      : u32,
    pixels      : u32,
    value_tiles : u32,   // ceil(Vd / 16)
    rounds      : u32,   // 64 pixels each, in a chunk
}

@group(0) @binding(0) var<uniform>             p         : Params;
@group(0) @binding(1) var<storage, read>       soft_keys : array<Real4>;
@group(0) @binding(2) var<storage, read>       values    : array<Real4>;
@group(0) @binding(3) var<storage, read_write> partials  : array<f32>;

const SIDE  = 16u;
const QUADS = 16u;   // of pixels, staged at a time
const ROW   = 17u;   // one more than SIDE: rows then begin in different banks

// [QUADS, ROW], 4352 bytes each.
var<workgroup> staged_k : array<vec4<f32>, 272>;
var<workgroup> staged_v : array<vec4<f32>, 272>;

// Four pixels, with 0 for those from N on.
fn inside(quad : u32, value : vec4<f32>) -> vec4<f32> {
    let n = vec4<u32>(quad * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
    return select(vec4<f32>(0.0), value, n < vec4<u32>(p.pixels));
}

fn fetch_k(sample : u32, k : u32, quad : u32) -> vec4<f32> {
    if k >= p.keys || quad * 4u >= p.pixels { return vec4<f32>(0.0); }
    return inside(quad, vec4<f32>(soft_keys[quad_of(p.k, sample, k) + quad]));
}

fn fetch_v(sample : u32, v : u32, quad : u32) -> vec4<f32> {
    if v >= p.values || quad * 4u >= p.pixels { return vec4<f32>(0.0); }
    return inside(quad, vec4<f32>(values[quad_of(p.v, sample, v) + quad]));
}

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id)           group : vec3<u32>,
    @builtin(local_invocation_index) lane  : u32,
) {
    let first_k = group.x / p.value_tiles * SIDE;
    let first_v = group.x % p.value_tiles * SIDE;
    // To stage: a quad of one row. To multiply: one key and one value.
    let fetched = lane / QUADS;
    let quad    = lane % QUADS;
    let key     = lane / SIDE;
    let value   = lane % SIDE;

    var sum = 0.0;
    for (var i = 0u; i < p.rounds; i++) {
        let at = (group.y * p.rounds + i) * QUADS + quad;
        let k4 = fetch_k(group.z, first_k + fetched, at);
        let v4 = fetch_v(group.z, first_v + fetched, at);
        workgroupBarrier();
        staged_k[quad * ROW + fetched] = k4;
        staged_v[quad * ROW + fetched] = v4;
        workgroupBarrier();
        for (var j = 0u; j < QUADS; j++) {
            sum += dot(staged_k[j * ROW + key], staged_v[j * ROW + value]);
        }
    }
    let k = first_k + key;
    let v = first_v + value;
    if k < p.keys && v < p.values {
        partials[element_of(p.partial, group.z, group.y) + k * p.values + v] = sum;
    }
}
