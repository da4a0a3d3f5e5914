//! Changes of size, to the bit as Pillow computes them.
//!
//! The network was trained on pictures that Pillow resized; its scheme is kept in every rounding, so that what
//! the network sees here is what it saw there: a separable filter whose weights are in fixed point, horizontally
//! first, with 8 bits in between (`ImagingResample`,
//! <https://pillow.readthedocs.io/en/stable/handbook/concepts.html#filters>). Pillow 13 begins with the height where
//! that shrinks much more than the width; here the order is the one of all versions before.
//!
//! Channels are independent: where one of them is alpha, premultiply before.

use super::Image;
use crate::{Error, Result};
use std::borrow::Cow;
use std::f64::consts::PI;

/// How a pixel that falls between those of the source gets its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Keys' cubic convolution with a = -0.5, two pixels to each side.
    Bicubic,
    /// A sinc windowed by a sinc, three pixels to each side.
    Lanczos,
}

impl Filter {
    /// How far the filter reaches to each side, in pixels of the coarser grid.
    fn support(self) -> f64 {
        match self {
            Self::Bicubic => 2.0,
            Self::Lanczos => 3.0,
        }
    }

    /// The filter at a distance from its centre that is smaller than its support.
    fn weight(self, x: f64) -> f64 {
        match self {
            Self::Bicubic => bicubic(x.abs()),
            Self::Lanczos => lanczos(x),
        }
    }
}

/// Keys, "Cubic convolution interpolation for digital image processing" (1981), with a = -0.5.
fn bicubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

/// `sinc(x) sinc(x / 3)`.
fn lanczos(x: f64) -> f64 {
    if (-3.0..3.0).contains(&x) { sinc(x) * sinc(x / 3.0) } else { 0.0 }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    // Not the platform's sine: weights have to be the same in every browser.
    libm::sin(x * PI) / (x * PI)
}

/// Fractional bits of a weight. A sum of weights is 1 and pixels take 8 bits: two bits are left for filters that
/// overshoot, and one for the sign.
const FRACTION: u32 = 32 - 8 - 2;
const HALF: i32 = 1 << (FRACTION - 1);

/// No side is longer: the table of weights grows with the sides, not with the area.
const MAX_SIDE: u32 = 1 << 20;

/// A picture in another size, `(width, height)`. A colour counts by its opacity: what is transparent has none to give.
///
/// # Errors
/// Those of [`resize`].
pub fn scaled(image: &Image, to: (u32, u32)) -> Result<Image> {
    let resized = |rgba: &[u8]| resize(rgba, 4, (image.width(), image.height()), to, Filter::Lanczos);
    if image.is_opaque() {
        return Image::new(to.0, to.1, resized(image.rgba())?);
    }
    let times = |colour: u8, alpha: u8| ((u32::from(colour) * u32::from(alpha) + 127) / 255) as u8;
    let mut rgba = image.rgba().to_vec();
    for pixel in rgba.chunks_exact_mut(4) {
        for channel in 0..3 {
            pixel[channel] = times(pixel[channel], pixel[3]);
        }
    }
    // Beside edges the filter overshoots: opacity is cut off where the colours, which are lower, are not. Halved, nothing is cut off.
    let halves = resized(&rgba.iter().map(|value| value / 2).collect::<Vec<u8>>())?;
    let mut rgba = resized(&rgba)?;
    for (pixel, half) in rgba.chunks_exact_mut(4).zip(halves.chunks_exact(4)).filter(|(pixel, _)| pixel[3] > 0) {
        let is_cut_off = half[3] > u8::MAX / 2;
        for channel in 0..3 {
            let (colour, alpha) = if is_cut_off { (half[channel], half[3]) } else { (pixel[channel], pixel[3]) };
            let whole = (u32::from(colour) * 255 + u32::from(alpha) / 2) / u32::from(alpha);
            pixel[channel] = whole.min(255) as u8;
        }
    }
    Image::new(to.0, to.1, rgba)
}

