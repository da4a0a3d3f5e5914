// The input of the U-Net: Y = the channels of latents, mask and masked latents, one after the other.
//
// A : [1, 4, N]   M : [1, 1, N]   Z : [1, 4, N], in f32   Y : [1, 9, N]
// One invocation per four pixels of a channel: (N / 4 / LANES, 9).
// needs: out

struct Params {
    a       : Strides,
    m       : Strides,
    z       : Strides,
    y       : Strides,
    quads   : u32,   // of a channel
    a_count : u32,   // channels of A
    m_count : u32,   // channels of M
}

@group(0) @binding(0) var<uniform>             p : Params;
@group(0) @binding(1) var<storage, read>       a : array<vec4<f32>>;
@group(0) @binding(2) var<storage, read>       m : array<vec4<f32>>;
@group(0) @binding(3) var<storage, read>       z : array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> y : array<Out4>;

@compute @workgroup_size(LANES)
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
    if id.x >= p.quads { return; }
    let c = id.y;
    var value : vec4<f32>;
    if c < p.a_count {
        value = a[quad_of(p.a, 0u, c) + id.x];
    } else if c < p.a_count + p.m_count {
        value = m[quad_of(p.m, 0u, c - p.a_count) + id.x];
    } else {
        value = z[quad_of(p.z, 0u, c - p.a_count - p.m_count) + id.x];
    }
    y[quad_of(p.y, 0u, c) + id.x] = narrow(value);
}
