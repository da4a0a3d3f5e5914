// A copy, times a factor, into another place, layout or element type: Y[b, c, n] = factor * X[b, c, n].
//
// X, Y : [B, C, N]. One invocation per four pixels: (N / 4 / LANES, C, B).
// needs: real, out

struct Params {
    x      : Strides,
    y      : Strides,
    quads  : u32,   // of a channel
    factor : f32,
}

@group(0) @binding(0) var<uniform>             p : Params;
@group(0) @binding(1) var<storage, read>       x : array<Real4>;
@group(0) @binding(2) var<storage, read_write> y : array<Out4>;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
    if id.x >= p.quads { return; }
    let source = quad_of(p.x, id.z, id.y) + id.x;
    y[quad_of(p.y, id.z, id.y) + id.x] = narrow(p.factor * vec4<f32>(x[source]));
}
