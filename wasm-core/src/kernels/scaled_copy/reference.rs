//! The plain form of the scaled copy.

/// Every number times `factor`.
pub fn scaled_copy(x: &[f32], factor: f32) -> Vec<f32> {
    x.iter().map(|v| factor * v).collect()
}
