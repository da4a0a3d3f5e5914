//! The working picture of one region.

use std::ops::Range;

use super::clusters::{Cluster, Clusters};
use crate::pixels::{Image, Mask, Patch, Rect};

/// Fixed-point steps per 8-bit level: votes keep fractions, and a 7x7x4 sum of squares stays below 2^31.
pub(super) const STEPS: i16 = 8;

/// Colours of a screen that differ by so much at most, in steps, are shades of each other.
pub(super) const FAINT: u16 = 12 * STEPS.unsigned_abs();

/// Premultiplied red, green, blue and alpha in [`STEPS`] per level; while opaque pictures are synthesised, the last is
/// [texture](super::texture). Premultiplied, so that transparent pixels neither attract nor lend colours.
pub(super) type Pixel = [i16; 4];

/// What is known of a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Given; may be copied from.
    Known,
    /// To be filled.
    Target,
    /// Masked, but filled by another cluster's turn: never copied from.
    Excluded,
}

/// A picture of `[height, width]` [`Pixel`]s, of which some are to be found.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) pixels: Vec<Pixel>,
    pub(super) states: Vec<State>,
}

impl Field {
    /// Cuts `cluster.context` out of `image` with `done` on it (the patch of the whole mask, as far as it is filled).
    pub(super) fn cut(image: &Image, mask: &Mask, done: &Patch, clusters: &Clusters, cluster: &Cluster) -> Self {
        let Rect { x, y, width, height } = cluster.context;
        let mut pixels = Vec::with_capacity(cluster.context.area());
        let mut states = Vec::with_capacity(cluster.context.area());
        for y in y..y + height {
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
        Self { width: width as usize, height: height as usize, pixels, states }
    }

    /// From now on a target is known.
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

    /// Luma (BT.601) of a pixel, in steps, premultiplied.
    pub(super) fn luma(&self, at: usize) -> u32 {
        let [r, g, b, _] = self.pixels[at].map(|v| u32::from(v.unsigned_abs()));
        (77 * r + 150 * g + 29 * b) / 256
    }

    /// Whether a pixel has all eight neighbours.
    pub(super) fn is_inner(&self, at: usize) -> bool {
        (1..self.width.saturating_sub(1)).contains(&(at % self.width))
            && (1..self.height.saturating_sub(1)).contains(&(at / self.width))
    }

    /// Whether a pixel is known and has a target beside, above or below it.
    pub(super) fn is_rim(&self, at: usize) -> bool {
        self.states[at] == State::Known && self.is_beside(at, State::Target)
    }

    /// Whether a pixel has one in a state beside, above or below it.
    #[inline(never)]
    pub(super) fn is_beside(&self, at: usize, state: State) -> bool {
        let (x, y) = (at % self.width, at / self.width);
        (x > 0 && self.states[at - 1] == state)
            || (x + 1 < self.width && self.states[at + 1] == state)
            || (y > 0 && self.states[at - self.width] == state)
            || (y + 1 < self.height && self.states[at + self.width] == state)
    }

    /// True where a patch of radius `radius` around each pixel lies in the field and has only known pixels,
    /// together with the list of the others in the field's interior that hold a target.
    pub(super) fn patches(&self, radius: usize) -> Patches {
        let unknown = self.integral(|s| s != State::Known);
        let target = self.integral(|s| s == State::Target);
        let mut patches = Patches { is_source: vec![false; self.pixels.len()], sources: vec![], targets: vec![] };
        if self.width <= 2 * radius || self.height <= 2 * radius {
            return patches;
        }
        for y in radius..self.height - radius {
            for x in radius..self.width - radius {
                let count = |sums: &[u32]| self.around([x, y], radius, sums);
                let at = (y * self.width + x) as u32;
                if count(&unknown) == 0 {
                    patches.is_source[at as usize] = true;
                    patches.sources.push(at);
                } else if count(&target) > 0 {
                    patches.targets.push(at);
                }
            }
        }
        patches
    }

    /// Whether there is a target no further than `reach` from each pixel, along either axis.
    pub(super) fn near_targets(&self, reach: usize) -> Vec<bool> {
        let target = self.integral(|s| s == State::Target);
        let is_near = |at| self.around([at % self.width, at / self.width], reach, &target) > 0;
        (0..self.states.len()).map(is_near).collect()
    }

    /// The sum over the square of radius `radius` around a pixel, as far as it lies in the field.
    fn around(&self, [x, y]: [usize; 2], radius: usize, integral: &[u32]) -> u32 {
        let row = self.width + 1;
        let (top, bottom) = (y.saturating_sub(radius) * row, (y + radius + 1).min(self.height) * row);
        let (left, right) = (x.saturating_sub(radius), (x + radius + 1).min(self.width));
        integral[bottom + right] + integral[top + left] - integral[bottom + left] - integral[top + right]
    }

    /// Integral image `[height + 1, width + 1]` of the pixels in a state.
    fn integral(&self, wanted: impl Fn(State) -> bool) -> Vec<u32> {
        let row = self.width + 1;
        let mut sums = vec![0u32; row * (self.height + 1)];
        for y in 0..self.height {
            let mut line = 0;
            for x in 0..self.width {
                line += u32::from(wanted(self.states[y * self.width + x]));
                sums[(y + 1) * row + x + 1] = sums[y * row + x + 1] + line;
            }
        }
        sums
    }
}

/// A rectangle of a field's pixels: work and memory follow the hole, not the field.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    left: usize,
    top: usize,
    /// Width in pixels.
    pub(super) width: usize,
    /// Height in pixels.
    pub(super) height: usize,
    row: usize,
}