/// Resizes interleaved `pixels`, `[height, width, channels]`; sizes are `(width, height)`.
///
/// # Errors
/// As [`Image::check_size`] for both sizes and for what lies between the two passes, [`Error::TooLarge`] for
/// sides above a million, too; [`Error::WrongLength`] when the bytes do not match the size.
pub fn resize(pixels: &[u8], channels: usize, from: (u32, u32), to: (u32, u32), filter: Filter) -> Result<Vec<u8>> {
    let expected = bytes(from, channels)?;
    if pixels.len() != expected {
        return Err(Error::WrongLength(pixels.len(), expected));
    }
    let between = (to.0, from.1);
    bytes(between, channels)?;
    bytes(to, channels)?;
    if from == to {
        return Ok(pixels.to_vec());
    }
    let mut result = Cow::Borrowed(pixels);
    if from.0 != to.0 {
        let taps = Taps::new(filter, from.0, to.0);
        let row = from.0 as usize * channels;
        result = Cow::Owned(match channels {
            1 => taps.across::<1>(&result, row),
            2 => taps.across::<2>(&result, row),
            3 => taps.across::<3>(&result, row),
            4 => taps.across::<4>(&result, row),
            _ => taps.across_many(&result, row, channels),
        });
    }
    if from.1 != to.1 {
        let taps = Taps::new(filter, from.1, to.1);
        result = Cow::Owned(taps.down(&result, to.0 as usize * channels));
    }
    Ok(result.into_owned())
}

/// Bytes of a picture, as far as there can be one.
fn bytes(size: (u32, u32), channels: usize) -> Result<usize> {
    let (width, height) = size;
    Image::check_size(width, height)?;
    let too_large = Error::TooLarge { width, height };
    if channels == 0 {
        return Err(Error::EmptyImage);
    }
    if width > MAX_SIDE || height > MAX_SIDE {
        return Err(too_large);
    }
    let bytes = (width as usize * height as usize).checked_mul(channels).ok_or(too_large)?;
    // No allocation is larger than this.
    isize::try_from(bytes).map_err(|_| Error::TooLarge { width, height })?;
    Ok(bytes)
}

/// Which pixels a pass looks at, and how much each of them counts.
struct Taps {
    /// For every pixel of the result: the first one looked at, and where its weights end in `weights`.
    spans: Vec<(usize, usize)>,
    /// With [`FRACTION`] fractional bits.
    weights: Vec<i32>,
}

impl Taps {
    fn new(filter: Filter, from: u32, to: u32) -> Self {
        let scale = f64::from(from) / f64::from(to);
        // Enlarging interpolates on the grid of the source, shrinking averages on that of the result.
        let stretch = scale.max(1.0);
        let support = filter.support() * stretch;
        let inverse = 1.0 / stretch;
        let mut spans = Vec::with_capacity(to as usize);
        let mut weights = vec![];
        let mut exact = vec![];
        for i in 0..to {
            let centre = (f64::from(i) + 0.5) * scale;
            // Casts of floats truncate and saturate: the left end stops at 0.
            let start = (centre - support + 0.5) as u32;
            let end = ((centre + support + 0.5) as u32).min(from);
            exact.clear();
            exact.extend((start..end).map(|j| filter.weight((f64::from(j) - centre + 0.5) * inverse)));
            let sum: f64 = exact.iter().sum();
            weights.extend(exact.iter().map(|w| fixed(w / sum)));
            spans.push((start as usize, weights.len()));
        }
        Self { spans, weights }
    }

    /// First pixel and weights for each pixel of the result.
    fn iter(&self) -> impl Iterator<Item = (usize, &[i32])> {
        let begins = std::iter::once(0).chain(self.spans.iter().map(|(_, end)| *end));
        self.spans.iter().zip(begins).map(|((start, end), begin)| (*start, &self.weights[begin..*end]))
    }

