//! The plain form of the check.

/// How many numbers are infinite or not a number.
pub fn finite_check(x: &[f32]) -> f32 {
    x.iter().filter(|v| !v.is_finite()).count() as f32
}
