// Transposition of each sample's matrix: Y[b, n, c] = X[b, c, n].
//
// X : [B, C, N]   Y : [B, N, C]. One workgroup per 32 x 32 elements: (N / 32, C / 32, B). They pass through workgroup memory, so that
// both X and Y are accessed along rows. Its rows are one element longer than the tile, so that a column is spread over all memory banks.
// needs: real, out

struct Params {
    x       : Strides,
    y       : Strides,
    rows    : u32,   // C
    columns : u32,   // N
}

@group(0) @binding(0) var<uniform>             p : Params;
@group(0) @binding(1) var<storage, read>       x : array<Real>;
@group(0) @binding(2) var<storage, read_write> y : array<Out>;

const SIDE = 32u;
const ROW  = 33u;

var<workgroup> tile : array<f32, 1056>;   // SIDE * ROW

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id)           group : vec3<u32>,
    @builtin(local_invocation_index) lane  : u32,
) {
    let along  = lane % SIDE;
    let across = lane / SIDE;
    for (var i = across; i < SIDE; i += LANES / SIDE) {
        let c = group.y * SIDE + i;
        let n = group.x * SIDE + along;
        if c < p.rows && n < p.columns {
            tile[i * ROW + along] = f32(x[element_of(p.x, group.z, c) + n]);
        }
    }
    workgroupBarrier();
    for (var i = across; i < SIDE; i += LANES / SIDE) {
        let n = group.x * SIDE + i;
        let c = group.y * SIDE + along;
        if c < p.rows && n < p.columns {
            y[element_of(p.y, group.z, n) + c] = narrow_one(tile[along * ROW + i]);
        }
    }
}
