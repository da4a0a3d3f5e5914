// Position lambda and content lambda applied to the queries, without either lambda of a pixel ever being in memory:
//   Y[b, a Vd + v, n] = sum_k Q[b, a K + k, n] L[b, k, v] + sum_r G[a, n, r] V[b, v, n + r] + R[b, a Vd + v, n]
//   G[a, n, r]        = sum_k Q[b, a K + k, n] W[k, r]
//
// The position lambda of pixel n is a convolution of the values with K filters of 15 x 15, sum_r W[k, r] V[v, n + r], which the
// queries then contract over k. Contracted first, the filters become 225 weights for each head and pixel, and what is left is a
// weighted sum of the values around the pixel: K + Vd products for each weight instead of K Vd. n + r outside the map counts as 0.
// The bias of the convolution comes with L.
//
// Where there are several chunks of values, G is computed ahead, by lambda_weights.wgsl.
//
// Q : [B, heads K, H, W]   L : [B, K, Vd] in f32   W : [15 (dy), K, 16 (dx, the last one 0)] in f32   V : [B, Vd, H, W]
// R, Y : [B, heads Vd, H, W]
// One workgroup per tile of 16 x 4 pixels, 4 heads and 40 values: (tiles, heads / 4 * ceil(Vd / 40), B).
//
// Row by row of the filters, the workgroup computes G of 4 heads, 64 pixels and 16 taps into workgroup memory, and then adds that
// row's values with these weights. Either way an invocation has 4 neighbouring pixels as a vector: first of one head with 4 taps,
// then of 2 heads with 5 values. The values of a row are fetched in fours, from 8 pixels left of the invocation's own to 11 right,
// and a tap sees them through a window that two of these fours always cover. The sums have names because an array would be
// indexed by a variable, which compilers keep out of registers.
// needs: real, out, rows

struct Params {
    q        : Strides,
    l        : Strides,
    v        : Strides,
    r        : Strides,
    y        : Strides,
    g        : Strides,
    keys     : u32,
    values   : u32,
    height   : u32,
    width    : u32,
    tiles_x  : u32,
    chunks   : u32,   // of 40 values
    residual : u32,   // 0 or 1
    ahead    : u32,   // 1 if `filters` is G
}

@group(0) @binding(0) var<uniform>             p       : Params;
@group(0) @binding(1) var<storage, read>       q       : array<Cell>;
@group(0) @binding(2) var<storage, read>       content : array<f32>;
@group(0) @binding(3) var<storage, read>       v       : array<Cell>;
@group(0) @binding(4) var<storage, read>       filters : array<vec4<f32>>;
@group(0) @binding(5) var<storage, read>       r       : array<Cell>;
@group(0) @binding(6) var<storage, read_write> y       : array<OutCell>;

const REACH  = 7u;    // of the filters, in all directions
const TAPS   = 15u;   // in a row of a filter
const HEADS  = 4u;
const QUADS  = 16u;   // of pixels in a tile: 4 rows of 4
const VALUES = 5u;    // of an invocation
const CHUNK  = 40u;   // values of a workgroup

// G of one row of the filters: [TAPS, HEADS, QUADS], 15360 bytes.
var<workgroup> staged : array<vec4<f32>, 960>;

// Two heads (a, b) of 5 values.
var<private> sum_a0 : vec4<f32>;
var<private> sum_a1 : vec4<f32>;
var<private> sum_a2 : vec4<f32>;
var<private> sum_a3 : vec4<f32>;
var<private> sum_a4 : vec4<f32>;
var<private> sum_b0 : vec4<f32>;
var<private> sum_b1 : vec4<f32>;
var<private> sum_b2 : vec4<f32>;
var<private> sum_b3 : vec4<f32>;
var<private> sum_b4 : vec4<f32>;

// Adds one tap: its weights times the values that it sees.
fn add_tap(place : u32, v0 : vec4<f32>, v1 : vec4<f32>, v2 : vec4<f32>, v3 : vec4<f32>, v4 : vec4<f32>) {
    let ga = staged[place];
    let gb = staged[place + QUADS];
    sum_a0 = fma(ga, v0, sum_a0);
    sum_a1 = fma(ga, v1, sum_a1);
    sum_a2 = fma(ga, v2, sum_a2);
    sum_a3 = fma(ga, v3, sum_a3);
    sum_a4 = fma(ga, v4, sum_a4);
    sum_b0 = fma(gb, v0, sum_b0);
    sum_b1 = fma(gb, v1, sum_b1);
    sum_b2 = fma(gb, v2, sum_b2);
    sum_b3 = fma(gb, v3, sum_b3);
    sum_b4 = fma(gb, v4, sum_b4);
}

