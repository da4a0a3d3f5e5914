//! A Gaussian blur of one plane, to the bit as Pillow computes it.
//!
//! Three box blurs in each direction whose variances add up to that of the Gaussian; the boxes have fractional
//! ends (Gwosdek, Grewenig, Bruhn, Weickert, "Theoretical foundations of Gaussian convolution by extended box
//! filtering", 2011, equations 7, 11 and 14). Every pass rounds to 8 bits, and the picture continues with its
//! outermost pixels.

use wasm_core::pixels::Image;
use wasm_core::{Error, Result};

/// Box blurs in each direction.
const PASSES: usize = 3;

/// Beyond this a blur is a mean.
const MAX_RADIUS: f32 = 1000.0;

/// Blurs a plane of `[height, width]`; `radius` is the standard deviation in pixels.
///
/// # Errors
/// As [`Image::check_size`]; [`Error::WrongLength`] when the bytes do not match the size, [`Error::Argument`] for a
/// radius that is negative, not a number, or above a thousand.
pub fn gaussian_blur(grey: &[u8], width: u32, height: u32, radius: f32) -> Result<Vec<u8>> {
    Image::check_size(width, height)?;
    let (width, height) = (width as usize, height as usize);
    if grey.len() != width * height {
        return Err(Error::WrongLength(grey.len(), width * height));
    }
    if !(0.0..=MAX_RADIUS).contains(&radius) {
        return Err(Error::Argument(format!("a blur's radius lies between 0 and {MAX_RADIUS}, not at {radius}")));
    }
    let kernel = BoxKernel::of_gaussian(radius);
    // Both directions run down the columns, so that a pass works on whole rows.
    let across = kernel.blur_down(transposed(grey, width), height);
    Ok(kernel.blur_down(transposed(&across, height), width))
}

/// A box with fractional ends, in fixed point with 24 fractional bits: weights add up to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct BoxKernel {
    /// Pixels to each side that count in full.
    radius: usize,
    /// Weight of those.
    inner: u32,
    /// Weight of the next one to each side.
    outer: u32,
}

impl BoxKernel {
    /// The box of which [`PASSES`] have the variance of a Gaussian.
    fn of_gaussian(radius: f32) -> Self {
        // Single and double precision alternate as they do in Pillow; the last bit of a weight depends on it.
        let variance = radius * radius / PASSES as f32;
        let length = (12.0 * f64::from(variance) + 1.0).sqrt() as f32;
        let whole = ((f64::from(length) - 1.0) / 2.0).floor() as f32;
        let part = (2.0 * whole + 1.0) * (whole * (whole + 1.0) - 3.0 * variance)
            / (6.0 * (variance - (whole + 1.0) * (whole + 1.0)));
        let reach = whole + part;
        let radius = reach as u32;
        let inner = (16_777_216.0 / (reach * 2.0 + 1.0)) as u32;
        let outer = ((1 << 24) - (2 * radius + 1) * inner) / 2;
        Self { radius: radius as usize, inner, outer }
    }

    /// All passes in one direction, on rows of `width`.
    fn blur_down(self, mut plane: Vec<u8>, width: usize) -> Vec<u8> {
        if self.radius == 0 && self.outer == 0 {
            return plane;
        }
        let mut blurred = vec![0; plane.len()];
        for _ in 0..PASSES {
            self.pass_down(&plane, &mut blurred, width);
            std::mem::swap(&mut plane, &mut blurred);
        }
        plane
    }

    fn pass_down(self, plane: &[u8], blurred: &mut [u8], width: usize) {
        let last = plane.len() / width - 1;
        let row = |y: usize| &plane[y.min(last) * width..][..width];
        // Sums over the pixels that count in full, for the row about to be written.
        let mut sums = vec![0u32; width];
        for y in 0..=self.radius {
            // Above the picture its first row is repeated.
            let times = if y == 0 { self.radius as u32 + 1 } else { 1 };
            sums.iter_mut().zip(row(y)).for_each(|(sum, value)| *sum += times * u32::from(*value));
        }
        for (y, blurred) in blurred.chunks_exact_mut(width).enumerate() {
            let before = row(y.saturating_sub(self.radius + 1));
            let (leaves, enters) = (row(y.saturating_sub(self.radius)), row(y + self.radius + 1));
            for (x, blurred) in blurred.iter_mut().enumerate() {
                let ends = u32::from(before[x]) + u32::from(enters[x]);
                *blurred = ((sums[x] * self.inner + ends * self.outer + (1 << 23)) >> 24) as u8;
                sums[x] = sums[x] + u32::from(enters[x]) - u32::from(leaves[x]);
            }
        }
    }
}

