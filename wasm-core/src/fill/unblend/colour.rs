//! Colours and small arithmetic on them.

/// Red, green and blue in levels, 0 to 255 unless said otherwise.
pub(super) type Rgb = [f32; 3];

/// Adds `weight * values` to `to`.
pub(super) fn add<const N: usize>(to: &mut [f32; N], values: [f32; N], weight: f32) {
    to.iter_mut().zip(values).for_each(|(t, v)| *t += weight * v);
}

/// Squared Euclidean distance.
pub(super) fn squared(a: Rgb, b: Rgb) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// The square of a difference, summed over the channels, with the part that is no difference in brightness weighted.
#[inline(always)]
pub(super) fn weighted_squared([r, g, b]: Rgb, hue: f32) -> f32 {
    let sum = r + g + b;
    hue * (r * r + g * g + b * b) - (hue - 1.0) * sum * sum / 3.0
}

/// Root mean square difference over the channels.
pub(super) fn distance(a: Rgb, b: Rgb) -> f32 {
    (squared(a, b) / 3.0).sqrt()
}

/// The median, the upper one of an even number of values; 0 without values.
pub(super) fn median(values: &mut [f32]) -> f32 {
    let middle = values.len() / 2;
    if values.is_empty() { 0.0 } else { *values.select_nth_unstable_by(middle, f32::total_cmp).1 }
}
