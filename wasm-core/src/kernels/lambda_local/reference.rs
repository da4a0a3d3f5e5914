//! The plain form of the self-lambda, with its position lambda written out.

/// Sizes of a self-lambda.
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
    /// H.
    pub height: usize,
    /// W.
    pub width: usize,
}

/// `sum_k Q[a, k, n] (L[k, v] + Lp[k, v, n])`, where Lp is the values convolved with K filters of 15 x 15 and zeros around the map.
///
/// `q` is `[B, heads, K, H, W]`, `content` `[B, K, Vd]`, `v` `[B, Vd, H, W]`, `weights` `[K, 15, 15]`, the result
/// `[B, heads, Vd, H, W]`; sums in f64.
pub fn lambda_local(q: &[f32], content: &[f32], v: &[f32], weights: &[f32], sizes: Sizes) -> Vec<f32> {
    let Sizes { batch, heads, keys, values, height, width } = sizes;
    let n = height * width;
    let mut y = vec![0.0; batch * heads * values * n];
    for b in 0..batch {
        // [K, Vd, H, W]
        let mut lambda = vec![0.0; keys * values * n];
        for k in 0..keys {
            for value in 0..values {
                let v = &v[(b * values + value) * n..][..n];
                let weights = &weights[k * 225..][..225];
                for pixel in 0..n {
                    let sum = around(v, weights, pixel, [height, width]);
                    lambda[(k * values + value) * n + pixel] =
                        sum + f64::from(content[(b * keys + k) * values + value]);
                }
            }
        }
        for head in 0..heads {
            let q = &q[(b * heads + head) * keys * n..][..keys * n];
            for value in 0..values {
                for pixel in 0..n {
                    let terms =
                        (0..keys).map(|k| f64::from(q[k * n + pixel]) * lambda[(k * values + value) * n + pixel]);
                    y[((b * heads + head) * values + value) * n + pixel] = terms.sum::<f64>() as f32;
                }
            }
        }
    }
    y
}

/// One pixel of the cross-correlation of a map with 15 x 15 weights.
fn around(map: &[f32], weights: &[f32], pixel: usize, [height, width]: [usize; 2]) -> f64 {
    let (y, x) = (pixel / width, pixel % width);
    let mut sum = 0.0;
    for dy in 7_usize.saturating_sub(y)..15.min(height + 7 - y) {
        for dx in 7_usize.saturating_sub(x)..15.min(width + 7 - x) {
            sum += f64::from(weights[dy * 15 + dx]) * f64::from(map[(y + dy - 7) * width + x + dx - 7]);
        }
    }
    sum
}

/// The position lambda itself, as a convolution of every value with every filter: `v` as `[B, Vd, H, W]` to `[B, K, Vd, H, W]`.
pub fn position_lambda(
    v: &[f32],
    weights: &[f32],
    bias: &[f32],
    [batch, keys, values, height, width]: [usize; 5],
) -> Vec<f32> {
    let n = height * width;
    let mut lambda = vec![];
    for (b, k) in (0..batch * keys).map(|i| (i / keys, i % keys)) {
        for map in v[b * values * n..][..values * n].chunks_exact(n) {
            let filtered = (0..n).map(|pixel| around(map, &weights[k * 225..][..225], pixel, [height, width]));
            lambda.extend(filtered.map(|sum| (sum + f64::from(bias[k])) as f32));
        }
    }
    lambda
}