/// Columns as rows.
fn transposed(plane: &[u8], width: usize) -> Vec<u8> {
    let mut result = Vec::with_capacity(plane.len());
    for x in 0..width {
        result.extend(plane.iter().skip(x).step_by(width));
    }
    result
}

#[cfg(test)]
mod parity {
    use super::*;
    use crate::rig::{differing, picture, report};

    #[test]
    fn the_blurred_mask_is_pillows_to_the_bit() {
        let (mask, (width, height), _) = picture("prepost_mask_lanczos_768x512");
        let (expected, _, _) = picture("prepost_mask_blur3_768x512");
        let differ = differing(&gaussian_blur(&mask, width, height, 3.0).unwrap(), &expected);
        let count = expected.len();
        report(&format!("parity blur radius 3: {differ} of {count} pixels differ"));
        assert_eq!(differ, 0);
    }

    #[test]
    fn the_box_of_radius_3_has_the_known_weights() {
        let kernel = BoxKernel::of_gaussian(3.0);
        report(&format!("parity blur radius 3: {kernel:?}"));
        assert_eq!(kernel, BoxKernel { radius: 2, inner: 2_876_094, outer: 1_198_373 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn flat_planes_stay_flat(width in 1u32..30, height in 1u32..30, value: u8, radius in 0.0..200f32) {
            let plane = vec![value; (width * height) as usize];
            prop_assert_eq!(gaussian_blur(&plane, width, height, radius).unwrap(), plane);
        }

        #[test]
        fn sums_equal_those_over_each_window(width in 1usize..12, height in 1usize..30, seed: u32, radius in 0.1..20f32) {
            let plane: Vec<u8> =
                (0..width * height).map(|i| (seed.wrapping_mul(i as u32 * 2 + 1) >> 24) as u8).collect();
            let kernel = BoxKernel::of_gaussian(radius);
            let mut found = vec![0; plane.len()];
            kernel.pass_down(&plane, &mut found, width);
            let at = |x: usize, y: i64| u32::from(plane[y.clamp(0, height as i64 - 1) as usize * width + x]);
            for (i, found) in found.iter().enumerate() {
                let (x, y, r) = (i % width, (i / width) as i64, kernel.radius as i64);
                let inner: u32 = (y - r..=y + r).map(|y| at(x, y)).sum();
                let outer = at(x, y - r - 1) + at(x, y + r + 1);
                let expected = (inner * kernel.inner + outer * kernel.outer + (1 << 23)) >> 24;
                prop_assert_eq!(u32::from(*found), expected);
            }
        }
    }

    #[test]
    fn a_dot_spreads_to_a_bell_with_the_variance_asked_for() {
        let (side, middle) = (61usize, 30usize);
        let mut plane = vec![0; side * side];
        for i in [0, 1].into_iter().flat_map(|y| [0, 1].map(|x| (middle + y) * side + middle + x)) {
            plane[i] = 255;
        }
        let blurred = gaussian_blur(&plane, side as u32, side as u32, 3.0).unwrap();
        // A row sums up the other direction, so that rounding to 8 bits does not eat the tails.
        let line: Vec<f64> = (0..side).map(|x| (0..side).map(|y| f64::from(blurred[y * side + x])).sum()).collect();
        let mass: f64 = line.iter().sum();
        let variance: f64 =
            line.iter().enumerate().map(|(x, v)| v * (x as f64 - middle as f64 - 0.5).powi(2)).sum::<f64>() / mass;
        assert!((variance - 9.25).abs() < 1.5, "{variance}");
        assert!(line.windows(2).take(middle).all(|w| w[0] <= w[1]));
    }

    #[test]
    fn refuses_what_it_cannot_blur() {
        assert!(matches!(gaussian_blur(&[], 0, 1, 3.0), Err(Error::EmptyImage)));
        assert!(matches!(gaussian_blur(&[0; 3], 2, 2, 3.0), Err(Error::WrongLength(3, 4))));
        assert!(matches!(gaussian_blur(&[0; 4], u32::MAX, u32::MAX, 3.0), Err(Error::TooLarge { .. })));
        for radius in [-1.0, f32::NAN, f32::INFINITY, 1e9] {
            assert!(matches!(gaussian_blur(&[0; 4], 2, 2, radius), Err(Error::Argument(_))));
        }
    }
}
