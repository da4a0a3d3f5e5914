// Matrix product with scale, bias, activation and residuals:
//   Y[b, m, n] = act(scale[m] * sum_k W[k, m] X[b, k, n] + bias[m]) + R[b, m, n] + S[b, m, n]
//
// A 1x1 convolution or linear map (n: pixels or tokens), with a BatchNorm as scale and bias, and up to two residuals. The bias may
// have a row for each step of the sampler: the time embedding is part of it.
//
// W : [K, M padded to 4]   scale, bias : [M padded to 4]   X : [B, K, N]   Y, R, S : [B, M, N]
// One workgroup per TILE x TILE results: (N / TILE, M / TILE, B), or in x a band of them from `first` on. The next tiles are fetched while
// the staged ones are multiplied.
// needs: real, out, weight, tile, activation

struct Params {
    w          : Strides,
    x          : Strides,
    y          : Strides,
    r          : Strides,
    s          : Strides,
    m          : u32,
    n          : u32,
    k          : u32,
    activation : u32,
    residuals  : u32,   // 0, 1 or 2
    bias_step  : u32,   // elements from the bias of one step to that of the next; 0 if all steps share one
    affine_row : u32,   // M padded to 4; 0 for neither scale nor bias
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
    if k < p.k && quad * 4u < p.m { return widen(w[quad_of(p.w, 0u, k) + quad]); }
    return vec4<f32>(0.0);
}

fn fetch_x(k : u32, quad : u32) -> vec4<f32> {
    if k < p.k && quad * 4u < p.n { return vec4<f32>(x[quad_of(p.x, batch, k) + quad]); }
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
    if p.residuals > 0u { value += vec4<f32>(r[quad_of(p.r, batch, m) + quad]); }
    if p.residuals > 1u { value += vec4<f32>(s[quad_of(p.s, batch, m) + quad]); }
    y[quad_of(p.y, batch, m) + quad] = narrow(value);
}

@compute @workgroup_size(LANES)
fn main(
    @builtin(workgroup_id)           group : vec3<u32>,
    @builtin(local_invocation_index) lane  : u32,
) {
    let group_x = p.first + group.x;
    batch = group.z;
    // Each invocation stages two quads of either tile: `lane` and `lane + LANES` of [DEPTH, QUADS].
    let quad   = lane % QUADS;
    let k0     = lane / QUADS;
    let k1     = k0 + LANES / QUADS;
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
        staged_w[lane + LANES] = w1;
        staged_x[lane] = x0;
        staged_x[lane + LANES] = x1;
        workgroupBarrier();
        w0 = fetch_w(k + DEPTH + k0, w_quad);
        w1 = fetch_w(k + DEPTH + k1, w_quad);
        x0 = fetch_x(k + DEPTH + k0, x_quad);
        x1 = fetch_x(k + DEPTH + k1, x_quad);
        multiply_staged(row, col);
    }
    emit_all(group.y * TILE, group_x * TILE, row, col);
}
