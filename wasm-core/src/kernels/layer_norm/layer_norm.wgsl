// LayerNorm of every pixel (token) over its channels:
//   Y[b, c, n] = (X[b, c, n] - mean[b, n]) / sqrt(variance[b, n] + epsilon) * weight[c] + bias[c]
//
// The first pass finds the mean as well as f32 holds it: the pivot. The second sums the deviations from it and their squares; the
// deviations' own mean is the rest that f32 could not hold beside the pivot, and corrects the variance too, which thus does not
// cancel however large the mean is. Later passes find the data in the cache.
//
// X, Y : [B, C, N]   affine : weight [C], then bias [C]
// One workgroup for QUADS quads of pixels: (N / 4 / QUADS, 1, B), with CHANNELS channels at a time.
// needs: real, out, reduce_columns, columns

struct Params {
    x        : Strides,
    y        : Strides,
    channels : u32,
    quads    : u32,   // of pixels
    epsilon  : f32,
}

@group(0) @binding(0) var<uniform>             p      : Params;
@group(0) @binding(1) var<storage, read>       affine : array<f32>;
@group(0) @binding(2) var<storage, read>       x      : array<Real4>;
@group(0) @binding(3) var<storage, read_write> y      : array<Out4>;

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id)           group : vec3<u32>,
    @builtin(local_invocation_index) lane  : u32,
) {
    let quad   = group.x * QUADS + lane % QUADS;
    let first  = lane / QUADS;
    let x_base  = quad_of(p.x, group.z, 0u) + quad;
    let y_base  = quad_of(p.y, group.z, 0u) + quad;
    let x_plane = p.x.plane / 4u;
    let y_plane = p.y.plane / 4u;
    let count  = f32(p.channels);
    // Invocations beyond the last pixel only take part in the barriers.
    let end    = select(0u, p.channels, quad < p.quads);

    var sum = vec4<f32>(0.0);
    for (var c = first; c < end; c += CHANNELS) {
        sum += vec4<f32>(x[x_base + c * x_plane]);
    }
    let pivot = sum_over_channels(lane, sum) / count;

    var deviations = vec4<f32>(0.0);
    var squares    = vec4<f32>(0.0);
    for (var c = first; c < end; c += CHANNELS) {
        let deviation = vec4<f32>(x[x_base + c * x_plane]) - pivot;
        deviations += deviation;
        squares = fma(deviation, deviation, squares);
    }
    let rest     = sum_over_channels(lane, deviations) / count;
    let variance = max(sum_over_channels(lane, squares) / count - rest * rest, vec4<f32>(0.0));
    let inverse  = inverseSqrt(variance + vec4<f32>(p.epsilon));

    for (var c = first; c < end; c += CHANNELS) {
        let deviation = (vec4<f32>(x[x_base + c * x_plane]) - pivot) - rest;
        let result    = fma(deviation * inverse, vec4<f32>(affine[c]), vec4<f32>(affine[p.channels + c]));
        y[y_base + c * y_plane] = narrow(result);
    }
}
