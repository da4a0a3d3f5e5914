//! The working picture of one cluster: pixels in fixed point, and which of them are to be filled.

use super::clusters::{Cluster, Clusters};
use super::summed_area::SummedArea;
use crate::pixels::{Image, Mask, Patch, Rect};
use crate::{Pacer, Result};
use std::num::Wrapping;
use std::ops::Range;

/// Fixed-point units ("steps") per 8-bit level. Votes keep fractions of a level, and the sum of squares over a patch of 7x7 pixels with 4 channels
/// stays below 2^31.
pub(super) const FIXED_POINT_SCALE: i16 = 8;
/// Rows between two checkpoints: a few milliseconds of work.
const ROWS: u32 = 128;

/// Largest difference, in steps, between two colours of a screen that count as shades of each other.
pub(super) const FAINT: u16 = 12 * FIXED_POINT_SCALE.unsigned_abs();

/// Premultiplied red, green, blue and alpha in steps ([`FIXED_POINT_SCALE`]). While opaque pictures are synthesised, the last channel is
/// [texture](super::texture). Colours are premultiplied, so that transparent pixels neither attract nor lend colours.
pub(super) type Pixel = [i16; 4];

/// What is known of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Given, or already filled; may be copied from.
    Known,
    /// To be filled.
    Target,
    /// Masked, but filled together with another cluster; never copied from.
    Excluded,
}

/// A picture of `[height, width]` [`Pixel`]s, some of which are to be filled.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: Vec<Pixel>,
    pub(super) states: Vec<State>,
}

impl Field {
    /// Cuts `cluster.context` out of `image`, with what `done` (the patch of the whole mask) already holds.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::Error::Cancelled) from `pacer`.
    pub(super) async fn cut(
        image: &Image,
        mask: &Mask,
        done: &Patch,
        clusters: &Clusters,
        cluster: &Cluster,
        pacer: &dyn Pacer,
    ) -> Result<Self> {
        let Rect { x, y, width, height } = cluster.context;
        let mut pixels = Vec::with_capacity(cluster.context.area());
        let mut states = Vec::with_capacity(cluster.context.area());
        for y in y..y + height {
            if y % ROWS == 0 {
                pacer.checkpoint().await?;
            }
            for x in x..x + width {
                let masked = mask.at(x, y) > 0;
                let is_in_patch =
                    (done.rect.x..done.rect.right()).contains(&x) && (done.rect.y..done.rect.bottom()).contains(&y);
                let rgba = if is_in_patch {
                    let at = (y - done.rect.y) as usize * done.rect.width as usize + (x - done.rect.x) as usize;
                    done.rgba[at * 4..][..4].try_into().expect("four channels")
                } else {
                    image.pixel(x, y)
                };
                pixels.push(premultiplied(rgba));
                states.push(match masked.then(|| clusters.number(x, y)) {
                    None => State::Known,
                    Some(number) if number == cluster.number => State::Target,
                    Some(number) if (cluster.first..cluster.number).contains(&number) => State::Known,
                    Some(_) => State::Excluded,
                });
            }
        }
        Ok(Self { width: width as usize, height: height as usize, pixels, states })
    }

    /// Gives a target its colour and makes it known.
    pub(super) fn settle(&mut self, at: usize, colour: Pixel) {
        (self.pixels[at], self.states[at]) = (colour, State::Known);
    }

    /// Writes the targets into `patch`; the field's origin is that of `context`.
    pub(super) fn paste_targets(&self, patch: &mut Patch, context: Rect) {
        for (at, _) in self.states.iter().enumerate().filter(|(_, s)| **s == State::Target) {
            let x = context.x as usize + at % self.width - patch.rect.x as usize;
            let y = context.y as usize + at / self.width - patch.rect.y as usize;
            let to = (y * patch.rect.width as usize + x) * 4;
            patch.rgba[to..to + 4].copy_from_slice(&straight(self.pixels[at]));
        }
    }

