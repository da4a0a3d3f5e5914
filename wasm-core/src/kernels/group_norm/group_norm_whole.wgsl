// GroupNorm of small groups, each by one workgroup:
//   Y[b, c, n] = act((X[b, c, n] - mean) / sqrt(variance + epsilon) * weight[c] + bias[c])
//
// Mean and variance as in group_norm_statistics.wgsl; the second and the third pass find the group in the cache.
//
// X, Y : [B, C, H, W]   affine : weight [C], then bias [C]
// One workgroup for a group: (groups, 1, B). Its quads are counted through from its first channel's to its last's.
// needs: real, out, activation, reduce

struct Params {
    x            : Strides,
    y            : Strides,
    channels     : u32,   // of a group
    all_channels : u32,   // of all groups
    pixels       : u32,   // of a channel
    quads        : u32,   // of a channel, the last of them maybe not full
    activation   : u32,
    epsilon      : f32,
}

@group(0) @binding(0) var<uniform>             p      : Params;
@group(0) @binding(1) var<storage, read>       affine : array<f32>;
@group(0) @binding(2) var<storage, read>       x      : array<Real4>;
@group(0) @binding(3) var<storage, read_write> y      : array<Out4>;

// A quad of the group: its channel, and which of the channel's it is.
struct Place {
    channel : u32,
    quad    : u32,
}

// The invocation's next quad, without a division.
fn after(place : Place) -> Place {
    var next = Place(place.channel + LANES / p.quads, place.quad + LANES % p.quads);
    if next.quad >= p.quads { next = Place(next.channel + 1u, next.quad - p.quads); }
    return next;
}

// Which of a quad's pixels are inside the image: padding may hold anything.
fn inside(quad : u32) -> vec4<bool> {
    return vec4<u32>(4u * quad) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(p.pixels);
}

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id)           group : vec3<u32>,
    @builtin(local_invocation_index) lane  : u32,
) {
    let first_channel = group.x * p.channels;
    let x_base  = quad_of(p.x, group.z, first_channel);
    let y_base  = quad_of(p.y, group.z, first_channel);
    let x_plane = p.x.plane / 4u;
    let y_plane = p.y.plane / 4u;
    let end     = p.channels * p.quads;
    let count   = f32(p.channels * p.pixels);
    let first   = Place(lane / p.quads, lane % p.quads);

    var sum = vec4<f32>(0.0);
    var at  = first;
    for (var i = lane; i < end; i += LANES) {
        sum += select(vec4<f32>(0.0), vec4<f32>(x[x_base + at.channel * x_plane + at.quad]), inside(at.quad));
        at = after(at);
    }
    let pivot = workgroup_sum(lane, dot(sum, vec4<f32>(1.0))) / count;

    var deviations = vec4<f32>(0.0);
    var squares    = vec4<f32>(0.0);
    at = first;
    for (var i = lane; i < end; i += LANES) {
        let value     = vec4<f32>(x[x_base + at.channel * x_plane + at.quad]);
        let deviation = select(vec4<f32>(0.0), value - vec4<f32>(pivot), inside(at.quad));
        deviations += deviation;
        squares = fma(deviation, deviation, squares);
        at = after(at);
    }
    let rest     = workgroup_sum(lane, dot(deviations, vec4<f32>(1.0))) / count;
    let variance = workgroup_sum(lane, dot(squares, vec4<f32>(1.0))) / count - rest * rest;
    let inverse  = inverseSqrt(max(variance, 0.0) + p.epsilon);

    at = first;
    for (var i = lane; i < end; i += LANES) {
        let scale     = inverse * affine[first_channel + at.channel];
        let bias      = affine[p.all_channels + first_channel + at.channel];
        let value     = vec4<f32>(x[x_base + at.channel * x_plane + at.quad]);
        let deviation = (value - vec4<f32>(pivot)) - vec4<f32>(rest);
        let result    = activate(fma(deviation, vec4<f32>(scale), vec4<f32>(bias)), p.activation);
        y[y_base + at.channel * y_plane + at.quad] = narrow(result);
        at = after(at);
    }
}
