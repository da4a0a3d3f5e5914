// What the U-Net sees: Y = channels of latents, mask and masked latents one after the other.
//
// A : [1, 4, N]   M : [1, 1, N]   Z : [1, 4, N], in f32   Y : [1, 9, N]
// One invocation per four pixels of a channel: (N / 4 / 256, 9).
// needs: out

struct Params {
    quads    : u32,   // of a channel
    a_count  : u32,   // channels of A
    m_count  : u32,   // channels of M
    a_offset : u32,   // this and all below in units of four elements
    a_row    : u32,
    m_offset : u32,
    m_row    : u32,
    z_offset : u32,
    z_row    : u32,
    y_offset : u32,
    y_row    : u32,
}

@group(0) @binding(0) var<uniform>             p : Params;
@group(0) @binding(1) var<storage, read>       a : array<vec4<f32>>;
@group(0) @binding(2) var<storage, read>       m : array<vec4<f32>>;
@group(0) @binding(3) var<storage, read>       z : array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> y : array<Out4>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id : vec3<u32>) {
    if id.x >= p.quads { return; }
    let c = id.y;
    var value : vec4<f32>;
    if c < p.a_count {
        value = a[p.a_offset + c * p.a_row + id.x];
    } else if c < p.a_count + p.m_count {
        value = m[p.m_offset + (c - p.a_count) * p.m_row + id.x];
    } else {
        value = z[p.z_offset + (c - p.a_count - p.m_count) * p.z_row + id.x];
    }
    y[p.y_offset + c * p.y_row + id.x] = narrow(value);
}
