// Softmax over the channels of every pixel:
//   Y[b, c, n] = exp(X[b, c, n] - most) / sum_d exp(X[b, d, n] - most),   most = max_d X[b, d, n]
//
// With the maximum subtracted, no exponential overflows, and their sum is at least 1.
//
// X, Y : [B, C, N]
// One workgroup for QUADS quads of pixels: (N / 4 / QUADS, 1, B), with CHANNELS channels at a time.
// needs: real, out, reduce_columns, columns

struct Params {
    x      : Strides,
    y      : Strides,
    length : u32,   // channels
    quads  : u32,   // of pixels
}

@group(0) @binding(0) var<uniform>             p : Params;
@group(0) @binding(1) var<storage, read>       x : array<Real4>;
@group(0) @binding(2) var<storage, read_write> y : array<Out4>;

// Less than any number that is stored.
const LEAST = -3.0e38;

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
    // Invocations beyond the last pixel only take part in the barriers.
    let end    = select(0u, p.length, quad < p.quads);

    var lane_most = vec4<f32>(LEAST);
    for (var c = first; c < end; c += CHANNELS) {
        lane_most = max(lane_most, vec4<f32>(x[x_base + c * x_plane]));
    }
    let most = max_over_channels(lane, lane_most);

    var lane_sum = vec4<f32>(0.0);
    for (var c = first; c < end; c += CHANNELS) {
        lane_sum += exp(vec4<f32>(x[x_base + c * x_plane]) - most);
    }
    let share = 1.0 / sum_over_channels(lane, lane_sum);

    for (var c = first; c < end; c += CHANNELS) {
        y[y_base + c * y_plane] = narrow(exp(vec4<f32>(x[x_base + c * x_plane]) - most) * share);
    }
}
