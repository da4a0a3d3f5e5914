//! The plain form of the forward process.

/// `image * x + noise * e`.
pub fn add_noise(x: &[f32], e: &[f32], image: f32, noise: f32) -> Vec<f32> {
    x.iter().zip(e).map(|(x, e)| (f64::from(image) * f64::from(*x) + f64::from(noise) * f64::from(*e)) as f32).collect()
}
