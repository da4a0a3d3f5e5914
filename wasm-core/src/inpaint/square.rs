//! A crop as the model is shown it: a square of the model's size, and back.

use super::crops::Crop;
use crate::Result;
use crate::pixels::{Filter, Image, Mask, Patch, resize};

/// Coverage from which a resized pixel of the mask belongs to the hole: any trace of what is to go would show.
const COVERED: u8 = 32;

/// A crop of a picture, of which the mask's part is already filled somehow.
pub(super) struct Square<'a> {
    pub(super) image: &'a Image,
    pub(super) mask: &'a Mask,
    /// The mask's rectangle as it is filled so far.
    pub(super) patch: &'a Patch,
    pub(super) crop: &'a Crop,
    /// Side of what the model takes, pixels.
    pub(super) native: u32,
}

/// What the model is given.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shown {
    /// The picture in levels, `[native, native, 3]`.
    pub(super) rgb: Vec<u8>,
    /// True in the hole, `[native, native]`.
    pub(super) in_hole: Vec<bool>,
}

impl Shown {
    /// Puts what was painted (`[native, native, 3]`) into the hole of `rgb`.
    pub(super) fn paint(&mut self, painted: &[u8]) {
        let pixels = self.rgb.chunks_exact_mut(3).zip(painted.chunks_exact(3));
        for ((to, from), _) in pixels.zip(&self.in_hole).filter(|(_, in_hole)| **in_hole) {
            to.copy_from_slice(from);
        }
    }
}

impl Square<'_> {
    /// The picture as it is filled so far.
    pub(super) fn pixel(&self, x: u32, y: u32) -> [u8; 4] {
        if self.mask.at(x, y) == 0 {
            return self.image.pixel(x, y);
        }
        let rect = self.patch.rect;
        let at = ((y - rect.y) as usize * rect.width as usize + (x - rect.x) as usize) * 4;
        std::array::from_fn(|channel| self.patch.rgba[at + channel])
    }

    /// Where the square's corner is in the picture; outside, if it is wider or higher than the picture.
    pub(super) fn origin(&self) -> [i64; 2] {
        let (rect, side) = (self.crop.rect, self.crop.side);
        let before = |start: u32, length: u32| i64::from(start) - i64::from((side - length) / 2);
        [before(rect.x, rect.width), before(rect.y, rect.height)]
    }

    /// Calls `each` with every pixel of the square, at the picture's scale, row by row, as a place in the picture.
    fn for_each_place(&self, mut each: impl FnMut(u32, u32)) {
        let (rect, side) = (self.crop.rect, self.crop.side);
        let columns: Vec<u32> = (0..side).map(|column| rect.x + reflected(column, side, rect.width)).collect();
        for row in 0..side {
            let y = rect.y + reflected(row, side, rect.height);
            columns.iter().for_each(|x| each(*x, y));
        }
    }

    pub(super) fn shown(&self) -> Result<Shown> {
        let (from, to) = ((self.crop.side, self.crop.side), (self.native, self.native));
        let area = from.0 as usize * from.1 as usize;
        let (mut colours, mut coverage) = (Vec::with_capacity(area * 3), Vec::with_capacity(area));
        self.for_each_place(|x, y| {
            colours.extend_from_slice(&over_grey(self.pixel(x, y)));
            coverage.push(if self.mask.at(x, y) > 0 { 255 } else { 0 });
        });
        let rgb = resize(&colours, 3, from, to, Filter::Lanczos)?;
        let coverage = resize(&coverage, 1, from, to, Filter::Bicubic)?;
        Ok(Shown { rgb, in_hole: coverage.iter().map(|coverage| *coverage >= COVERED).collect() })
    }

    /// `rgb`, `[native, native, 3]`, at the picture's scale and without reflections: `[rect.height, rect.width, 3]`.
    pub(super) fn restored(&self, rgb: &[u8]) -> Result<Vec<u8>> {
        let (rect, side) = (self.crop.rect, self.crop.side as usize);
        let large = resize(rgb, 3, (self.native, self.native), (side as u32, side as u32), Filter::Lanczos)?;
        let (left, top) = ((side - rect.width as usize) / 2, (side - rect.height as usize) / 2);
        let rows = (top..top + rect.height as usize).map(|row| (row * side + left) * 3);
        Ok(rows.flat_map(|at| large[at..at + rect.width as usize * 3].iter().copied()).collect())
    }
}

/// A place along an axis that goes on as its own reflection at both ends; its `length` is in the middle of `side`.
fn reflected(at: u32, side: u32, length: u32) -> u32 {
    let offset = i64::from((side - length) / 2);
    let period = 2 * i64::from(length);
    let place = (i64::from(at) - offset).rem_euclid(period);
    place.min(period - 1 - place) as u32
}

/// Transparent pixels have no colour of their own; grey is what the model's world is centred on.
fn over_grey([r, g, b, alpha]: [u8; 4]) -> [u8; 3] {
    if alpha == 255 {
        return [r, g, b];
    }
    let alpha = u32::from(alpha);
    [r, g, b].map(|value| ((u32::from(value) * alpha + 128 * (255 - alpha) + 127) / 255) as u8)
}

#[cfg(test)]
mod tests {
    use super::super::crops::plan;
    use super::*;
    use crate::pixels::Rect;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_shown_comes_back_where_it_was(width in 1u32..90, height in 1u32..90, x in 0.0..1.0f64, y in 0.0..1.0f64) {
            let image = Image::new(width, height, (0..width * height).flat_map(|i| {
                let (x, y) = (i % width, i / width);
                [(x * 255 / width) as u8, (y * 255 / height) as u8, 90, 255]
            }).collect()).unwrap();
            let hole = Rect { x: (x * f64::from(width)) as u32, y: (y * f64::from(height)) as u32, width: 1, height: 1 };
            let mask = Mask::new(hole, vec![255]).unwrap();
            let patch = image.crop(hole).unwrap();
            let crop = plan(image.bounds(), &[hole], 64).remove(0);
            let square = Square { image: &image, mask: &mask, patch: &patch, crop: &crop, native: 64 };
            let shown = square.shown().unwrap();
            prop_assert!(shown.in_hole.contains(&true), "even a single pixel is repainted");
            let back = square.restored(&shown.rgb).unwrap();
            let rect = crop.rect;
            prop_assert_eq!(back.len(), rect.area() * 3);
            for (i, seen) in back.chunks_exact(3).enumerate() {
                let wanted = image.pixel(rect.x + i as u32 % rect.width, rect.y + i as u32 / rect.width);
                for c in 0..3 {
                    // Enlarged and reduced again, a slope keeps its values but for its ends.
                    prop_assert!(seen[c].abs_diff(wanted[c]) <= 40, "{:?} for {:?}", seen, wanted);
                }
            }
        }
    }

    #[test]
    fn axes_go_on_as_their_reflection() {
        let all: Vec<u32> = (0..9).map(|at| reflected(at, 9, 3)).collect();
        assert_eq!(all, [2, 1, 0, 0, 1, 2, 2, 1, 0]);
        assert!((0..7).all(|at| reflected(at, 7, 1) == 0));
    }
}
