//! Erasing with the built-in fill: the engine's simplest entry point.

use crate::fill::{self, Filled, Reading, Route};
use crate::pixels::{Image, Mask, Patch};
use crate::{Error, Pacer, Result};

/// Fills what `mask` covers from the rest of `image` and returns the rectangle that changed.
///
/// Pixels that the mask does not cover keep their exact value, also inside the patch's rectangle. Partly covered pixels are blended with the
/// fill. The same arguments give the same pixels on every machine.
///
/// # Errors
/// [`Error::EmptyMask`], [`Error::WholeMask`], [`Error::MaskOutside`]; [`Error::Cancelled`] from `pacer`.
pub async fn erase(image: &Image, mask: &Mask, seed: u32, pacer: &dyn Pacer) -> Result<Patch> {
    Ok(erase_by(image, mask, seed, Route::Automatic, pacer).await?.patch)
}

/// The result of [`erase_by`].
#[derive(Clone, Debug, PartialEq)]
pub struct Erased {
    /// The rectangle that changed.
    pub patch: Patch,
    /// How the paint was taken.
    pub reading: Reading,
    /// The share of the changed pixels that were made up, 0 to 1; the picture's own colours were recovered in the others.
    pub made_up: f32,
    /// True where it lies across text and could not be looked through: what may look like words there is made up.
    pub invents_text: bool,
}

/// [`erase`] with a given way to take the paint.
///
/// # Errors
/// Those of [`erase`].
pub async fn erase_by(image: &Image, mask: &Mask, seed: u32, route: Route, pacer: &dyn Pacer) -> Result<Erased> {
    let mask = mask.fitted(image)?;
    let Filled { mut patch, made_up: filled, reading } = fill::instant(image, &mask, seed, route, pacer).await?;
    blend_covered(&mut patch, image, &filled)?;
    let rect = patch.rect;
    let (mut made_up, mut changed) = (0usize, 0usize);
    for ((x, y), pixel) in rect.places().zip(patch.rgba.chunks_exact(4)) {
        let is_made_up = filled.at(x, y) > 0;
        made_up += usize::from(is_made_up);
        changed += usize::from(is_made_up || image.pixel(x, y) != pixel);
    }
    let invents_text = reading.route != Route::SeeThrough && fill::lies_across_text(image, &mask, pacer).await?;
    Ok(Erased { patch, reading, made_up: made_up as f32 / changed.max(1) as f32, invents_text })
}

/// Whether what `mask` covers lies across text on a screen, so that whatever takes its place is made up, also where it looks like words.
///
/// # Errors
/// Those of [`erase`].
pub async fn lies_across_text(image: &Image, mask: &Mask, pacer: &dyn Pacer) -> Result<bool> {
    fill::lies_across_text(image, &mask.fitted(image)?, pacer).await
}

/// Blends `patch`, which has the mask's rectangle, with the picture where the mask covers a pixel in part.
pub(crate) fn blend_covered(patch: &mut Patch, image: &Image, mask: &Mask) -> Result<()> {
    let rect = mask.rect();
    let before = image.crop(rect)?;
    if patch.rgba.len() != before.rgba.len() {
        return Err(Error::WrongLength(patch.rgba.len(), before.rgba.len()));
    }
    for (((x, y), new), old) in rect.places().zip(patch.rgba.chunks_exact_mut(4)).zip(before.rgba.chunks_exact(4)) {
        blend(new, old, mask.at(x, y));
    }
    Ok(())
}