    /// Filters rows of `row` bytes, of pixels with `C` channels.
    fn across<const C: usize>(&self, pixels: &[u8], row: usize) -> Vec<u8> {
        let mut result = Vec::with_capacity(pixels.len() / row * self.spans.len() * C);
        for row in pixels.chunks_exact(row) {
            let (row, _) = row.as_chunks::<C>();
            for (start, weights) in self.iter() {
                let mut sums = [HALF; C];
                for (weight, pixel) in weights.iter().zip(&row[start..]) {
                    for (sum, value) in sums.iter_mut().zip(pixel) {
                        *sum += weight * i32::from(*value);
                    }
                }
                result.extend(sums.map(rounded));
            }
        }
        result
    }

    /// [`Taps::across`] for any number of channels.
    fn across_many(&self, pixels: &[u8], row: usize, channels: usize) -> Vec<u8> {
        let mut result = Vec::with_capacity(pixels.len() / row * self.spans.len() * channels);
        for row in pixels.chunks_exact(row) {
            for (start, weights) in self.iter() {
                for channel in 0..channels {
                    let values = row[start * channels + channel..].iter().step_by(channels);
                    let sum = weights.iter().zip(values).fold(HALF, |sum, (w, v)| sum + w * i32::from(*v));
                    result.push(rounded(sum));
                }
            }
        }
        result
    }

    /// Filters columns; a row has `row` bytes.
    fn down(&self, pixels: &[u8], row: usize) -> Vec<u8> {
        let mut result = Vec::with_capacity(row * self.spans.len());
        let mut sums = vec![0i32; row];
        for (start, weights) in self.iter() {
            sums.fill(HALF);
            for (weight, line) in weights.iter().zip(pixels[start * row..].chunks_exact(row)) {
                for (sum, value) in sums.iter_mut().zip(line) {
                    *sum += weight * i32::from(*value);
                }
            }
            result.extend(sums.iter().map(|sum| rounded(*sum)));
        }
        result
    }
}

/// A weight in fixed point, halves away from zero.
fn fixed(weight: f64) -> i32 {
    let half = if weight < 0.0 { -0.5 } else { 0.5 };
    (weight * f64::from(1u32 << FRACTION) + half) as i32
}