// The content of two keys for a value: in L from `l0` and from `l1` on.
fn content_of(l0 : u32, l1 : u32, value : u32) -> vec2<f32> {
    let at = min(value, p.values - 1u);
    return vec2<f32>(content[l0 + at], content[l1 + at]);
}

// Adds the content of two keys times the queries of the two heads.
fn add_content(l0 : u32, l1 : u32, value : u32, q0a : vec4<f32>, q0b : vec4<f32>, q1a : vec4<f32>, q1b : vec4<f32>) {
    let c0 = content_of(l0, l1, value);
    let c1 = content_of(l0, l1, value + 1u);
    let c2 = content_of(l0, l1, value + 2u);
    let c3 = content_of(l0, l1, value + 3u);
    let c4 = content_of(l0, l1, value + 4u);
    sum_a0 = fma(q1a, c0.yyyy, fma(q0a, c0.xxxx, sum_a0));
    sum_a1 = fma(q1a, c1.yyyy, fma(q0a, c1.xxxx, sum_a1));
    sum_a2 = fma(q1a, c2.yyyy, fma(q0a, c2.xxxx, sum_a2));
    sum_a3 = fma(q1a, c3.yyyy, fma(q0a, c3.xxxx, sum_a3));
    sum_a4 = fma(q1a, c4.yyyy, fma(q0a, c4.xxxx, sum_a4));
    sum_b0 = fma(q1b, c0.yyyy, fma(q0b, c0.xxxx, sum_b0));
    sum_b1 = fma(q1b, c1.yyyy, fma(q0b, c1.xxxx, sum_b1));
    sum_b2 = fma(q1b, c2.yyyy, fma(q0b, c2.xxxx, sum_b2));
    sum_b3 = fma(q1b, c3.yyyy, fma(q0b, c3.xxxx, sum_b3));
    sum_b4 = fma(q1b, c4.yyyy, fma(q0b, c4.xxxx, sum_b4));
}

// Offset of the row of a value, clamped to the last one: results for values beyond it are discarded.
fn value_row(value : u32) -> u32 {
    return min(value, p.values - 1u) * p.v.plane;
}

