// Cross-lambda applied to the queries, without the lambda of a pixel ever being in memory:
//   A[b, a, n, m]     = sum_k Q[b, a K + k, n] (E[m, k, n] + P[b, k, m])
//   Y[b, a Vd + v, n] = sum_m A[b, a, n, m] V[b, v, m] + R[b, a Vd + v, n]
//
// Position lambda (E) and content lambda (P) of a pixel are both a sum over the same 10 tokens m of something of K times the values,
// so the queries may be contracted over k before the values come in: attention to 10 tokens, with weights that are not normalised.
//
// Q : [B, heads K, N]   E : [10, K, N padded to 4] in f16   P : [branches, K, 12] and V : [branches, Vd, 12] in f32, 10 tokens each and
// two zeros   R, Y : [B, heads Vd, N]   Sample b is branch `branch + b`.
// One workgroup per 16 pixels and 4 heads: (ceil(N / 16), heads / 4, B), since with fewer of them a large GPU would idle.
//
// Invocation (slice, pixel) of 16 x 16 sums k = slice, slice + 16, ... for all 10 tokens, the 4 heads as a vector. The slices' sums
// are then added up two tokens at a time, always in the same order, and at last the invocations of a pixel share out its values.
// The sums have names because an array would be indexed by a variable, which compilers keep out of registers. Pixels beyond N are
// computed as the last one and not written.
// needs: real, out

struct Params {
    q        : Strides,
    e        : Strides,   // a plane is what one key has for all pixels
    r        : Strides,
    y        : Strides,
    keys     : u32,
    values   : u32,
    pixels   : u32,
    residual : u32,   // 0 or 1
    branch   : u32,   // of the first sample
}

@group(0) @binding(0) var<uniform>             p         : Params;
@group(0) @binding(1) var<storage, read>       q         : array<Real>;
@group(0) @binding(2) var<storage, read>       embedding : array<u32>;         // two pixels
@group(0) @binding(3) var<storage, read>       soft_keys : array<vec4<f32>>;   // four tokens
@group(0) @binding(4) var<storage, read>       values    : array<vec4<f32>>;   // four tokens
@group(0) @binding(5) var<storage, read>       r         : array<Real>;
@group(0) @binding(6) var<storage, read_write> y         : array<Out>;

const HEADS  = 4u;
const PIXELS = 16u;
const SLICES = 16u;
const FOURS  = 3u;   // of tokens, the last two of them zero

// Two tokens' sums, [2, SLICES, PIXELS], 8 KiB; and A, [10, PIXELS], 2560 bytes.
var<workgroup> staged : array<vec4<f32>, 512>;
var<workgroup> totals : array<vec4<f32>, 160>;

// Puts the sums over all slices of tokens `first` and `first + 1` into `totals`.
fn add_slices(lane : u32, first : u32, sum0 : vec4<f32>, sum1 : vec4<f32>) {
    staged[lane] = sum0;
    staged[LANES + lane] = sum1;
    workgroupBarrier();
    if lane < 2u * PIXELS {
        let at = lane / PIXELS * LANES + lane % PIXELS;
        var total = vec4<f32>(0.0);
        for (var slice = 0u; slice < SLICES; slice++) {
            total += staged[at + slice * PIXELS];
        }
        totals[first * PIXELS + lane] = total;
    }
    workgroupBarrier();
}

// One number of E, by its place.
fn position(at : u32) -> f32 {
    let both = unpack2x16float(embedding[at / 2u]);
    return select(both.x, both.y, at % 2u == 1u);
}

