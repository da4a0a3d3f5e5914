//! How the reference prepares a picture and a mask for its networks.
//!
//! It resizes both with [`resize`]. The mask is made of 0 and 255 before and after, because the filter greys its edges.
//! [`Prepared`] also keeps the mask with grey edges: the reference pastes its result along them.

use wasm_core::models::moebius::config::LATENT_SCALE;
use wasm_core::models::moebius::planes;
#[cfg(test)]
use wasm_core::pixels::Image;
use wasm_core::pixels::{Filter, resize};
use wasm_core::{Error, Result};

use crate::rig::picture;

/// From this value on a pixel of the mask is repainted.
const THRESHOLD: u8 = 128;

/// Sides of what the reference processes are multiples of this.
#[cfg(test)]
const GRANULARITY: u32 = 64;

/// A picture and its mask at the network's size.
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The resized picture, `[height, width, 3]`.
    pub image_u8: Vec<u8>,
    /// The resized mask with grey edges, `[height, width]`.
    pub mask_u8: Vec<u8>,
    /// The picture between -1 and 1, `[3, height, width]`.
    pub image: Vec<f32>,
    /// The same with 0 where the mask is.
    pub masked_image: Vec<f32>,
    /// The mask as 0 and 1 at the size of the latents, `[height / 8, width / 8]`.
    pub latent_mask: Vec<f32>,
}

/// The size that the reference brings a picture to: its short side to `side`, the other one in proportion, and both
/// down to a multiple of 64. Proportions change a little, nothing is cut off.
///
/// Not always `side` for a square: `197 * (512 / 197)` is 511 in floating point, and becomes 448.
///
/// # Errors
/// [`Error::EmptyImage`] for a picture without pixels, [`Error::Argument`] for a `side` below 64, and
/// [`Error::TooLarge`] when the long side leads out of the sizes there can be.
#[cfg(test)]
pub fn processed_size(width: u32, height: u32, side: u32) -> Result<(u32, u32)> {
    if width == 0 || height == 0 {
        return Err(Error::EmptyImage);
    }
    if side < GRANULARITY {
        return Err(Error::Argument(format!(
            "the short side of a picture to repaint is at least {GRANULARITY}, not {side}"
        )));
    }
    let whole = |length: u32| length / GRANULARITY * GRANULARITY;
    // The cast truncates, and saturates where a hostile shape leads.
    let scaled = |length: u32, by: u32| whole((f64::from(length) * (f64::from(side) / f64::from(by))) as u32);
    let size = if width < height { (whole(side), scaled(height, width)) } else { (scaled(width, height), whole(side)) };
    Image::check_size(size.0, size.1)?;
    Ok(size)
}

/// Brings `rgb` and `mask` (grey, repainted from 128 on), each with its size as `(width, height)`, to the size
/// `target`. A mask of another size than the picture is stretched over it.
///
/// # Errors
/// As [`resize`] for either; [`Error::Shape`] when a side of the target is not a multiple of 8.
pub fn prepare(
    rgb: &[u8],
    image_size: (u32, u32),
    mask: &[u8],
    mask_size: (u32, u32),
    target: (u32, u32),
) -> Result<Prepared> {
    let (width, height) = target;
    if !width.is_multiple_of(LATENT_SCALE) || !height.is_multiple_of(LATENT_SCALE) {
        return Err(Error::Shape(format!("{width} x {height} pixels do not divide into latents of {LATENT_SCALE}")));
    }
    let image_u8 = resize(rgb, 3, image_size, target, Filter::Lanczos)?;
    let mask_u8 = resize(&thresholded(mask), 1, mask_size, target, Filter::Lanczos)?;
    let image = planes::from_rgb(&image_u8);
    let area = mask_u8.len();
    let masked_image =
        image.iter().enumerate().map(|(i, value)| if is_masked(mask_u8[i % area]) { 0.0 } else { *value }).collect();
    let latent_mask = latent_mask(&mask_u8, width as usize);
    Ok(Prepared { width, height, image_u8, mask_u8, image, masked_image, latent_mask })
}

