//! Small arithmetic on colours.

use super::Rgb;

pub(super) fn add<const N: usize>(to: &mut [f32; N], values: [f32; N], weight: f32) {
    to.iter_mut().zip(values).for_each(|(t, v)| *t += weight * v);
}

pub(super) fn squared(a: Rgb, b: Rgb) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// Root mean square over the channels.
pub(super) fn distance(a: Rgb, b: Rgb) -> f32 {
    (squared(a, b) / 3.0).sqrt()
}

/// The upper one of two; 0 of nothing.
pub(super) fn median(values: &mut [f32]) -> f32 {
    let middle = values.len() / 2;
    if values.is_empty() { 0.0 } else { *values.select_nth_unstable_by(middle, f32::total_cmp).1 }
}
