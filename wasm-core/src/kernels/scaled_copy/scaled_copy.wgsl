// A copy, times a factor, into another place, layout or element type: Y[b, c, n] = factor * X[b, c, n].
//
// X, Y : [B, C, N]. One invocation per four pixels: (N / 4 / 256, C, B).
// needs: real, out

struct Params {
    quads    : u32,   // of a channel
    x_offset : u32,   // this and all below in units of four elements
    x_row    : u32,
    x_batch  : u32,
    y_offset : u32,
    y_row    : u32,
    y_batch  : u32,
    factor   : f32,
}

@group(0) @binding(0) var<uniform>             p : Params;
@group(0) @binding(1) var<storage, read>       x : array<Real4>;
@group(0) @binding(2) var<storage, read_write> y : array<Out4>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
    if id.x >= p.quads { return; }
    let source = p.x_offset + id.z * p.x_batch + id.y * p.x_row + id.x;
    y[p.y_offset + id.z * p.y_batch + id.y * p.y_row + id.x] = narrow(p.factor * vec4<f32>(x[source]));
}