/// The prepared picture and mask `{name}_image_{size}` and `{name}_mask_{size}` of the fixtures at the size `target`.
pub fn prepared(name: &str, size: &str, target: (u32, u32)) -> Result<Prepared> {
    let (image, image_size, _) = picture(&format!("{name}_image_{size}"));
    let (mask, mask_size, _) = picture(&format!("{name}_mask_{size}"));
    prepare(&image, image_size, &mask, mask_size, target)
}

fn is_masked(value: u8) -> bool {
    value >= THRESHOLD
}

/// Only 0 and 255.
fn thresholded(mask: &[u8]) -> Vec<u8> {
    mask.iter().map(|value| if is_masked(*value) { 255 } else { 0 }).collect()
}

/// The top left pixel of each block, which is what nearest-neighbour sampling hits. Parts of the mask that are
/// thinner than a block can vanish.
fn latent_mask(mask: &[u8], width: usize) -> Vec<f32> {
    let scale = LATENT_SCALE as usize;
    let rows = mask.chunks_exact(width).step_by(scale);
    rows.flat_map(|row| row.iter().step_by(scale)).map(|value| if is_masked(*value) { 1.0 } else { 0.0 }).collect()
}

#[cfg(test)]
mod parity {
    use super::*;
    use crate::networks::reference;
    use crate::rig::{differing, report};

    /// Numbers that differ; a zero equals a negative one, which the reference makes of masked dark pixels.
    fn different(found: &[f32], expected: &[f32]) -> usize {
        assert_eq!(found.len(), expected.len());
        found.iter().zip(expected).filter(|(a, b)| a != b).count()
    }

    /// 96 x 96 pixels of each plane.
    fn crop(planes: &[f32], width: usize, left: usize, top: usize) -> Vec<f32> {
        let height = planes.len() / 3 / width;
        let rows = (0..3).flat_map(|c| (top..top + 96).map(move |y| (c * height + y) * width + left));
        rows.flat_map(|at| planes[at..at + 96].iter().copied()).collect()
    }

    #[test]
    fn a_large_picture_is_prepared_as_the_reference_does_to_the_bit() {
        let found = prepared("prepost", "900x600", processed_size(900, 600, 512).unwrap()).unwrap();
        assert_eq!((found.width, found.height), (768, 512));
        let bytes = |values: &[f32]| -> Vec<u8> { values.iter().map(|v| (*v * 255.0) as u8).collect() };
        let mut wrong = vec![];
        for (name, found) in [
            ("image_lanczos_768x512", &found.image_u8),
            ("mask_lanczos_768x512", &found.mask_u8),
            ("mask_thresholded_768x512", &thresholded(&found.mask_u8)),
            ("mask_latent_96x64", &bytes(&found.latent_mask)),
        ] {
            wrong.push((name, differing(found, &picture(&format!("prepost_{name}")).0)));
        }
        let file = reference("prepost.safetensors").unwrap();
        for (name, found) in [
            ("image_tl96", crop(&found.image, 768, 0, 0)),
            ("masked_image_tl96", crop(&found.masked_image, 768, 0, 0)),
            ("masked_image_crop_y256_x320_96", crop(&found.masked_image, 768, 320, 256)),
            ("latent_mask", found.latent_mask),
        ] {
            wrong.push((name, different(&found, &file.read(name).unwrap())));
        }
        report(&format!("parity preprocess prepost, numbers that differ: {wrong:?}"));
        assert!(wrong.iter().all(|(_, count)| *count == 0));
    }