impl Window {
    /// The smallest around all targets, with a margin; empty when there are none.
    #[inline(never)]
    pub(super) fn of_targets(field: &Field, margin: usize) -> Self {
        Self::around(field, |s| s == State::Target, margin)
    }

    /// The smallest around all that is not known.
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

    /// Its pixels as indices into the field, row by row.
    pub(super) fn pixels(&self) -> impl Iterator<Item = usize> + use<> {
        let window = *self;
        (0..self.height).flat_map(move |y| window.row(y))
    }

    /// The pixels of its row `y` among them.
    pub(super) fn row(&self, y: usize) -> Range<usize> {
        let first = (self.top + y) * self.row + self.left;
        first..first + self.width
    }

    /// Whether a pixel of the field lies in it.
    pub(super) fn contains(&self, at: usize) -> bool {
        (self.top..self.top + self.height).contains(&(at / self.row))
            && (self.left..self.left + self.width).contains(&(at % self.row))
    }

    /// Where a pixel of the field, which must lie in it, stands among [`Window::pixels`].
    pub(super) fn slot(&self, at: usize) -> usize {
        (at / self.row - self.top) * self.width + at % self.row - self.left
    }
}

/// The patches of a field by what they can do, named by the index of their centre pixel.
#[derive(Clone, Debug)]
pub(super) struct Patches {
    /// For every pixel: is the patch around it wholly known?
    pub(super) is_source: Vec<bool>,
    /// Those patches, in raster order.
    pub(super) sources: Vec<u32>,
    /// Patches that touch a target, in raster order.
    pub(super) targets: Vec<u32>,
}

/// The largest difference between two colours, in steps.
pub(super) fn apart(a: Pixel, b: Pixel) -> u16 {
    a.iter().zip(b).map(|(a, b)| a.abs_diff(b)).max().unwrap_or(0)
}

/// A colour between steps, rounded and in range. That no channel exceeds alpha is seen to when the pixel is taken out.
pub(super) fn quantised(value: [f32; 4]) -> Pixel {
    value.map(|v| v.round().clamp(0.0, 255.0 * f32::from(STEPS)) as i16)
}

fn premultiplied([r, g, b, a]: [u8; 4]) -> Pixel {
    let alpha = i32::from(a);
    let channel = |c: u8| ((i32::from(c) * alpha * i32::from(STEPS) + 127) / 255) as i16;
    [channel(r), channel(g), channel(b), i16::from(a) * STEPS]
}

fn straight([r, g, b, a]: Pixel) -> [u8; 4] {
    let steps = f32::from(STEPS);
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

    proptest! {
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
