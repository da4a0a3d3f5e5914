// Matrix product with scale, bias, activation and residuals:
//   Y[b, m, n] = act(scale[m] * sum_k W[k, m] X[b, k, n] + bias[m]) + R[b, m, n] + S[b, m, n]
//
// A 1x1 convolution or linear map (n: pixels or tokens), with a BatchNorm as scale and bias, and up to two residuals. The bias may
// have a row for each step of the sampler: the time embedding is part of it.
//
// W : [K, M padded to 4], or one for each sample   scale, bias : [M padded to 4]   X : [B, K, N]   Y, R, S : [B, M, N]
// One workgroup per TILE_M x TILE_N results: (N / TILE_N, M / TILE_M, B), or in x a band of them from `first` on. The next tiles are
// fetched while the staged ones are multiplied.
// needs: real, out, weight, outer_product, tile, activation

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
    of_sum     : f32,   // what the sum is multiplied by
    of_bias    : f32,   // and the bias
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

// Rows of W and of X from `k` on are 0 beyond the last one, and so is what lies beyond the last column.
fn fetch_w(k : u32, end : u32, at : u32) -> vec4<f32> {
    if k < end { return widen(w[at]); }
    return vec4<f32>(0.0);
}

fn fetch_x(k : u32, end : u32, at : u32) -> vec4<f32> {
    if k < end { return vec4<f32>(x[at]); }
    return vec4<f32>(0.0);
}

fn emit(m : u32, n : u32, sum : vec4<f32>) {
    if m >= p.m || n >= p.n { return; }
    var value = p.of_sum * sum;
    if p.affine_row != 0u {
        let bias = p.of_bias * affine[p.affine_row + step.x * p.bias_step + m];
        value = fma(value, vec4<f32>(affine[m]), vec4<f32>(bias));
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
    // Each invocation stages one or two quads of W, `lane` and `lane + LANES` of [DEPTH, W_QUADS], and two of X.
    let w_quad = group.y * W_QUADS + lane % W_QUADS;
    let w_next = group.y * W_QUADS + second_w(lane);
    let x_quad = group_x * X_QUADS + lane % X_QUADS;
    let w_end0 = select(0u, p.k, w_quad * 4u < p.m);
    let w_end1 = select(0u, p.k, w_next * 4u < p.m);
    let x_end0 = select(0u, p.k, x_quad * 4u < p.n);
    let x_end1 = select(0u, x_end0, has_second_x(lane));
    let w_k0   = lane / W_QUADS;
    let w_k1   = (lane + LANES) / W_QUADS;
    let x_k0   = lane / X_QUADS;
    let x_k1   = x_k0 + LANES / X_QUADS;
    // Where they are, and how far it is from one DEPTH to the next.
    var w_at0  = quad_of(p.w, batch, w_k0) + w_quad;
    var w_at1  = quad_of(p.w, batch, w_k1) + w_next;
    var x_at0  = quad_of(p.x, batch, x_k0) + x_quad;
    var x_at1  = quad_of(p.x, batch, x_k1) + x_quad;
    let w_step = DEPTH * (p.w.plane / 4u);
    let x_step = DEPTH * (p.x.plane / 4u);

    var w0 = fetch_w(w_k0, w_end0, w_at0);
    var w1 = vec4<f32>(0.0);
    if AGAIN { w1 = fetch_w(w_k1, w_end1, w_at1); }
    var x0 = fetch_x(x_k0, x_end0, x_at0);
    var x1 = fetch_x(x_k1, x_end1, x_at1);
    for (var k = DEPTH; k < p.k + DEPTH; k += DEPTH) {
        workgroupBarrier();
        stage(lane, w0, w1, x0, x1);
        workgroupBarrier();
        w_at0 += w_step;
        w_at1 += w_step;
        x_at0 += x_step;
        x_at1 += x_step;
        w0 = fetch_w(k + w_k0, w_end0, w_at0);
        if AGAIN { w1 = fetch_w(k + w_k1, w_end1, w_at1); }
        x0 = fetch_x(k + x_k0, x_end0, x_at0);
        x1 = fetch_x(k + x_k1, x_end1, x_at1);
        multiply_staged(lane);
    }
    emit_all(lane, group.y * TILE_M, group_x * TILE_N);
}