    #[test]
    fn the_tiny_pipelines_picture_is_prepared_as_the_reference_does_to_the_bit() {
        let found = prepared("pipe", "200x160", processed_size(200, 160, 128).unwrap()).unwrap();
        assert_eq!((found.width, found.height), (128, 128));
        let file = reference("pipe_sampled.safetensors").unwrap();
        let wrong = [
            differing(&found.image_u8, &picture("pipe_image_resized_128").0),
            differing(&found.mask_u8, &picture("pipe_mask_resized_128").0),
            different(&found.image, &file.read("image").unwrap()),
            different(&found.masked_image, &file.read("masked_image").unwrap()),
            different(&found.latent_mask, &file.read("latent_mask").unwrap()),
        ];
        report(&format!("parity preprocess pipe, numbers that differ: {wrong:?}"));
        assert_eq!(wrong, [0; 5]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sizes_are_multiples_of_64_near_the_proportions(width in 1u32..5000, height in 1u32..5000) {
            if let Ok((w, h)) = processed_size(width, height, 512) {
                prop_assert!(w % 64 == 0 && h % 64 == 0 && w >= 448 && h >= 448 && w.min(h) <= 512);
                let exact = 512.0 * f64::from(width.max(height)) / f64::from(width.min(height));
                prop_assert!((0.0..65.0).contains(&(exact - f64::from(w.max(h)))), "{} {}", w, h);
            } else {
                prop_assert!(width.max(height) / width.min(height) > 400);
            }
        }

        #[test]
        fn any_picture_comes_out_at_the_size_asked_for(
            image in (1u32..40, 1u32..40), mask in (1u32..40, 1u32..40), target in (1u32..8, 1u32..8), value: u8
        ) {
            let target = (target.0 * 8, target.1 * 8);
            let rgb = vec![value; (image.0 * image.1 * 3) as usize];
            let grey = vec![255; (mask.0 * mask.1) as usize];
            let found = prepare(&rgb, image, &grey, mask, target).unwrap();
            let area = (target.0 * target.1) as usize;
            prop_assert!(found.image.len() == 3 * area && found.image_u8.len() == 3 * area);
            prop_assert!(found.masked_image == vec![0.0; 3 * area] && found.mask_u8 == vec![255; area]);
            prop_assert_eq!(found.latent_mask, vec![1.0; area / 64]);
        }
    }

    #[test]
    fn a_square_can_lose_a_step_to_rounding() {
        assert_eq!(processed_size(197, 197, 512).unwrap(), (448, 512));
        assert_eq!(processed_size(512, 512, 512).unwrap(), (512, 512));
        assert_eq!(processed_size(200, 160, 128).unwrap(), (128, 128));
        assert_eq!(processed_size(600, 900, 512).unwrap(), (512, 768));
    }

    #[test]
    fn refuses_shapes_that_lead_nowhere() {
        assert!(matches!(processed_size(0, 5, 512), Err(Error::EmptyImage)));
        assert!(matches!(processed_size(5, 5, 63), Err(Error::Argument(_))));
        assert!(matches!(processed_size(1, u32::MAX, 512), Err(Error::TooLarge { .. })));
        assert!(matches!(processed_size(u32::MAX, 1, u32::MAX), Err(Error::TooLarge { .. })));
    }

    #[test]
    fn refuses_targets_without_latents_and_bytes_that_do_not_match() {
        let of = |rgb: &[u8], mask: &[u8], target| prepare(rgb, (1, 1), mask, (1, 1), target);
        assert!(matches!(of(&[0; 3], &[0], (12, 8)), Err(Error::Shape(_))));
        assert!(matches!(of(&[0; 3], &[0], (8, 0)), Err(Error::EmptyImage)));
        assert!(matches!(of(&[0; 4], &[0], (8, 8)), Err(Error::WrongLength(4, 3))));
        assert!(matches!(of(&[0; 3], &[], (8, 8)), Err(Error::WrongLength(0, 1))));
    }

    #[test]
    fn an_empty_mask_changes_nothing() {
        let found = prepare(&[0, 128, 255], (1, 1), &[127], (1, 1), (8, 8)).unwrap();
        assert_eq!(found.image, found.masked_image);
        assert_eq!(found.latent_mask, [0.0]);
        assert_eq!([found.image[0], found.image[191]], [-1.0, 1.0]);
    }

    #[test]
    fn latents_look_at_the_top_left_pixel_of_their_block_alone() {
        let mut mask = vec![255; 16 * 8];
        mask[0] = 0;
        assert_eq!(latent_mask(&mask, 16), [0.0, 1.0]);
        let mut mask = vec![0; 16 * 8];
        mask[8] = 128;
        assert_eq!(latent_mask(&mask, 16), [0.0, 1.0]);
    }
}
