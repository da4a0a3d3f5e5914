//! The plain form of the posterior sample.

/// `scale * (mean + std * noise)`; the moments are means, then log-variances, of one sample.
pub fn posterior(moments: &[f32], noise: &[f32], scale: f32) -> Vec<f32> {
    let (means, logvars) = moments.split_at(moments.len() / 2);
    let sample = |((m, l), e): ((&f32, &f32), &f32)| {
        let deviation = (0.5 * f64::from(l.clamp(-30.0, 20.0))).exp();
        (f64::from(scale) * (f64::from(*m) + deviation * f64::from(*e))) as f32
    };
    means.iter().zip(logvars).zip(noise).map(sample).collect()
}