    /// The most frequent colour of some pixels, and how many of them have it.
    pub(super) fn most_frequent(&self, places: impl Iterator<Item = usize>) -> Option<(Pixel, usize)> {
        let mut colours: Vec<u64> = places.map(|at| bytemuck::cast(self.pixels[at])).collect();
        colours.sort_unstable();
        let same = colours.chunk_by(|a, b| a == b).reduce(|a, b| if b.len() > a.len() { b } else { a })?;
        Some((bytemuck::cast(same[0]), same.len()))
    }

    /// Luma (BT.601) of a pixel's premultiplied colour, in steps.
    pub(super) fn luma(&self, at: usize) -> u32 {
        let [r, g, b, _] = self.pixels[at].map(|v| u32::from(v.unsigned_abs()));
        (77 * r + 150 * g + 29 * b) / 256
    }

    /// Whether a pixel has all eight neighbours.
    pub(super) fn is_inner(&self, at: usize) -> bool {
        (1..self.width.saturating_sub(1)).contains(&(at % self.width))
            && (1..self.height.saturating_sub(1)).contains(&(at / self.width))
    }

    /// Whether a pixel is known and one of its four neighbours is a target.
    pub(super) fn is_rim(&self, at: usize) -> bool {
        self.states[at] == State::Known && self.is_beside(at, State::Target)
    }

    /// Whether one of a pixel's four neighbours is in `state`.
    #[inline(never)]
    pub(super) fn is_beside(&self, at: usize, state: State) -> bool {
        let (x, y) = (at % self.width, at / self.width);
        (x > 0 && self.states[at - 1] == state)
            || (x + 1 < self.width && self.states[at + 1] == state)
            || (y > 0 && self.states[at - self.width] == state)
            || (y + 1 < self.height && self.states[at + self.width] == state)
    }

    /// The neighbours of a pixel (4-neighbourhood).
    pub(super) fn beside(&self, at: usize) -> impl Iterator<Item = usize> + use<> {
        let (width, count, x) = (self.width, self.states.len(), at % self.width);
        let ways =
            [(x > 0, -1), (x + 1 < width, 1), (at >= width, -(width as isize)), (at + width < count, width as isize)];
        ways.into_iter().filter(|(is_there, _)| *is_there).filter_map(move |(_, step)| at.checked_add_signed(step))
    }

    /// City-block distance of each pixel from the nearest known one, in pixels; 0 for known pixels.
    pub(super) fn depths(&self) -> Vec<u32> {
        let (width, height) = (self.width, self.height);
        let far = (width + height) as u32;
        let mut depth: Vec<u32> = self.states.iter().map(|s| if *s == State::Known { 0 } else { far }).collect();
        for y in 0..height {
            let at = y * width;
            for x in at..at + width {
                let left = if x > at { depth[x - 1] + 1 } else { far };
                let above = if y > 0 { depth[x - width] + 1 } else { far };
                depth[x] = depth[x].min(left).min(above);
            }
        }
        for y in (0..height).rev() {
            let at = y * width;
            for x in (at..at + width).rev() {
                let right = if x + 1 < at + width { depth[x + 1] + 1 } else { far };
                let below = if y + 1 < height { depth[x + width] + 1 } else { far };
                depth[x] = depth[x].min(right).min(below);
            }
        }
        depth
    }

    /// The patches of `radius` pixels that lie wholly in the field, by whether they can be copied from or are to be filled.
    pub(super) fn patches(&self, radius: usize) -> Patches {
        let mut patches = Patches { is_source: vec![false; self.pixels.len()], sources: vec![], targets: vec![] };
        if self.width <= 2 * radius || self.height <= 2 * radius {
            return patches;
        }
        let counts = self.counts(|state| [state != State::Known, state == State::Target]);
        for y in radius..self.height - radius {
            for x in radius..self.width - radius {
                let [unknown, targets] = counts.around([x, y], radius).map(|count| count.0);
                let at = (y * self.width + x) as u32;
                if unknown == 0 {
                    patches.is_source[at as usize] = true;
                    patches.sources.push(at);
                } else if targets > 0 {
                    patches.targets.push(at);
                }
            }
        }
        patches
    }

