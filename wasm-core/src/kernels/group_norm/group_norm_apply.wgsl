// GroupNorm, given the moments of its groups in parts (merge_moments.wgsl):
//   Y[b, c, n] = act((X[b, c, n] - mean) / sqrt(variance + epsilon) * weight[c] + bias[c])
//
// X, Y : [B, C, H, W]   moments : [B, groups, parts] of (n, pivot, rest, M2)   affine : weight [C], then bias [C]
// One workgroup for `chunk` quads of pixels of a group: (chunks, groups, B); a group's quads are counted through from its first
// channel's to its last's, so that small images too keep all invocations busy.
// needs: real, out, activation, merge_moments

struct Params {
    x            : Strides,
    y            : Strides,
    moments      : Strides,
    channels     : u32,   // of a group
    all_channels : u32,   // of all groups
    quads        : u32,   // of a channel
    chunk        : u32,   // quads of a workgroup
    parts        : u32,
    reach        : u32,   // half of the parts, as the next power of two; 0 for one part
    activation   : u32,
    epsilon      : f32,
}

@group(0) @binding(0) var<uniform>             p       : Params;
@group(0) @binding(1) var<storage, read>       affine  : array<f32>;
@group(0) @binding(2) var<storage, read>       x       : array<Real4>;
@group(0) @binding(3) var<storage, read>       moments : array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> y       : array<Out4>;

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id)           group : vec3<u32>,
    @builtin(local_invocation_index) lane  : u32,
) {
    var part = vec4<f32>(0.0);
    if lane < p.parts { part = moments[quad_of(p.moments, group.z, group.y) + lane]; }
    let whole   = merge_all(lane, part, p.reach);
    let inverse = inverseSqrt(whole.w / whole.x + p.epsilon);

    let first_channel = group.y * p.channels;
    let x_base        = quad_of(p.x, group.z, first_channel);
    let y_base        = quad_of(p.y, group.z, first_channel);
    let x_plane       = p.x.plane / 4u;
    let y_plane       = p.y.plane / 4u;
    let first         = group.x * p.chunk;
    let end           = min(first + p.chunk, p.channels * p.quads);
    // Steps from a quad to the invocation's next one without a division.
    let skip_channels = LANES / p.quads;
    let skip_quads    = LANES % p.quads;
    var channel       = (first + lane) / p.quads;
    var quad          = (first + lane) % p.quads;
    for (var i = first + lane; i < end; i += LANES) {
        let scale     = inverse * affine[first_channel + channel];
        let bias      = affine[p.all_channels + first_channel + channel];
        let value     = vec4<f32>(x[x_base + channel * x_plane + quad]);
        let deviation = (value - vec4<f32>(whole.y)) - vec4<f32>(whole.z);
        let result    = activate(fma(deviation, vec4<f32>(scale), vec4<f32>(bias)), p.activation);
        y[y_base + channel * y_plane + quad] = narrow(result);
        channel += skip_channels;
        quad += skip_quads;
        if quad >= p.quads { quad -= p.quads; channel++; }
    }
}
