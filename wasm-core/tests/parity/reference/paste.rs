//! How the reference pastes the decoded picture into the original, with or without a shift of its colours.
//!
//! Everything has the network's size. Rounding and the order of operations are the reference's.

use wasm_core::pixels::Image;
use wasm_core::{Error, Result};

use super::blur::gaussian_blur;
use super::prepare::Prepared;

/// Standard deviation of the blur along the edge of what is pasted, in pixels.
const SOFTNESS: f32 = 3.0;

/// Colours are shifted by this much of the difference that was measured; the reference goes too far on purpose.
const OVERSHOOT: f64 = 1.1;

/// Above this value a pixel of the mask counts as repainted where colours are compared. One more than what the
/// network repaints from, as in the reference.
const COMPARED: u8 = 128;

/// How much larger than the mask's bounding box the area is in which colours are compared, in pixels.
const MARGIN: usize = 10;

/// Lays `result`, `[height, width, 3]`, over the picture where the blurred mask is.
///
/// Where the mask and its blur do not reach, the picture's bytes come back unchanged.
///
/// # Errors
/// [`Error::WrongLength`] when the result does not have the picture's size, or a part of `prepared` another one; as
/// [`Image::check_size`] for that size.
pub fn paste(prepared: &Prepared, result: &[u8]) -> Result<Vec<u8>> {
    check(prepared, result)?;
    blended(prepared, &prepared.mask_u8, result, [0.0; 3])
}

/// [`paste`], with the colours of `result` shifted so that around the mask their mean is that of the picture.
///
/// Without a masked pixel the picture is returned; without an unmasked one nearby, colours are not shifted.
///
/// # Errors
/// As [`paste`].
pub fn paste_compensated(prepared: &Prepared, result: &[u8]) -> Result<Vec<u8>> {
    check(prepared, result)?;
    let Some(around) = Around::of(prepared) else {
        return Ok(prepared.image_u8.clone());
    };
    let mask: Vec<u8> = prepared.mask_u8.iter().map(|value| if *value > COMPARED { 255 } else { 0 }).collect();
    let shift = around.difference(prepared, result).map(|difference| OVERSHOOT * difference / 255.0);
    blended(prepared, &mask, result, shift)
}

fn check(prepared: &Prepared, result: &[u8]) -> Result<()> {
    Image::check_size(prepared.width, prepared.height)?;
    let area = prepared.width as usize * prepared.height as usize;
    for (found, expected) in
        [(result.len(), area * 3), (prepared.image_u8.len(), area * 3), (prepared.mask_u8.len(), area)]
    {
        if found != expected {
            return Err(Error::WrongLength(found, expected));
        }
    }
    Ok(())
}

/// `(result + shift) * blurred mask + picture * (1 - blurred mask)`.
fn blended(prepared: &Prepared, mask: &[u8], result: &[u8], shift: [f64; 3]) -> Result<Vec<u8>> {
    let share = gaussian_blur(mask, prepared.width, prepared.height, SOFTNESS)?;
    let (result, _) = result.as_chunks::<3>();
    let (image, _) = prepared.image_u8.as_chunks::<3>();
    // Each byte becomes a fraction before anything else: another grouping is off by one here and there.
    let fraction = |value: u8| f64::from(value) / 255.0;
    let pixels = result.iter().zip(image).zip(&share).flat_map(|((result, image), share)| {
        let share = fraction(*share);
        std::array::from_fn::<u8, 3, _>(|c| {
            let mixed = (fraction(result[c]) + shift[c]) * share + (1.0 - share) * fraction(image[c]);
            (255.0 * mixed.clamp(0.0, 1.0)) as u8
        })
    });
    Ok(pixels.collect())
}

/// The unmasked pixels around the mask.
struct Around {
    rows: std::ops::RangeInclusive<usize>,
    columns: std::ops::RangeInclusive<usize>,
}

