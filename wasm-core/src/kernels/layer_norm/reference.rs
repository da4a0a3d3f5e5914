//! The plain form of layer normalisation.

/// `x` and the result are `[B, C, N]`, `weight` and `bias` `[C]`; everything is in f64.
pub fn layer_norm(
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    [batch, channels, pixels]: [usize; 3],
    epsilon: f64,
) -> Vec<f32> {
    let mut y = vec![0.0; x.len()];
    for b in 0..batch {
        for p in 0..pixels {
            let at = |c: usize| (b * channels + c) * pixels + p;
            let mean = (0..channels).map(|c| f64::from(x[at(c)])).sum::<f64>() / channels as f64;
            let squares: f64 = (0..channels).map(|c| (f64::from(x[at(c)]) - mean).powi(2)).sum();
            let deviation = (squares / channels as f64 + epsilon).sqrt();
            for c in 0..channels {
                let normal = (f64::from(x[at(c)]) - mean) / deviation;
                y[at(c)] = (normal * f64::from(weight[c]) + f64::from(bias[c])) as f32;
            }
        }
    }
    y
}