    /// For every pixel, whether a target is at most `reach` pixels away along both axes.
    pub(super) fn near_targets(&self, reach: usize) -> Vec<bool> {
        let counts = self.counts(|state| [state == State::Target]);
        let places = (0..self.height).flat_map(|y| (0..self.width).map(move |x| [x, y]));
        places.map(|place| counts.around(place, reach)[0].0 > 0).collect()
    }

    /// How many pixels have each of `N` properties, over any square.
    fn counts<const N: usize>(&self, properties: impl Fn(State) -> [bool; N]) -> SummedArea<Wrapping<u32>, N> {
        let mut counts = SummedArea::new(self.width, self.height);
        for row in self.states.chunks_exact(self.width) {
            counts.push_row(|x| properties(row[x]).map(|has| Wrapping(u32::from(has))));
        }
        counts
    }
}

/// A rectangle of a field, so that work and memory depend on the size of the hole and not on that of the field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    left: usize,
    top: usize,
    /// Width in pixels.
    pub(super) width: usize,
    /// Height in pixels.
    pub(super) height: usize,
    /// Width of the field.
    row: usize,
}

impl Window {
    /// The smallest rectangle around all targets, grown by `margin` pixels; empty when there are none.
    #[inline(never)]
    pub(super) fn of_targets(field: &Field, margin: usize) -> Self {
        Self::around(field, |s| s == State::Target, margin)
    }

    /// The smallest rectangle around everything that is not known, grown by `margin` pixels.
    #[inline(never)]
    pub(super) fn of_unknown(field: &Field, margin: usize) -> Self {
        Self::around(field, |s| s != State::Known, margin)
    }

    fn around(field: &Field, wanted: impl Fn(State) -> bool, margin: usize) -> Self {
        let (mut left, mut top, mut right, mut bottom) = (field.width, field.height, 0, 0);
        for (y, row) in field.states.chunks_exact(field.width).enumerate() {
            let Some(first) = row.iter().position(|s| wanted(*s)) else { continue };
            let last = row.iter().rposition(|s| wanted(*s)).unwrap_or(first);
            left = left.min(first);
            right = right.max(last + 1);
            top = top.min(y);
            bottom = y + 1;
        }
        if right == 0 {
            return Self { left: 0, top: 0, width: 0, height: 0, row: field.width };
        }
        let (left, top) = (left.saturating_sub(margin), top.saturating_sub(margin));
        let width = (right + margin).min(field.width) - left;
        let height = (bottom + margin).min(field.height) - top;
        Self { left, top, width, height, row: field.width }
    }

    /// The indices of its pixels in the field, row by row.
    pub(super) fn pixels(&self) -> impl Iterator<Item = usize> + use<> {
        let window = *self;
        (0..self.height).flat_map(move |y| window.row(y))
    }

    /// The indices of the pixels in its row `y`.
    pub(super) fn row(&self, y: usize) -> Range<usize> {
        let first = (self.top + y) * self.row + self.left;
        first..first + self.width
    }

    /// Whether a pixel of the field lies in it.
    pub(super) fn contains(&self, at: usize) -> bool {
        (self.top..self.top + self.height).contains(&(at / self.row))
            && (self.left..self.left + self.width).contains(&(at % self.row))
    }

    /// What a square of the field has in common with the window, row by row. `corner` is the index of the square's first pixel in the field.
    pub(super) fn overlaps(&self, corner: usize, side: usize) -> impl Iterator<Item = Overlap> + use<> {
        let Self { left: window_left, top: window_top, width, height, row } = *self;
        let (left, top) = (corner % row, corner / row);
        let (first, end) = (left.max(window_left), (left + side).min(window_left + width));
        let rows = top.max(window_top)..(top + side).min(window_top + height);
        let is_beside = end <= first;
        rows.filter(move |_| !is_beside).map(move |y| {
            let slot = (y - window_top) * width + first - window_left;
            Overlap { first: (y - top) * row + first - left, slots: slot..slot + end - first }
        })
    }

    /// The position of a pixel of the window in [`Window::pixels`]; `at` is its index in the field.
    pub(super) fn slot(&self, at: usize) -> usize {
        (at / self.row - self.top) * self.width + at % self.row - self.left
    }
}

