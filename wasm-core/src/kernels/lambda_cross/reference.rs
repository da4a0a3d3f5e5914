//! The plain form of the cross-lambda, with the lambda of every pixel written out.

use super::TOKENS;

/// Sizes of a cross-lambda.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// B.
    pub batch: usize,
    /// Heads.
    pub heads: usize,
    /// K.
    pub keys: usize,
    /// Vd.
    pub values: usize,
    /// N.
    pub pixels: usize,
}

/// `sum_k Q[a, k, n] (Lc[k, v] + Lp[n, k, v])`, with `Lc[k, v] = sum_m P[k, m] V[v, m]` and `Lp[n, k, v] = sum_m E[n, m, k] V[v, m]`.
///
/// `q` is `[B, heads, K, N]`, `embedding` `[N, 10, K]`, `p` `[B, K, 10]`, `v` `[B, Vd, 10]`, the result `[B, heads, Vd, N]`; sums
/// in f64.
pub fn lambda_cross(q: &[f32], embedding: &[f32], p: &[f32], v: &[f32], sizes: Sizes) -> Vec<f32> {
    let Sizes { batch, heads, keys, values, pixels } = sizes;
    let mut y = vec![0.0; batch * heads * values * pixels];
    for b in 0..batch {
        for n in 0..pixels {
            // [K, Vd]
            let mut lambda = vec![0.0; keys * values];
            for k in 0..keys {
                for value in 0..values {
                    let v = &v[(b * values + value) * TOKENS..][..TOKENS];
                    let p = &p[(b * keys + k) * TOKENS..][..TOKENS];
                    let content: f64 = (0..TOKENS).map(|m| f64::from(p[m]) * f64::from(v[m])).sum();
                    let position: f64 =
                        (0..TOKENS).map(|m| f64::from(embedding[(n * TOKENS + m) * keys + k]) * f64::from(v[m])).sum();
                    lambda[k * values + value] = content + position;
                }
            }
            for head in 0..heads {
                let q = &q[(b * heads + head) * keys * pixels..][..keys * pixels];
                for value in 0..values {
                    let sum: f64 = (0..keys).map(|k| f64::from(q[k * pixels + n]) * lambda[k * values + value]).sum();
                    y[((b * heads + head) * values + value) * pixels + n] = sum as f32;
                }
            }
        }
    }
    y
}
