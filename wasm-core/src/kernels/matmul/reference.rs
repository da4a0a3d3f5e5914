//! The plain form of the matrix product.

/// `W X`: `w` is `[M, K]`, `x` is `[B, K, N]`, the result `[B, M, N]`; sums in f64.
pub fn matmul(w: &[f32], x: &[f32], [batch, m, k, n]: [usize; 4]) -> Vec<f32> {
    let mut y = vec![0.0; batch * m * n];
    for b in 0..batch {
        for o in 0..m {
            for p in 0..n {
                let sum: f64 = (0..k).map(|i| f64::from(w[o * k + i]) * f64::from(x[(b * k + i) * n + p])).sum();
                y[(b * m + o) * n + p] = sum as f32;
            }
        }
    }
    y
}
