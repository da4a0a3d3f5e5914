// Mean and variance of the groups of a GroupNorm, in parts:
//   for each part: count n, mean m = pivot + rest, M2 = sum (x - m)^2
//
// Two passes, since sum x^2 - (sum x)^2 / n loses everything once the mean outweighs the deviation. The first finds the mean as
// well as f32 holds it: the pivot. The second sums the deviations from it, which are exact where it matters; their own
// mean is the rest that f32 could not hold beside the pivot, and corrects M2 as well.
//
// X : [B, C, H, W]   moments : [B, groups, parts] of (n, pivot, rest, M2)
// One workgroup for each part of a group: (groups, parts, B). A part is `chunk` quads of pixels of the group's channels, which are
// counted through from the first channel's to the last's; the second pass finds them in the cache.
// needs: real, reduce

struct Params {
    x        : Strides,
    moments  : Strides,
    channels : u32,   // of a group
    pixels   : u32,   // of a channel
    quads    : u32,   // of a channel, the last of them maybe not full
    chunk    : u32,   // quads of a part
}

@group(0) @binding(0) var<uniform>             p       : Params;
@group(0) @binding(1) var<storage, read>       x       : array<Real4>;
@group(0) @binding(2) var<storage, read_write> moments : array<vec4<f32>>;

// Which of a quad's pixels are inside the image: padding may hold anything.
fn inside(quad : u32) -> vec4<bool> {
    return vec4<u32>(4u * quad) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(p.pixels);
}

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id)           group : vec3<u32>,
    @builtin(local_invocation_index) lane  : u32,
) {
    let base  = quad_of(p.x, group.z, group.x * p.channels);
    let plane = p.x.plane / 4u;
    let first = group.y * p.chunk;
    let end   = min(first + p.chunk, p.channels * p.quads);
    // All quads are full but each channel's last.
    let count = f32(4u * (end - first) - (4u * p.quads - p.pixels) * (end / p.quads - first / p.quads));
    // Steps from a quad to the invocation's next one without a division.
    let skip_channels = LANES / p.quads;
    let skip_quads    = LANES % p.quads;
    let start_channel = (first + lane) / p.quads;
    let start_quad    = (first + lane) % p.quads;

    var sum     = vec4<f32>(0.0);
    var channel = start_channel;
    var quad    = start_quad;
    for (var i = first + lane; i < end; i += LANES) {
        sum += select(vec4<f32>(0.0), vec4<f32>(x[base + channel * plane + quad]), inside(quad));
        channel += skip_channels;
        quad += skip_quads;
        if quad >= p.quads { quad -= p.quads; channel++; }
    }
    let pivot = workgroup_sum(lane, dot(sum, vec4<f32>(1.0))) / count;

    var deviations = vec4<f32>(0.0);
    var squares    = vec4<f32>(0.0);
    channel = start_channel;
    quad    = start_quad;
    for (var i = first + lane; i < end; i += LANES) {
        let value     = vec4<f32>(x[base + channel * plane + quad]);
        let deviation = select(vec4<f32>(0.0), value - vec4<f32>(pivot), inside(quad));
        deviations += deviation;
        squares = fma(deviation, deviation, squares);
        channel += skip_channels;
        quad += skip_quads;
        if quad >= p.quads { quad -= p.quads; channel++; }
    }
    let rest = workgroup_sum(lane, dot(deviations, vec4<f32>(1.0))) / count;
    let m2   = workgroup_sum(lane, dot(squares, vec4<f32>(1.0))) - count * rest * rest;
    if lane == 0u {
        moments[quad_of(p.moments, group.z, group.x) + group.y] = vec4<f32>(count, pivot, rest, max(m2, 0.0));
    }
}
