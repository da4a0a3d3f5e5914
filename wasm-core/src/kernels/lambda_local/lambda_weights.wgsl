// The filters of a position lambda, contracted with the queries ahead of lambda_local.wgsl, where that would do so once for each chunk of
// values:
//   G[b, a, dy, dx, n] = sum_k Q[b, a K + k, n] W[dy, k, dx]
//
// Q : [B, heads K, H, W]   W : [15 (dy), K, 16 (dx, the last one 0)] in f32
// G : [B, heads * 15 (dy) * 16 (dx), tiles * 64] in f32, the pixels of a tile of 16 x 4 lying together
// One workgroup per tile, 4 heads and row of the filters: (tiles, heads / 4 * 15, B). An invocation has four pixels and four taps.
// needs: real, queries

struct Params {
    q       : Strides,
    g       : Strides,
    keys    : u32,
    height  : u32,
    width   : u32,
    tiles_x : u32,
}

@group(0) @binding(0) var<uniform>             p       : Params;
@group(0) @binding(1) var<storage, read>       q       : array<Cell>;
@group(0) @binding(2) var<storage, read>       filters : array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> g       : array<vec4<f32>>;

const TAPS  = 15u;   // in a row of a filter
const HEADS = 4u;
const QUADS = 16u;   // of pixels in a tile: 4 rows of 4

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id)           group : vec3<u32>,
    @builtin(local_invocation_index) lane  : u32,
) {
    let quad = lane % QUADS;
    let x    = group.x % p.tiles_x * 16u + quad % 4u * 4u;
    let row  = group.x / p.tiles_x * 4u + quad / 4u;
    let tap4 = lane / QUADS % 4u;
    let head = group.y / TAPS * HEADS + lane / (4u * QUADS);
    let dy   = group.y % TAPS;

    var q_at = element_of(p.q, group.z, head * p.keys);
    var w_at = dy * p.keys * 4u + tap4;
    var g0 = vec4<f32>(0.0);
    var g1 = vec4<f32>(0.0);
    var g2 = vec4<f32>(0.0);
    var g3 = vec4<f32>(0.0);
    for (var k = 0u; k < p.keys; k++) {
        let q4 = q_quad(q_at, x, row);
        let w  = filters[w_at];
        g0 = fma(vec4<f32>(w.x), q4, g0);
        g1 = fma(vec4<f32>(w.y), q4, g1);
        g2 = fma(vec4<f32>(w.z), q4, g2);
        g3 = fma(vec4<f32>(w.w), q4, g3);
        q_at += p.q.plane;
        w_at += 4u;
    }
    let plane = p.g.plane / 4u;
    let at    = quad_of(p.g, group.z, (head * TAPS + dy) * 16u + tap4 * 4u) + group.x * QUADS + quad;
    g[at] = g0;
    g[at + plane] = g1;
    g[at + 2u * plane] = g2;
    g[at + 3u * plane] = g3;
}