/// What a row of a square has in common with a window.
pub(super) struct Overlap {
    /// Index in the field of its first pixel, less that of the square's first pixel.
    pub(super) first: usize,
    /// Its pixels, as [slots](Window::slot) of the window.
    pub(super) slots: Range<usize>,
}

/// The patches of a field, each named by the index of its centre pixel.
#[derive(Clone, Debug)]
pub(super) struct Patches {
    /// For every pixel of the field, whether all pixels of the patch around it are known.
    pub(super) is_source: Vec<bool>,
    /// The patches that are wholly known, in raster order.
    pub(super) sources: Vec<u32>,
    /// The patches that hold a target, in raster order.
    pub(super) targets: Vec<u32>,
}

/// The largest difference between two colours in any channel, in steps.
pub(super) fn apart(a: Pixel, b: Pixel) -> u16 {
    a.iter().zip(b).map(|(a, b)| a.abs_diff(b)).max().unwrap_or(0)
}

/// A colour rounded to whole steps and clamped to the range of 8 bits. Channels may exceed alpha; [`straight`] clamps them.
pub(super) fn quantised(value: [f32; 4]) -> Pixel {
    // What is clamped is not negative, so that the conversion, which cuts off, rounds to nearest.
    value.map(|v| (v.clamp(0.0, 255.0 * f32::from(FIXED_POINT_SCALE)) + 0.5) as i16)
}

fn premultiplied([r, g, b, a]: [u8; 4]) -> Pixel {
    let alpha = i32::from(a);
    let channel = |c: u8| ((i32::from(c) * alpha * i32::from(FIXED_POINT_SCALE) + 127) / 255) as i16;
    [channel(r), channel(g), channel(b), i16::from(a) * FIXED_POINT_SCALE]
}

fn straight([r, g, b, a]: Pixel) -> [u8; 4] {
    let steps = f32::from(FIXED_POINT_SCALE);
    let alpha = (f32::from(a) / steps).round().clamp(0.0, 255.0);
    if alpha == 0.0 {
        return [0; 4];
    }
    let channel = |c: i16| (f32::from(c) / steps * 255.0 / alpha).round().clamp(0.0, 255.0) as u8;
    [channel(r), channel(g), channel(b), alpha as u8]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn depths_count_from_the_rim() {
        let is_target = |i: usize| (2..7).contains(&(i % 9)) && (2..7).contains(&(i / 9));
        let states = (0..81).map(|i| if is_target(i) { State::Target } else { State::Known }).collect();
        let depth = Field { width: 9, height: 9, pixels: vec![[0; 4]; 81], states }.depths();
        assert_eq!([depth[0], depth[2 * 9 + 2], depth[4 * 9 + 4]], [0, 1, 3]);
    }

    proptest! {
        #[test]
        fn a_square_meets_a_window_where_they_have_pixels_in_common(
            (left, top) in (0usize..14, 0usize..9), (width, height) in (1usize..8, 1usize..8), side in 1usize..8, (x, y) in (0usize..15, 0usize..10),
        ) {
            let row = 22;
            let window = Window { left, top, width, height, row };
            let corner = y * row + x;
            let square = (0..side * side).map(|i| corner + i / side * row + i % side);
            let expected: Vec<_> = square.filter(|at| window.contains(*at)).map(|at| (window.slot(at), at - corner)).collect();
            let met: Vec<_> = window.overlaps(corner, side).flat_map(|overlap| overlap.slots.zip(overlap.first..)).collect();
            prop_assert_eq!(met, expected);
        }

        #[test]
        fn opaque_colours_survive_the_round_trip(r: u8, g: u8, b: u8) {
            prop_assert_eq!(straight(premultiplied([r, g, b, 255])), [r, g, b, 255]);
        }

        #[test]
        fn soft_colours_survive_within_what_their_alpha_can_hold(r: u8, a in 16u8..) {
            let [back, .., alpha] = straight(premultiplied([r, 0, 0, a]));
            prop_assert_eq!(alpha, a);
            prop_assert!(back.abs_diff(r) <= 1);
        }
    }
}
