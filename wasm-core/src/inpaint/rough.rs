//! A quick fill of the hole that denoising starts from.
//!
//! A trace of the start shows in the result, so the start must not contain what is to be erased. Only its coarse colours show, so it is
//! computed at a reduced size.

use crate::pixels::{Filter, Image, Mask, Patch, Rect, resize};
use crate::{Error, Pacer, Result, fill};

/// Pixels along the longer side of a hole at the reduced size. Latents are an eighth of the model's square, and a hole is at most half of
/// it: 32 latents.
const MAX_SIDE: u32 = 32;

/// The rectangle of `mask` ([fitted](Mask::fitted)) with the hole filled by the built-in fill: reduced, if the hole is large and its surroundings
/// are opaque. Transparency is not only a start, but what stays.
///
/// # Errors
/// As [`fill::make_up`].
pub(super) async fn fill(image: &Image, mask: &Mask, seed: u32, pacer: &dyn Pacer) -> Result<Patch> {
    let hole = mask.rect();
    let longest = hole.width.max(hole.height);
    let around = image.crop(hole.grown(longest.div_ceil(2), &image.bounds()))?;
    let opaque = around.rgba.chunks_exact(4).all(|pixel| pixel[3] == 255);
    let factor = longest.div_ceil(MAX_SIDE);
    if factor < 2 || !opaque {
        return fill::make_up(image, mask, seed, fill::Route::Everything, pacer).await;
    }
    match reduced(image, &around, mask, factor, seed, pacer).await {
        // So many small holes that nothing is left between them.
        Err(Error::WholeMask) => fill::make_up(image, mask, seed, fill::Route::Everything, pacer).await,
        other => other,
    }
}

async fn reduced(
    image: &Image,
    around: &Patch,
    mask: &Mask,
    factor: u32,
    seed: u32,
    pacer: &dyn Pacer,
) -> Result<Patch> {
    let (whole, hole) = (around.rect, mask.rect());
    let from = (whole.width, whole.height);
    let to = (whole.width.div_ceil(factor), whole.height.div_ceil(factor));
    let small = Image::new(to.0, to.1, resize(&around.rgba, 4, from, to, Filter::Bicubic)?)?;
    // Whatever has a trace of what is to go, and what the filter took from beyond.
    let mut coverage = vec![0; to.0 as usize * to.1 as usize];
    let reach = |at: u32, length: u32, reduced: u32| {
        let centre = u64::from(at) * u64::from(reduced) / u64::from(length);
        (centre.saturating_sub(1) as u32, (centre as u32 + 1).min(reduced - 1))
    };
    for (x, y) in (hole.y..hole.bottom()).flat_map(|y| (hole.x..hole.right()).map(move |x| (x, y))) {
        if mask.at(x, y) > 0 {
            let (left, right) = reach(x - whole.x, from.0, to.0);
            let (top, bottom) = reach(y - whole.y, from.1, to.1);
            for row in top..=bottom {
                coverage[(row * to.0 + left) as usize..=(row * to.0 + right) as usize].fill(255);
            }
        }
    }
    let small_mask = Mask::new(small.bounds(), coverage)?.fitted(&small)?;
    let mut filled = small;
    let patch = fill::make_up(&filled, &small_mask, seed, fill::Route::Everything, pacer).await?;
    filled.replace(&patch)?;
    let large = resize(filled.rgba(), 4, to, from, Filter::Bicubic)?;
    let inner = Rect { x: hole.x - whole.x, y: hole.y - whole.y, ..hole };
    let mut patch = Patch { rect: hole, ..Image::new(whole.width, whole.height, large)?.crop(inner)? };
    let spared = image.crop(hole)?;
    for (i, (new, old)) in patch.rgba.chunks_exact_mut(4).zip(spared.rgba.chunks_exact(4)).enumerate() {
        if mask.at(hole.x + i as u32 % hole.width, hole.y + i as u32 / hole.width) == 0 {
            new.copy_from_slice(old);
        }
    }
    Ok(patch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unpaced;

    /// A sky over a meadow with a red hole of odd size, and the hole's mask.
    fn scene(width: u32, height: u32, hole: Rect) -> (Image, Mask) {
        let colour = |i: u32| {
            let (x, y) = (i % width, i / width);
            let corner = (x, y) == (hole.x, hole.y);
            let inside = !corner && (hole.x..hole.right()).contains(&x) && (hole.y..hole.bottom()).contains(&y);
            match (inside, y < height / 2) {
                (true, _) => [250, 10, 10, 255],
                (_, true) => [120, 170, 230, 255],
                (_, false) => [60 + (x * 7 % 20) as u8, 140, 40, 255],
            }
        };
        let image = Image::new(width, height, (0..width * height).flat_map(colour).collect()).unwrap();
        (image, Mask::new(hole, vec![255; hole.area()]).unwrap())
    }

    #[test]
    fn nothing_of_what_is_to_go_is_in_it() {
        for (width, height, hole) in [
            (401, 331, Rect { x: 101, y: 91, width: 203, height: 151 }),
            (90, 70, Rect { x: 31, y: 23, width: 21, height: 27 }),
            (700, 60, Rect { x: 3, y: 0, width: 611, height: 60 }),
        ] {
            let (image, whole) = scene(width, height, hole);
            // One spared pixel in the corner.
            let mut coverage = vec![255; hole.area()];
            coverage[0] = 0;
            let mask = Mask::new(whole.rect(), coverage).unwrap();
            let patch = pollster::block_on(fill(&image, &mask, 1, &Unpaced)).unwrap();
            assert_eq!(patch.rgba[..4], image.pixel(hole.x, hole.y), "what is spared stays");
            assert_eq!((patch.rect, patch.rgba.len()), (hole, hole.area() * 4));
            let red = patch.rgba[4..].chunks_exact(4).filter(|p| p[0] > 135).count();
            assert_eq!(red, 0, "of {width}x{height}");
            if hole.y == 0 {
                continue;
            }
            let at = |x: u32, y: u32| patch.rgba[((y * hole.width + x) * 4) as usize + 2];
            assert!(at(hole.width / 2, 2) > 180, "sky above");
            assert!(at(hole.width / 2, hole.height - 3) < 90, "meadow below");
        }
    }

    #[test]
    fn where_nothing_would_be_left_it_is_not_reduced() {
        let (image, _) = scene(200, 200, Rect { x: 0, y: 0, width: 1, height: 1 });
        // Every second pixel.
        let mask = Mask::new(image.bounds(), (0..200 * 200).map(|i| (i % 2 * 255) as u8).collect()).unwrap();
        let patch = pollster::block_on(fill(&image, &mask, 1, &Unpaced)).unwrap();
        assert_eq!(patch.rect, image.bounds());
    }
}