fn emit(sample : u32, channel : u32, n : u32, sum : f32) {
    var result = sum;
    if p.residual != 0u { result += f32(r[element_of(p.r, sample, channel) + n]); }
    y[element_of(p.y, sample, channel) + n] = narrow_one(result);
}

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id)           group : vec3<u32>,
    @builtin(local_invocation_index) lane  : u32,
) {
    let sample     = group.z;
    let first_head = group.y * HEADS;
    let slice      = lane / PIXELS;
    let pixel      = lane % PIXELS;
    let n          = group.x * PIXELS + pixel;
    let near_n     = min(n, p.pixels - 1u);

    var sum0 = vec4<f32>(0.0);
    var sum1 = vec4<f32>(0.0);
    var sum2 = vec4<f32>(0.0);
    var sum3 = vec4<f32>(0.0);
    var sum4 = vec4<f32>(0.0);
    var sum5 = vec4<f32>(0.0);
    var sum6 = vec4<f32>(0.0);
    var sum7 = vec4<f32>(0.0);
    var sum8 = vec4<f32>(0.0);
    var sum9 = vec4<f32>(0.0);
    let q_head  = p.keys * p.q.plane;
    let e_token = p.keys * p.e.plane;
    for (var k = slice; k < p.keys; k += SLICES) {
        let q_at = element_of(p.q, sample, first_head * p.keys + k) + near_n;
        let q4 = vec4<f32>(
            f32(q[q_at]), f32(q[q_at + q_head]), f32(q[q_at + 2u * q_head]), f32(q[q_at + 3u * q_head]),
        );
        let e_at  = k * p.e.plane + near_n;
        let k_at  = ((p.branch + sample) * p.keys + k) * FOURS;
        let keys0 = soft_keys[k_at];
        let keys1 = soft_keys[k_at + 1u];
        let keys2 = soft_keys[k_at + 2u];
        sum0 = fma(vec4<f32>(position(e_at + 0u * e_token) + keys0.x), q4, sum0);
        sum1 = fma(vec4<f32>(position(e_at + 1u * e_token) + keys0.y), q4, sum1);
        sum2 = fma(vec4<f32>(position(e_at + 2u * e_token) + keys0.z), q4, sum2);
        sum3 = fma(vec4<f32>(position(e_at + 3u * e_token) + keys0.w), q4, sum3);
        sum4 = fma(vec4<f32>(position(e_at + 4u * e_token) + keys1.x), q4, sum4);
        sum5 = fma(vec4<f32>(position(e_at + 5u * e_token) + keys1.y), q4, sum5);
        sum6 = fma(vec4<f32>(position(e_at + 6u * e_token) + keys1.z), q4, sum6);
        sum7 = fma(vec4<f32>(position(e_at + 7u * e_token) + keys1.w), q4, sum7);
        sum8 = fma(vec4<f32>(position(e_at + 8u * e_token) + keys2.x), q4, sum8);
        sum9 = fma(vec4<f32>(position(e_at + 9u * e_token) + keys2.y), q4, sum9);
    }
    add_slices(lane, 0u, sum0, sum1);
    add_slices(lane, 2u, sum2, sum3);
    add_slices(lane, 4u, sum4, sum5);
    add_slices(lane, 6u, sum6, sum7);
    add_slices(lane, 8u, sum8, sum9);

    if n >= p.pixels { return; }
    let a0 = totals[0u * PIXELS + pixel];
    let a1 = totals[1u * PIXELS + pixel];
    let a2 = totals[2u * PIXELS + pixel];
    let a3 = totals[3u * PIXELS + pixel];
    let a4 = totals[4u * PIXELS + pixel];
    let a5 = totals[5u * PIXELS + pixel];
    let a6 = totals[6u * PIXELS + pixel];
    let a7 = totals[7u * PIXELS + pixel];
    let a8 = totals[8u * PIXELS + pixel];
    let a9 = totals[9u * PIXELS + pixel];
    for (var value = slice; value < p.values; value += SLICES) {
        let v_at = ((p.branch + sample) * p.values + value) * FOURS;
        let v0   = values[v_at];
        let v1   = values[v_at + 1u];
        let v2   = values[v_at + 2u];
        var sum  = a0 * v0.x;
        sum = fma(a1, vec4<f32>(v0.y), sum);
        sum = fma(a2, vec4<f32>(v0.z), sum);
        sum = fma(a3, vec4<f32>(v0.w), sum);
        sum = fma(a4, vec4<f32>(v1.x), sum);
        sum = fma(a5, vec4<f32>(v1.y), sum);
        sum = fma(a6, vec4<f32>(v1.z), sum);
        sum = fma(a7, vec4<f32>(v1.w), sum);
        sum = fma(a8, vec4<f32>(v2.x), sum);
        sum = fma(a9, vec4<f32>(v2.y), sum);
        emit(sample, (first_head + 0u) * p.values + value, n, sum.x);
        emit(sample, (first_head + 1u) * p.values + value, n, sum.y);
        emit(sample, (first_head + 2u) * p.values + value, n, sum.z);
        emit(sample, (first_head + 3u) * p.values + value, n, sum.w);
    }
}
