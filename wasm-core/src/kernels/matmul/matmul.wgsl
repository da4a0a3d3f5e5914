// Matrix product with everything that follows it in the network:
//   Y[b, m, n] = act(scale[m] * sum_k W[k, m] X[b, k, n] + bias[m]) + R[b, m, n] + S[b, m, n]
//
// A 1x1 convolution or linear map (n: pixels or tokens), with a BatchNorm as scale and bias, and up to two residuals. The bias may
// have a row for each step of the sampler, which is how the time embedding enters.
//
// W : [K, M padded to 4]   scale, bias : [M padded to 4]   X : [B, K, N]   Y, R, S : [B, M, N]
// One workgroup per TILE x TILE results: (N / TILE, M / TILE, B), or in x a band of them from `first` on. The next tiles are fetched while
// the staged ones are multiplied.
// needs: real, out, weight, tile, activation

struct Params {
    m          : u32,
    n          : u32,
    k          : u32,
    w_offset   : u32,   // this and all below in units of four elements
    w_row      : u32,
    x_offset   : u32,
    x_row      : u32,
    x_batch    : u32,
    y_offset   : u32,
    y_row      : u32,
    y_batch    : u32,
    r_offset   : u32,
    r_row      : u32,
    r_batch    : u32,
    s_offset   : u32,
    s_row      : u32,
    s_batch    : u32,
    activation : u32,
    residuals  : u32,   // 0, 1 or 2
    bias_step  : u32,   // rows of bias from one step to the next, in single elements; 0 if all steps share one
    affine_row : u32,   // M padded to 4, in single elements; 0 for neither scale nor bias
    first      : u32,   // workgroup in x of this band
}

@group(0) @binding(0) var<uniform>             p      : Params;
@group(0) @binding(1) var<uniform>             step   : vec4<u32>;
@group(0) @binding(2) var<storage, read>       w      : array<Weight4>;
@group(0) @binding(3) var<storage, read>       affine : array<f32>;     // scale, then bias for each step
@group(0) @binding(4) var<storage, read>       x      : array<Real4>;
@group(0) @binding(5) var<storage, read>       r      : array<Real4>;
@group(0) @binding(6) var<storage, read>       s      : array<Real4>;
@group(0) @binding(7) var<storage, read_write> y      : array<Out4>;

var<private> batch : u32;

fn fetch_w(k : u32, quad : u32) -> vec4<f32> {
    if k < p.k && quad * 4u < p.m { return widen(w[p.w_offset + k * p.w_row + quad]); }
    return vec4<f32>(0.0);
}

fn fetch_x(k : u32, quad : u32) -> vec4<f32> {
    if k < p.k && quad * 4u < p.n { return vec4<f32>(x[p.x_offset + batch * p.x_batch + k * p.x_row + quad]); }
    return vec4<f32>(0.0);
}

fn emit(m : u32, n : u32, sum : vec4<f32>) {
    if m >= p.m || n >= p.n { return; }
    var value = sum;
    if p.affine_row != 0u {
        value = fma(value, vec4<f32>(affine[m]), vec4<f32>(affine[p.affine_row + step.x * p.bias_step + m]));
    }
    value = activate(value, p.activation);
    let quad = n / 4u;
    if p.residuals > 0u { value += vec4<f32>(r[p.r_offset + batch * p.r_batch + m * p.r_row + quad]); }
    if p.residuals > 1u { value += vec4<f32>(s[p.s_offset + batch * p.s_batch + m * p.s_row + quad]); }
    y[p.y_offset + batch * p.y_batch + m * p.y_row + quad] = narrow(value);
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id)           group : vec3<u32>,
    @builtin(local_invocation_index) lane  : u32,
) {
    let group_x = p.first + group.x;
    batch = group.z;
    // Each invocation stages two quads of either tile: `lane` and `lane + 256` of [DEPTH, QUADS].
    let quad   = lane % QUADS;
    let k0     = lane / QUADS;
    let k1     = k0 + 256u / QUADS;
    let w_quad = group.y * QUADS + quad;
    let x_quad = group_x * QUADS + quad;
    let row    = lane / 16u;
    let col    = lane % 16u;

    var w0 = fetch_w(k0, w_quad);
    var w1 = fetch_w(k1, w_quad);
    var x0 = fetch_x(k0, x_quad);
    var x1 = fetch_x(k1, x_quad);
    for (var k = 0u; k < p.k; k += DEPTH) {
        workgroupBarrier();
        staged_w[lane] = w0;
        staged_w[lane + 256u] = w1;
        staged_x[lane] = x0;
        staged_x[lane + 256u] = x1;
        workgroupBarrier();
        w0 = fetch_w(k + DEPTH + k0, w_quad);
        w1 = fetch_w(k + DEPTH + k1, w_quad);
        x0 = fetch_x(k + DEPTH + k0, x_quad);
        x1 = fetch_x(k + DEPTH + k1, x_quad);
        multiply_staged(row, col);
    }
    emit_all(group.y * TILE, group_x * TILE, row, col);
}