/// `new = old + (new - old) * coverage / 255`, on premultiplied colours, so that transparent pixels contribute no colour.
fn blend(new: &mut [u8], old: &[u8], coverage: u8) {
    match coverage {
        // A fill does not change pixels without coverage, and fully covered ones stay as it made them.
        0 | 255 => {}
        c => {
            let t = f32::from(c) / 255.0;
            let (alpha_old, alpha_new) = (f32::from(old[3]) * (1.0 - t), f32::from(new[3]) * t);
            let alpha = alpha_old + alpha_new;
            if alpha > 0.0 {
                for i in 0..3 {
                    let mixed = (f32::from(old[i]) * alpha_old + f32::from(new[i]) * alpha_new) / alpha;
                    new[i] = mixed.round() as u8;
                }
            }
            new[3] = alpha.round() as u8;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::Rect;
    use crate::{Checkpoint, Stage, Unpaced};
    use std::cell::Cell;
    use std::future::ready;

    /// A vertical gradient with a red square on it, and a mask over the square with a soft edge.
    fn scene() -> (Image, Mask, Rect) {
        let (width, height) = (96u32, 80u32);
        let square = Rect { x: 40, y: 30, width: 15, height: 13 };
        let rgba = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .flat_map(|(x, y)| {
                let inside = square.contains(&Rect { x, y, width: 1, height: 1 });
                if inside { [255, 0, 0, 255] } else { [60, 90 + y as u8, 200 - y as u8, 255] }
            })
            .collect();
        let around = square.grown(3, &Rect::of_size(width, height));
        let coverage = (around.y..around.bottom())
            .flat_map(|y| (around.x..around.right()).map(move |x| (x, y)))
            .map(|(x, y)| {
                let edge = x == around.x || y == around.y || x + 1 == around.right() || y + 1 == around.bottom();
                if edge { 100 } else { 255 }
            })
            .collect();
        (Image::new(width, height, rgba).unwrap(), Mask::new(around, coverage).unwrap(), square)
    }

    #[test]
    fn the_square_is_gone_and_the_gradient_goes_on() {
        let (image, mask, square) = scene();
        let patch = pollster::block_on(erase(&image, &mask, 1, &Unpaced)).unwrap();
        let mut after = image.clone();
        after.replace(&patch).unwrap();
        for y in square.y..square.bottom() {
            for x in square.x..square.right() {
                let [r, g, b, a] = after.pixel(x, y);
                let expected = [60, 90 + y as u8, 200 - y as u8];
                for (seen, wanted) in [r, g, b].into_iter().zip(expected) {
                    assert!(seen.abs_diff(wanted) <= 6, "({x}, {y}): {seen} for {wanted}");
                }
                assert_eq!(a, 255);
            }
        }
    }

    #[test]
    fn pixels_that_the_mask_spares_are_bit_identical_and_runs_repeat() {
        let (image, mask, _) = scene();
        let run = |seed| pollster::block_on(erase(&image, &mask, seed, &Unpaced)).unwrap();
        let patch = run(5);
        assert_eq!(patch, run(5));
        let mut after = image.clone();
        after.replace(&patch).unwrap();
        for y in 0..image.height() {
            for x in 0..image.width() {
                if mask.at(x, y) == 0 {
                    assert_eq!(after.pixel(x, y), image.pixel(x, y));
                }
            }
        }
    }

    proptest::proptest! {
        /// Lines, single columns, holes at every border: whatever the shape, it ends, and what is spared is spared.
        #[test]
        fn any_picture_with_any_mask_is_filled(
            width in 1u32..70, height in 1u32..50, seed: u32, x in 0.0..1.0f64, y in 0.0..1.0f64,
            mask_width in 1u32..50, mask_height in 1u32..50,
        ) {
            let byte = |i: u32| (i.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 23) as u8;
            let image = Image::new(width, height, (0..width * height * 4).map(byte).collect()).unwrap();
            let (x, y) = ((x * f64::from(width)) as u32, (y * f64::from(height)) as u32);
            let rect = Rect { x, y, width: mask_width.min(width - x), height: mask_height.min(height - y) };
            let mask = Mask::new(rect, vec![255; rect.area()]).unwrap();
            match pollster::block_on(erase(&image, &mask, seed, &Unpaced)) {
                Err(Error::WholeMask) => proptest::prop_assert_eq!(rect, image.bounds()),
                Err(other) => panic!("{other}"),
                Ok(patch) => proptest::prop_assert_eq!(patch.rect, rect),
            }
        }
    }

    /// Cancels at the n-th checkpoint, and checks that progress never goes back.
    struct CancelAt(Cell<u32>, Cell<f32>);

    impl Pacer for CancelAt {
        fn progress(&self, stage: Stage, done: f32) {
            if stage == Stage::Filling {
                assert!(done >= self.1.get(), "{done} after {}", self.1.get());
                self.1.set(done);
            }
        }

        fn checkpoint(&self) -> Checkpoint<'_> {
            self.0.set(self.0.get().saturating_sub(1));
            Box::pin(ready(if self.0.get() == 0 { Err(Error::Cancelled) } else { Ok(()) }))
        }
    }

    #[test]
    fn cancelling_stops_at_the_next_checkpoint() {
        let (image, mask, _) = scene();
        let pacer = CancelAt(Cell::new(3), Cell::new(0.0));
        assert!(matches!(pollster::block_on(erase(&image, &mask, 1, &pacer)), Err(Error::Cancelled)));
    }

    #[test]
    fn transparent_surroundings_lend_their_transparency_and_no_colour() {
        let mut rgba = [250, 0, 250, 0].repeat(40 * 40);
        for y in 15..25 {
            for x in 15..25 {
                rgba[(y * 40 + x) * 4..][..4].copy_from_slice(&[0, 200, 0, 255]);
            }
        }
        let image = Image::new(40, 40, rgba).unwrap();
        let mask = Mask::new(Rect { x: 12, y: 12, width: 16, height: 16 }, vec![255; 256]).unwrap();
        let patch = pollster::block_on(erase(&image, &mask, 1, &Unpaced)).unwrap();
        assert!(patch.rgba.chunks_exact(4).all(|p| p[3] == 0));
    }
}
