//! Pictures as the networks take and give them: planes of numbers between -1 and 1.
//!
//! Rounding is the reference's in both directions.

use crate::{Error, Result};

/// Interleaved bytes, `[height, width, 3]`, as planes between -1 and 1, `[3, height, width]`.
pub fn from_rgb(rgb: &[u8]) -> Vec<f32> {
    // In double precision and rounded once: single precision throughout gives other numbers for half the bytes.
    let levels: [f32; 256] = std::array::from_fn(|value| (value as f64 / 255.0 * 2.0 - 1.0) as f32);
    (0..3).flat_map(|channel| rgb.iter().skip(channel).step_by(3)).map(|value| levels[usize::from(*value)]).collect()
}

/// Planes between -1 and 1, `[3, height, width]`, as interleaved bytes, `[height, width, 3]`. Numbers outside this range are
/// clamped, fractions of a level are dropped.
///
/// # Errors
/// [`Error::Shape`] when there are not three planes of that size, [`Error::NotFinite`] when a number is infinite or NaN.
pub fn to_rgb(planes: &[f32], width: u32, height: u32) -> Result<Vec<u8>> {
    let area = u64::from(width) * u64::from(height);
    if area == 0 || area.checked_mul(3) != Some(planes.len() as u64) {
        return Err(Error::Shape(format!("{} numbers are not 3 planes of {width} x {height}", planes.len())));
    }
    if !planes.iter().all(|value| value.is_finite()) {
        return Err(Error::NotFinite);
    }
    let area = planes.len() / 3;
    let byte = |value: f32| (((value + 1.0) / 2.0).clamp(0.0, 1.0) * 255.0) as u8;
    Ok((0..area).flat_map(|i| [i, area + i, 2 * area + i]).map(|at| byte(planes[at])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_range_are_black_and_white() {
        let found = from_rgb(&[0, 128, 255, 255, 0, 0]);
        assert_eq!([found[0], found[1], found[4], found[5]], [-1.0, 1.0, 1.0, -1.0]);
        assert!((found[2] - 0.003_921_6).abs() < 1e-6, "{}", found[2]);
    }

    #[test]
    fn numbers_are_clamped_and_truncated() {
        let found = to_rgb(&[-1.0, 1.0, 0.0, -7.0, 9.0, 0.999], 2, 1).unwrap();
        assert_eq!(found, [0, 127, 255, 255, 0, 254]);
    }

    #[test]
    fn refuses_numbers_that_are_not_finite_and_sizes_that_do_not_match() {
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert!(matches!(to_rgb(&[0.0, value, 0.0], 1, 1), Err(Error::NotFinite)));
        }
        assert!(matches!(to_rgb(&[0.0; 4], 1, 1), Err(Error::Shape(_))));
        assert!(matches!(to_rgb(&[], 0, 1), Err(Error::Shape(_))));
        assert!(matches!(to_rgb(&[0.0; 3], u32::MAX, u32::MAX), Err(Error::Shape(_))));
    }
}
