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

/// How pixels that fall between two are made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// The pixel that is hit.
    Nearest,
    /// Keys' cubic convolution with a = -0.5, two pixels to each side.
    Bicubic,
    /// A sinc windowed by a sinc, three pixels to each side.
    Lanczos,
}

impl Filter {
    /// How far the filter reaches to each side, in pixels of the coarser grid.
    fn support(self) -> f64 {
        match self {
            Self::Nearest => 0.5,
            Self::Bicubic => 2.0,
            Self::Lanczos => 3.0,
        }
    }

    /// The filter at a distance from its centre that is smaller than its support.
    fn weight(self, x: f64) -> f64 {
        match self {
            Self::Nearest => 1.0,
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
const LONGEST_SIDE: u32 = 1 << 20;

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
    if filter == Filter::Nearest {
        return Ok(nearest(pixels, channels, from, to));
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
    if width > LONGEST_SIDE || height > LONGEST_SIDE {
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

fn nearest(pixels: &[u8], channels: usize, from: (u32, u32), to: (u32, u32)) -> Vec<u8> {
    let (columns, rows) = (hits(from.0, to.0), hits(from.1, to.1));
    let mut result = Vec::with_capacity(columns.len() * rows.len() * channels);
    let length = from.0 as usize * channels;
    for y in rows {
        let row = &pixels[y * length..][..length];
        for x in &columns {
            result.extend_from_slice(&row[x * channels..][..channels]);
        }
    }
    result
}

/// Which pixel each one of the result is.
///
/// In real numbers `floor((i + 0.5) * from / to)`. Pillow adds up the step in f64, and where the product is whole the
/// error of the sum decides; so it is added up here, too.
fn hits(from: u32, to: u32) -> Vec<usize> {
    let step = f64::from(from) / f64::from(to);
    let positions = std::iter::successors(Some(step * 0.5), |at| Some(at + step));
    // At 2^20 steps the error is far below half a step, but the last pixel is worth a guarantee.
    positions.take(to as usize).map(|at| (at as usize).min(from as usize - 1)).collect()
}

/// Pictures to compare with.
#[cfg(test)]
pub(crate) mod fixtures {
    /// Pixels, `(width, height)` and number of channels of a picture among the fixtures.
    pub(crate) fn picture(name: &str) -> (Vec<u8>, (u32, u32), usize) {
        let path = format!("{}/tests/fixtures/moebius/{name}.png", env!("CARGO_MANIFEST_DIR"));
        let image = image::load_from_memory(&std::fs::read(path).unwrap()).unwrap();
        let (size, channels) = ((image.width(), image.height()), usize::from(image.color().channel_count()));
        (image.into_bytes(), size, channels)
    }

    /// How many bytes differ.
    pub(crate) fn differing(a: &[u8], b: &[u8]) -> usize {
        assert_eq!(a.len(), b.len());
        a.iter().zip(b).filter(|(a, b)| a != b).count()
    }
}

#[cfg(test)]
mod parity {
    use super::fixtures::{differing, picture};
    use super::*;
    use std::io::Write as _;

    #[test]
    fn resized_fixtures_are_pillows_to_the_bit() {
        for (source, result, filter) in [
            ("prepost_image_900x600", "prepost_image_lanczos_768x512", Filter::Lanczos),
            ("prepost_image_900x600", "prepost_image_bicubic_512x512", Filter::Bicubic),
            ("prepost_mask_900x600", "prepost_mask_nearest_512x512", Filter::Nearest),
            ("pipe_image_200x160", "pipe_image_resized_128", Filter::Lanczos),
        ] {
            let (pixels, from, channels) = picture(source);
            let (expected, to, _) = picture(result);
            let found = resize(&pixels, channels, from, to, filter).unwrap();
            let differ = differing(&found, &expected);
            let count = expected.len();
            writeln!(std::io::stderr(), "parity resample {result}: {differ} of {count} samples differ").unwrap();
            assert_eq!(differ, 0);
        }
    }

    /// Pixels from a formula and sizes that are awkward: the sums are of what Pillow 12.3.0 made of them.
    #[test]
    fn odd_sizes_are_pillows_to_the_bit() {
        let mut figures = vec![];
        for (from, to, channels, sums) in ODD {
            let pixels: Vec<u8> = (0..from.0 as usize * from.1 as usize * channels).map(scrambled).collect();
            for (filter, expected) in [Filter::Nearest, Filter::Bicubic, Filter::Lanczos].into_iter().zip(sums) {
                let found = resize(&pixels, channels, from, to, filter).unwrap();
                assert_eq!(fnv(&found), expected, "{from:?} {to:?} {channels} {filter:?}");
                figures.push(found.len());
            }
        }
        let (count, samples) = (figures.len(), figures.iter().sum::<usize>());
        writeln!(std::io::stderr(), "parity resample odd sizes: 0 of {samples} samples in {count} pictures differ")
            .unwrap();
    }

    /// Sizes, channels, and FNV-1a sums of Pillow's results: nearest, bicubic, Lanczos.
    type Odd = ((u32, u32), (u32, u32), usize, [u64; 3]);
    const ODD: [Odd; 12] = [
        ((1, 1), (1, 7), 1, [0x778b_1a14_b687_6aa7, 0x778b_1a14_b687_6aa7, 0x778b_1a14_b687_6aa7]),
        ((1, 1), (5, 3), 3, [0xf2d0_b351_7243_7d5d, 0xf2d0_b351_7243_7d5d, 0xf2d0_b351_7243_7d5d]),
        ((7, 5), (1, 1), 3, [0x0258_dc1a_c733_3b48, 0x2d3a_c41a_df5d_8af2, 0x2d38_371a_df5c_1884]),
        ((3, 2), (8, 9), 1, [0xefcf_0f5d_4ed4_0c04, 0xcd9a_a4e2_61a5_9ba5, 0x042d_6190_0360_56a3]),
        ((2, 7), (5, 1), 1, [0x85d8_bb08_57bf_3f72, 0xbfc2_d141_12f6_05cc, 0xb8cc_fd71_1518_fc49]),
        ((13, 11), (13, 4), 3, [0xead7_c527_08eb_706c, 0x9545_e5db_3aff_b5f4, 0x31e2_8448_c8d3_ba02]),
        ((13, 11), (29, 11), 1, [0x05a1_5e00_f983_e118, 0x48b2_6ef3_c03f_7d4c, 0x105a_d034_70a7_3cd4]),
        ((33, 50), (50, 33), 3, [0x0307_2e9f_7563_db36, 0xa219_d525_4c08_23db, 0xf6cf_b3f9_226c_f934]),
        ((101, 67), (64, 64), 1, [0xe8fc_80dc_126d_4a0d, 0x5fdc_26f3_1388_114a, 0x9d77_4b69_0913_be30]),
        ((64, 64), (197, 203), 3, [0x37dd_5adc_38b7_e970, 0x44b0_b76b_e9b4_5ac2, 0xd2b2_b98c_717d_4b14]),
        ((197, 31), (19, 150), 1, [0xe580_47ca_722c_eadd, 0x0ddc_f533_f737_13a3, 0x967b_d505_c94c_ec85]),
        ((999, 3), (10, 40), 3, [0xc49e_8b4a_b791_e5be, 0xd2a1_c78a_6e4f_39a4, 0x657a_31e8_2270_2288]),
    ];

    fn scrambled(i: usize) -> u8 {
        ((i as u32).wrapping_mul(2_654_435_761) >> 24) as u8
    }

    fn fnv(bytes: &[u8]) -> u64 {
        let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILTERS: [Filter; 3] = [Filter::Nearest, Filter::Bicubic, Filter::Lanczos];

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
        for filter in [Filter::Bicubic, Filter::Lanczos] {
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
        assert!(matches!(of(&[0; 1], 1, (1, 1), (LONGEST_SIDE + 1, 1)), Err(Error::TooLarge { .. })));
        assert!(matches!(of(&[0; 4], usize::MAX, (1, 2), (1, 1)), Err(Error::TooLarge { .. })));
        // Both ends are small, what lies between them is not.
        let tall = LONGEST_SIDE;
        let between = of(&vec![0; tall as usize], 1, (1, tall), (tall, 1));
        assert!(matches!(between, Err(Error::TooLarge { .. })));
    }
}