impl Around {
    /// `None` when nothing is masked.
    fn of(prepared: &Prepared) -> Option<Self> {
        let width = prepared.width as usize;
        let (mut left, mut right, mut top, mut bottom) = (usize::MAX, 0, usize::MAX, 0);
        for (y, row) in prepared.mask_u8.chunks_exact(width).enumerate() {
            let Some(first) = row.iter().position(|value| *value > COMPARED) else { continue };
            let last = row.iter().rposition(|value| *value > COMPARED).unwrap_or(first);
            (left, right) = (left.min(first), right.max(last));
            (top, bottom) = (top.min(y), y);
        }
        if top == usize::MAX {
            return None;
        }
        Some(Self { rows: window(top, bottom, prepared.height as usize), columns: window(left, right, width) })
    }

    /// Mean of the picture less mean of the result, per channel, in levels.
    fn difference(&self, prepared: &Prepared, result: &[u8]) -> [f64; 3] {
        let width = prepared.width as usize;
        let mut count = 0u64;
        let (mut of_image, mut of_result) = ([0u64; 3], [0u64; 3]);
        for at in self.rows.clone().flat_map(|y| self.columns.clone().map(move |x| y * width + x)) {
            if prepared.mask_u8[at] > COMPARED {
                continue;
            }
            count += 1;
            for c in 0..3 {
                of_image[c] += u64::from(prepared.image_u8[at * 3 + c]);
                of_result[c] += u64::from(result[at * 3 + c]);
            }
        }
        if count == 0 {
            return [0.0; 3];
        }
        std::array::from_fn(|c| of_image[c] as f64 / count as f64 - of_result[c] as f64 / count as f64)
    }
}

/// The first to last index of an interval with its margin, inside `0..length`.
fn window(first: usize, last: usize, length: usize) -> std::ops::RangeInclusive<usize> {
    let centre = (first + last) / 2;
    let half = (last - first + 1 + MARGIN) / 2;
    centre.saturating_sub(half)..=(centre + half).min(length - 1)
}

#[cfg(test)]
mod parity {
    use wasm_core::models::moebius::planes::to_rgb;

    use super::super::prepare::prepared;
    use super::*;
    use crate::networks::reference;
    use crate::rig::{differing, picture, report};

    #[test]
    fn a_pretended_result_is_pasted_as_the_reference_does_to_the_bit() {
        let prepared = prepared("prepost", "900x600", (768, 512)).unwrap();
        let result = picture("prepost_result_nopaste_768x512").0;
        let wrong = [
            differing(&paste(&prepared, &result).unwrap(), &picture("prepost_result_paste_768x512").0),
            differing(&paste_compensated(&prepared, &result).unwrap(), &picture("prepost_result_compensate_768x512").0),
        ];
        report(&format!("parity postprocess prepost, samples that differ (paste, compensate): {wrong:?}"));
        assert_eq!(wrong, [0; 2]);
    }

