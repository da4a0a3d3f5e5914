// GroupNorm, given the moments of its groups in parts:
//   Y[b, c, n] = act((X[b, c, n] - mean) / sqrt(variance + epsilon) * weight[c] + bias[c])
//
// Parts (count n, mean m = pivot + rest, M2) are merged in pairs by Chan's formula, in the same order in every workgroup:
//   d = m_b - m_a    m = m_a + d n_b / n    M2 = M2_a + M2_b + d^2 n_a n_b / n
// The mean stays in two numbers, as f32 cannot hold it well enough beside a small deviation: X - pivot is exact then.
//
// X, Y : [B, C, H, W]   moments : [B, groups, parts] of (n, pivot, rest, M2)   affine : weight [C], then bias [C]
// One workgroup for `chunk` quads of pixels of a group: (chunks, groups, B); a group's quads are counted through from its first
// channel's to its last's, so that small images too keep all invocations busy.
// needs: real, out, activation

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

const PARTS = 64u;

var<workgroup> merged : array<vec4<f32>, PARTS>;

fn merge(a : vec4<f32>, b : vec4<f32>) -> vec4<f32> {
    if b.x == 0.0 { return a; }
    let count    = a.x + b.x;
    let share    = b.x / count;
    let distance = (b.y - a.y) + (b.z - a.z);
    return vec4<f32>(count, a.y, a.z + distance * share, a.w + b.w + distance * distance * a.x * share);
}

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id)           group : vec3<u32>,
    @builtin(local_invocation_index) lane  : u32,
) {
    if lane < PARTS {
        var part = vec4<f32>(0.0);
        if lane < p.parts {
            part = moments[quad_of(p.moments, group.z, group.y) + lane];
        }
        merged[lane] = part;
    }
    workgroupBarrier();
    for (var reach = p.reach; reach > 0u; reach /= 2u) {
        if lane < reach { merged[lane] = merge(merged[lane], merged[lane + reach]); }
        workgroupBarrier();
    }
    let whole   = merged[0];
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