/// A sum that began with [`HALF`], as a pixel.
fn rounded(sum: i32) -> u8 {
    (sum >> FRACTION).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILTERS: [Filter; 2] = [Filter::Bicubic, Filter::Lanczos];

    proptest! {
        #[test]
        fn flat_pictures_stay_flat_at_any_size(
            from in (1u32..70, 1u32..70), to in (1u32..70, 1u32..70), channels in 1usize..7, value: u8
        ) {
            let pixels = vec![value; from.0 as usize * from.1 as usize * channels];
            for filter in FILTERS {
                let found = resize(&pixels, channels, from, to, filter).unwrap();
                prop_assert_eq!(found.len(), to.0 as usize * to.1 as usize * channels);
                prop_assert!(found.iter().all(|v| *v == value));
            }
        }

        #[test]
        fn what_is_transparent_lends_no_colour(
            width in 2u32..40, height in 1u32..40, to in (1u32..40, 1u32..40), value: u8
        ) {
            // The left half has a colour; the right half is transparent, and of another colour.
            let pixel = |i: u32| if i % width < width / 2 { [value, value, value, 255] } else { [!value, 3, 250, 0] };
            let image = Image::new(width, height, (0..width * height).flat_map(pixel).collect()).unwrap();
            let found = scaled(&image, to).unwrap();
            prop_assert_eq!((found.width(), found.height()), to);
            for pixel in found.rgba().chunks_exact(4).filter(|pixel| pixel[3] > 0) {
                // Premultiplied values are whole numbers: the fainter a pixel, the coarser its colour. And the filter overshoots at edges.
                let coarse = 255 / u32::from(pixel[3]) + 1 + u32::from(value) / 6;
                prop_assert!(pixel[..3].iter().all(|v| u32::from(v.abs_diff(value)) <= coarse), "{:?} of {}", pixel, value);
            }
        }

        #[test]
        fn channels_do_not_mix(
            from in (1u32..40, 1u32..40), to in (1u32..40, 1u32..40), channels in 1usize..7, seed: u32
        ) {
            let byte = |i: usize| (seed.wrapping_mul(i as u32 * 2 + 1) >> 24) as u8;
            let pixels: Vec<u8> = (0..from.0 as usize * from.1 as usize * channels).map(byte).collect();
            for filter in FILTERS {
                let whole = resize(&pixels, channels, from, to, filter).unwrap();
                for channel in 0..channels {
                    let of = |all: &[u8]| -> Vec<u8> { all.iter().skip(channel).step_by(channels).copied().collect() };
                    prop_assert_eq!(resize(&of(&pixels), 1, from, to, filter).unwrap(), of(&whole));
                }
            }
        }
    }

    #[test]
    fn sums_stay_within_their_bits_whatever_the_pixels() {
        for filter in FILTERS {
            for (from, to) in (1..40).flat_map(|a| (1..40).map(move |b| (a, b))).chain([(4000, 512), (3, 4000)]) {
                for (_, weights) in Taps::new(filter, from, to).iter() {
                    let up: i64 = weights.iter().filter(|w| **w > 0).map(|w| i64::from(*w)).sum();
                    let down: i64 = weights.iter().filter(|w| **w < 0).map(|w| i64::from(*w)).sum();
                    assert!(up * 255 + i64::from(HALF) <= i64::from(i32::MAX), "{from} {to}");
                    assert!(down * 255 >= i64::from(i32::MIN), "{from} {to}");
                }
            }
        }
    }

    #[test]
    fn the_same_size_is_a_copy() {
        for filter in FILTERS {
            assert_eq!(resize(&[1, 200, 3, 4], 1, (2, 2), (2, 2), filter).unwrap(), [1, 200, 3, 4]);
        }
    }

    #[test]
    fn refuses_what_is_not_a_picture() {
        let of = |pixels: &[u8], channels, from, to| resize(pixels, channels, from, to, Filter::Lanczos);
        assert!(matches!(of(&[], 1, (0, 3), (2, 2)), Err(Error::EmptyImage)));
        assert!(matches!(of(&[0; 4], 1, (2, 2), (2, 0)), Err(Error::EmptyImage)));
        assert!(matches!(of(&[], 0, (2, 2), (3, 3)), Err(Error::EmptyImage)));
        assert!(matches!(of(&[0; 5], 1, (2, 2), (3, 3)), Err(Error::WrongLength(5, 4))));
    }

    #[test]
    fn refuses_sizes_that_no_memory_holds_before_taking_any() {
        let of = |pixels: &[u8], channels, from, to| resize(pixels, channels, from, to, Filter::Lanczos);
        assert!(matches!(of(&[0; 4], 4, (1, 1), (u32::MAX, u32::MAX)), Err(Error::TooLarge { .. })));
        assert!(matches!(of(&[0; 4], 4, (u32::MAX, 1), (1, 1)), Err(Error::TooLarge { .. })));
        assert!(matches!(of(&[0; 1], 1, (1, 1), (MAX_SIDE + 1, 1)), Err(Error::TooLarge { .. })));
        assert!(matches!(of(&[0; 4], usize::MAX, (1, 2), (1, 1)), Err(Error::TooLarge { .. })));
        // Both ends are small, what lies between them is not.
        let tall = MAX_SIDE;
        let between = of(&vec![0; tall as usize], 1, (1, tall), (tall, 1));
        assert!(matches!(between, Err(Error::TooLarge { .. })));
    }
}