    #[test]
    fn what_the_tiny_pipeline_decodes_becomes_the_references_pictures_to_the_bit() {
        let prepared = prepared("pipe", "200x160", (128, 128)).unwrap();
        for form in ["pipe_sampled", "pipe_mean"] {
            let decoded = reference(&format!("{form}.safetensors")).unwrap().read("decoded").unwrap();
            let result = to_rgb(&decoded, 128, 128).unwrap();
            let wrong = [
                differing(&result, &picture(&format!("{form}_nopaste")).0),
                differing(&paste(&prepared, &result).unwrap(), &picture(&format!("{form}_paste")).0),
                differing(&paste_compensated(&prepared, &result).unwrap(), &picture(&format!("{form}_compensate")).0),
            ];
            report(&format!(
                "parity postprocess {form}, samples that differ (as decoded, paste, compensate): {wrong:?}"
            ));
            assert_eq!(wrong, [0; 3]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::prepare::prepare;
    use super::*;
    use proptest::prelude::*;

    /// A picture of one colour under a mask.
    fn flat(colour: [u8; 3], side: u32, mask: Vec<u8>) -> Prepared {
        let rgb = colour.repeat((side * side) as usize);
        prepare(&rgb, (side, side), &mask, (side, side), (side, side)).unwrap()
    }

    /// 255 in the middle quarter.
    fn middle(side: usize) -> Vec<u8> {
        let inside = side / 4..side * 3 / 4;
        (0..side * side)
            .map(|i| if inside.contains(&(i % side)) && inside.contains(&(i / side)) { 255 } else { 0 })
            .collect()
    }

    proptest! {
        #[test]
        fn an_unmasked_picture_comes_back_whatever_the_result(colour: [u8; 3], result: [u8; 3]) {
            let prepared = flat(colour, 16, vec![0; 256]);
            let result = result.repeat(256);
            prop_assert_eq!(&paste(&prepared, &result).unwrap(), &prepared.image_u8);
            prop_assert_eq!(&paste_compensated(&prepared, &result).unwrap(), &prepared.image_u8);
        }

        #[test]
        fn a_wholly_masked_picture_is_the_result(colour: [u8; 3], result: [u8; 3]) {
            let prepared = flat(colour, 16, vec![255; 256]);
            let result = result.repeat(256);
            prop_assert_eq!(&paste(&prepared, &result).unwrap(), &result);
            // Nothing is left to compare with: no shift, and no 0 / 0.
            prop_assert_eq!(&paste_compensated(&prepared, &result).unwrap(), &result);
        }

        #[test]
        fn any_mask_at_any_size_is_pasted_between_picture_and_result(
            (size, mask) in (1u32..6, 1u32..6).prop_flat_map(|(w, h)| {
                (Just((w * 8, h * 8)), prop::collection::vec(any::<u8>(), (w * h * 64) as usize))
            })
        ) {
            let area = mask.len();
            let prepared = prepare(&[10, 20, 30].repeat(area), size, &mask, size, size).unwrap();
            let result = [200, 20, 0].repeat(area);
            for pixel in paste(&prepared, &result).unwrap().as_chunks::<3>().0 {
                prop_assert!((9..=200).contains(&pixel[0]) && (19..=20).contains(&pixel[1]) && pixel[2] <= 30);
            }
            prop_assert_eq!(paste_compensated(&prepared, &result).unwrap().len(), area * 3);
        }
    }

    #[test]
    fn far_from_the_mask_the_pictures_bytes_are_untouched() {
        let prepared = flat([1, 77, 254], 64, middle(64));
        let found = paste(&prepared, &[255; 64 * 64 * 3]).unwrap();
        assert_eq!((&found[..3], &found[(32 * 64 + 32) * 3..][..3]), (&[1, 77, 254][..], &[255; 3][..]));
    }

    #[test]
    fn a_result_that_is_too_dark_all_over_is_lifted() {
        let prepared = flat([100, 100, 100], 64, middle(64));
        let found = paste_compensated(&prepared, &[90; 64 * 64 * 3]).unwrap();
        // 90 + 1.1 * 10, of which truncation may take one.
        assert!((100..=101).contains(&found[(32 * 64 + 32) * 3]));
        assert_eq!(found[0], 100);
    }

    #[test]
    fn windows_stay_inside() {
        assert_eq!(window(0, 0, 1), 0..=0);
        assert_eq!(window(20, 29, 100), 14..=34);
        assert_eq!(window(0, 99, 100), 0..=99);
    }

    #[test]
    fn refuses_sizes_that_do_not_match() {
        let mut prepared = flat([0; 3], 8, vec![255; 64]);
        assert!(matches!(paste(&prepared, &[0; 191]), Err(Error::WrongLength(191, 192))));
        let hostile = Prepared { width: u32::MAX, height: u32::MAX, ..prepared.clone() };
        assert!(matches!(paste(&hostile, &[0; 192]), Err(Error::TooLarge { .. })));
        let empty = Prepared { width: 0, height: 0, image_u8: vec![], mask_u8: vec![], ..prepared.clone() };
        assert!(matches!(paste_compensated(&empty, &[]), Err(Error::EmptyImage)));
        prepared.mask_u8.pop();
        assert!(matches!(paste_compensated(&prepared, &[0; 192]), Err(Error::WrongLength(63, 64))));
    }
}
