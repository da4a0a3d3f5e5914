// Softmax over the pixels of every channel:
//   Y[b, c, n] = exp(X[b, c, n] - most) / sum_m exp(X[b, c, m] - most),   most = max_m X[b, c, m]
//
// With the maximum subtracted, no exponential overflows, and their sum is at least 1.
//
// X, Y : [B, C, N]
// One workgroup for each channel: (C, 1, B). The second and third pass find the data in the cache.
// needs: real, out, reduce

struct Params {
    x      : Strides,
    y      : Strides,
    length : u32,   // pixels
    quads  : u32,   // of pixels, the last maybe not full
}

@group(0) @binding(0) var<uniform>             p : Params;
@group(0) @binding(1) var<storage, read>       x : array<Real4>;
@group(0) @binding(2) var<storage, read_write> y : array<Out4>;

// Less than any number that is stored.
const LEAST = -3.0e38;

// Which of a quad's pixels are inside the channel: padding may hold anything.
fn inside(quad : u32) -> vec4<bool> {
    return vec4<u32>(4u * quad) + vec4<u32>(0u, 1u, 2u, 3u) < vec4<u32>(p.length);
}

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id)           group : vec3<u32>,
    @builtin(local_invocation_index) lane  : u32,
) {
    let x_base = quad_of(p.x, group.z, group.x);
    let y_base = quad_of(p.y, group.z, group.x);

    var most4 = vec4<f32>(LEAST);
    for (var quad = lane; quad < p.quads; quad += LANES) {
        most4 = max(most4, select(vec4<f32>(LEAST), vec4<f32>(x[x_base + quad]), inside(quad)));
    }
    let most = vec4<f32>(workgroup_max(lane, max(max(most4.x, most4.y), max(most4.z, most4.w))));

    var sum4 = vec4<f32>(0.0);
    for (var quad = lane; quad < p.quads; quad += LANES) {
        sum4 += select(vec4<f32>(0.0), exp(vec4<f32>(x[x_base + quad]) - most), inside(quad));
    }
    let share = 1.0 / workgroup_sum(lane, dot(sum4, vec4<f32>(1.0)));

    for (var quad = lane; quad < p.quads; quad += LANES) {
        y[y_base + quad] = narrow(exp(vec4<f32>(x[x_base + quad]) - most) * share);
    }
}
