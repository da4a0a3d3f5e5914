// GroupNorm as one row of numbers for each channel of each sample, for kernels that normalise while they read:
//   Y[b, c, n] = ((X[b, c, n] - pivot) - rest) * scale + bias
//
// moments : [B, groups, parts] of (n, pivot, rest, M2)   affine : weight [all outputs], then bias, of which the channels are those from `first` on
// table : [B, C] of (pivot, rest, scale, bias)
// One workgroup for a group: (groups, 1, B).
// needs: merge_moments

struct Params {
    moments      : Strides,
    table        : Strides,
    channels     : u32,   // of a group
    first        : u32,
    all_channels : u32,
    parts        : u32,
    reach        : u32,   // half of the parts, as the next power of two; 0 for one part
    epsilon      : f32,
}

@group(0) @binding(0) var<uniform>             p       : Params;
@group(0) @binding(1) var<storage, read>       affine  : array<f32>;
@group(0) @binding(2) var<storage, read>       moments : array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> table   : array<vec4<f32>>;

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id)           group : vec3<u32>,
    @builtin(local_invocation_index) lane  : u32,
) {
    var part = vec4<f32>(0.0);
    if lane < p.parts { part = moments[quad_of(p.moments, group.z, group.x) + lane]; }
    let whole   = merge_all(lane, part, p.reach);
    let inverse = inverseSqrt(whole.w / whole.x + p.epsilon);
    for (var channel = lane; channel < p.channels; channel += LANES) {
        let at    = group.x * p.channels + channel;
        let scale = inverse * affine[p.first + at];
        let bias  = affine[p.all_channels + p.first + at];
        table[quad_of(p.table, group.z, 0u) + at] = vec4<f32>(whole.y, whole.z, scale, bias);
    }
}
