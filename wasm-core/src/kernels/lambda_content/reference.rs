//! The plain form of the content lambda.

/// `bias[k] + sum_n P[k, n] V[v, n]`: `p` is `[B, K, N]`, `v` is `[B, V, N]`, `bias` `[K]`, the result `[B, K, V]`; sums in f64.
pub fn lambda_content(p: &[f32], v: &[f32], bias: &[f32], [batch, keys, values, n]: [usize; 4]) -> Vec<f32> {
    let mut y = Vec::with_capacity(batch * keys * values);
    for b in 0..batch {
        for k in 0..keys {
            let p = &p[(b * keys + k) * n..][..n];
            for value in 0..values {
                let v = &v[(b * values + value) * n..][..n];
                let sum: f64 = p.iter().zip(v).map(|(p, v)| f64::from(*p) * f64::from(*v)).sum();
                y.push((sum + f64::from(bias[k])) as f32);
            }
        }
    }
    y
}