// One result of four pixels, if there is such a value.
fn emit(sample : u32, head : u32, value : u32, x : u32, row : u32, sum : vec4<f32>) {
    if value >= p.values { return; }
    let channel = head * p.values + value;
    put_quad(
        element_of(p.y, sample, channel),
        element_of(p.r, sample, channel),
        x, row, sum,
    );
}

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id)           group : vec3<u32>,
    @builtin(local_invocation_index) lane  : u32,
) {
    let sample     = group.z;
    let first_x    = group.x % p.tiles_x * 16u;
    let first_y    = group.x / p.tiles_x * 4u;
    let first_head = group.y / p.chunks * HEADS;
    let chunk      = group.y % p.chunks;

    let quad = lane % QUADS;
    let x    = first_x + quad % 4u * 4u;
    let row  = first_y + quad / 4u;
    // For G, an invocation has one head and four taps; for the sums, two heads and 5 values.
    let tap4  = lane / QUADS % 4u;
    let head  = lane / (4u * QUADS);
    let value = chunk * CHUNK + lane / QUADS % 8u * VALUES;
    let pair  = lane / (8u * QUADS) * 2u;

    let q_sample = element_of(p.q, sample, 0u);
    let v_sample = element_of(p.v, sample, 0u);

    // Content: the same lambda for all pixels.
    let qa = q_sample + (first_head + pair) * p.keys * p.q.plane;
    let qb = qa + p.keys * p.q.plane;
    for (var k = 0u; k < p.keys; k += 2u) {
        // Two keys at a time, so that more reads are under way. Of an odd number, the last key is read twice and counts once.
        let next  = min(k + 1u, p.keys - 1u);
        let counts = f32(next - k);
        let q0a = q_quad(qa + k * p.q.plane, x, row);
        let q0b = q_quad(qb + k * p.q.plane, x, row);
        let q1a = counts * q_quad(qa + next * p.q.plane, x, row);
        let q1b = counts * q_quad(qb + next * p.q.plane, x, row);
        add_content(element_of(p.l, sample, k), element_of(p.l, sample, next), value, q0a, q0b, q1a, q1b);
    }

    // Position. Rows of the filters that lie outside the map for all pixels of the tile are skipped.
    let q_head = q_sample + (first_head + head) * p.keys * p.q.plane;
    let v0_row = v_sample + value_row(value + 0u);
    let v1_row = v_sample + value_row(value + 1u);
    let v2_row = v_sample + value_row(value + 2u);
    let v3_row = v_sample + value_row(value + 3u);
    let v4_row = v_sample + value_row(value + 4u);
    let first_dy = max(REACH, first_y + 3u) - (first_y + 3u);
    let end_dy   = min(TAPS, p.height + REACH - first_y);
    for (var dy = first_dy; dy < end_dy; dy++) {
        var g0 = vec4<f32>(0.0);
        var g1 = vec4<f32>(0.0);
        var g2 = vec4<f32>(0.0);
        var g3 = vec4<f32>(0.0);
        if p.ahead != 0u {
            let g_plane = p.g.plane / 4u;
            let g_at = quad_of(p.g, sample, ((first_head + head) * TAPS + dy) * 16u + tap4 * 4u) + group.x * QUADS + quad;
            g0 = filters[g_at];
            g1 = filters[g_at + g_plane];
            g2 = filters[g_at + 2u * g_plane];
            g3 = filters[g_at + 3u * g_plane];
        } else {
            for (var k = 0u; k < p.keys; k++) {
                let q4 = q_quad(q_head + k * p.q.plane, x, row);
                let w  = filters[(dy * p.keys + k) * 4u + tap4];
                g0 = fma(vec4<f32>(w.x), q4, g0);
                g1 = fma(vec4<f32>(w.y), q4, g1);
                g2 = fma(vec4<f32>(w.z), q4, g2);
                g3 = fma(vec4<f32>(w.w), q4, g3);
            }
        }
        workgroupBarrier();
        let place = (tap4 * 4u * HEADS + head) * QUADS + quad;
        staged[place] = g0;
        staged[place + HEADS * QUADS] = g1;
        staged[place + 2u * HEADS * QUADS] = g2;
        if tap4 < 3u { staged[place + 3u * HEADS * QUADS] = g3; }
        workgroupBarrier();

        // Signed, because it may lie outside the map. The window begins one pixel before the first tap.
        let v_y = i32(row + dy) - i32(REACH);
        let v_x = i32(x) - i32(REACH + 1u);
        var left0 = v_quad(v0_row, v_x, v_y);
        var left1 = v_quad(v1_row, v_x, v_y);
        var left2 = v_quad(v2_row, v_x, v_y);
        var left3 = v_quad(v3_row, v_x, v_y);
        var left4 = v_quad(v4_row, v_x, v_y);
        for (var four = 0u; four < 4u; four++) {
            let right_x = v_x + i32(four) * 4 + 4;
            let right0 = v_quad(v0_row, right_x, v_y);
            let right1 = v_quad(v1_row, right_x, v_y);
            let right2 = v_quad(v2_row, right_x, v_y);
            let right3 = v_quad(v3_row, right_x, v_y);
            let right4 = v_quad(v4_row, right_x, v_y);
            let tap = (four * 4u * HEADS + pair) * QUADS + quad;
            add_tap(
                tap + 0u * HEADS * QUADS,
                vec4<f32>(left0.yzw, right0.x),
                vec4<f32>(left1.yzw, right1.x),
                vec4<f32>(left2.yzw, right2.x),
                vec4<f32>(left3.yzw, right3.x),
                vec4<f32>(left4.yzw, right4.x),
            );
            add_tap(
                tap + 1u * HEADS * QUADS,
                vec4<f32>(left0.zw, right0.xy),
                vec4<f32>(left1.zw, right1.xy),
                vec4<f32>(left2.zw, right2.xy),
                vec4<f32>(left3.zw, right3.xy),
                vec4<f32>(left4.zw, right4.xy),
            );
            add_tap(
                tap + 2u * HEADS * QUADS,
                vec4<f32>(left0.w, right0.xyz),
                vec4<f32>(left1.w, right1.xyz),
                vec4<f32>(left2.w, right2.xyz),
                vec4<f32>(left3.w, right3.xyz),
                vec4<f32>(left4.w, right4.xyz),
            );
            if four < 3u {
                add_tap(
                    tap + 3u * HEADS * QUADS,
                    right0,
                    right1,
                    right2,
                    right3,
                    right4,
                );
            }
            left0 = right0;
            left1 = right1;
            left2 = right2;
            left3 = right3;
            left4 = right4;
        }
    }

    emit(sample, first_head + pair, value + 0u, x, row, sum_a0);
    emit(sample, first_head + pair, value + 1u, x, row, sum_a1);
    emit(sample, first_head + pair, value + 2u, x, row, sum_a2);
    emit(sample, first_head + pair, value + 3u, x, row, sum_a3);
    emit(sample, first_head + pair, value + 4u, x, row, sum_a4);
    emit(sample, first_head + pair + 1u, value + 0u, x, row, sum_b0);
    emit(sample, first_head + pair + 1u, value + 1u, x, row, sum_b1);
    emit(sample, first_head + pair + 1u, value + 2u, x, row, sum_b2);
    emit(sample, first_head + pair + 1u, value + 3u, x, row, sum_b3);
    emit(sample, first_head + pair + 1u, value + 4u, x, row, sum_b4);
}
