//! How light each pixel is, and what is thinner than a window in it.

use crate::pixels::{Image, Rect};

/// One number for each pixel.
#[derive(Clone)]
pub(super) struct Plane {
    pub(super) width: usize,
    pub(super) height: usize,
    /// `[height, width]`.
    pub(super) levels: Vec<u8>,
}

impl Plane {
    /// How light the pixels of a part of a picture are, over white. Green counts for half, so that blue on black is seen too.
    pub(super) fn of(image: &Image, rect: Rect) -> Self {
        let level = |[r, g, b, a]: [u8; 4]| {
            let light = (u32::from(r) + 2 * u32::from(g) + u32::from(b)) / 4;
            ((light * u32::from(a) + 255 * (255 - u32::from(a))) / 255) as u8
        };
        let all = image.rgba().as_chunks::<4>().0.chunks_exact(image.width() as usize);
        let rows = all.skip(rect.y as usize).take(rect.height as usize);
        let levels =
            rows.flat_map(|row| row[rect.x as usize..rect.right() as usize].iter().map(|p| level(*p))).collect();
        Self { width: rect.width as usize, height: rect.height as usize, levels }
    }

    /// Half the width and height; means of four.
    pub(super) fn halved(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let mut levels = Vec::with_capacity(width * height);
        for y in 0..height {
            let [upper, lower] = [2 * y, 2 * y + 1].map(|y| &self.levels[y * self.width..][..2 * width]);
            let pairs = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
            levels.extend(pairs.map(|([a, b], [c, d])| {
                ((u16::from(*a) + u16::from(*b) + u16::from(*c) + u16::from(*d) + 2) / 4) as u8
            }));
        }
        Self { width, height, levels }
    }

    /// Dark becomes light.
    pub(super) fn inverted(mut self) -> Self {
        self.levels.iter_mut().for_each(|level| *level = 255 - *level);
        self
    }

    /// By how much each pixel is darker than its surroundings, where it lies in something thinner than `window` pixels: the black top-hat, which is
    /// the closing by a square less the picture (Serra, "Image Analysis and Mathematical Morphology", 1982).
    pub(super) fn thin_and_dark(&self, window: usize) -> Self {
        let mut hat = self.clone();
        hat.swept(window, Order::Onwards, u8::max);
        hat.swept(window, Order::Backwards, u8::min);
        hat.levels.iter_mut().zip(&self.levels).for_each(|(closed, level)| *closed -= *level);
        hat
    }

    /// The largest number in the square around each pixel that reaches `reach` pixels to every side.
    pub(super) fn largest_around(&self, reach: usize) -> Self {
        let mut largest = self.clone();
        largest.swept(reach + 1, Order::Onwards, u8::max);
        largest.swept(reach + 1, Order::Backwards, u8::max);
        largest
    }

    /// Each number becomes the best one among the `window` that begin or end with it, along columns and rows.
    fn swept(&mut self, window: usize, order: Order, best: impl Fn(u8, u8) -> u8 + Copy) {
        // Windows double until the next one would be too long; the last step overlaps.
        let (mut steps, mut length) = (vec![], 1);
        while length < window {
            let step = length.min(window - length);
            steps.push(step);
            length += step;
        }
        for step in &steps {
            self.step_along_columns(*step, order, best);
            self.step_along_rows(*step, order, best);
        }
    }

    fn step_along_columns(&mut self, step: usize, order: Order, best: impl Fn(u8, u8) -> u8) {
        let width = self.width;
        let rows = self.height.saturating_sub(step);
        let mut pair = |y: usize, onwards: bool| {
            let (upper, lower) = self.levels.split_at_mut((y + step) * width);
            let (upper, lower) = (&mut upper[y * width..][..width], &mut lower[..width]);
            let (to, from) = if onwards { (upper, &*lower) } else { (lower, &*upper) };
            to.iter_mut().zip(from).for_each(|(to, from)| *to = best(*to, *from));
        };
        match order {
            Order::Onwards => (0..rows).for_each(|y| pair(y, true)),
            Order::Backwards => (0..rows).rev().for_each(|y| pair(y, false)),
        }
    }

    fn step_along_rows(&mut self, step: usize, order: Order, best: impl Fn(u8, u8) -> u8) {
        let Some(length) = self.width.checked_sub(step).filter(|length| *length > 0) else { return };
        let mut copy = vec![0; length];
        for row in self.levels.chunks_exact_mut(self.width) {
            let to = match order {
                Order::Onwards => {
                    copy.copy_from_slice(&row[step..]);
                    &mut row[..length]
                }
                Order::Backwards => {
                    copy.copy_from_slice(&row[..length]);
                    &mut row[step..]
                }
            };
            to.iter_mut().zip(&copy).for_each(|(to, from)| *to = best(*to, *from));
        }
    }
}

/// Whether windows begin or end with the pixel that they are for.
#[derive(Clone, Copy)]
enum Order {
    Onwards,
    Backwards,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(width: usize, height: usize, level: impl Fn(usize, usize) -> u8) -> Plane {
        let levels = (0..width * height).map(|at| level(at % width, at / width)).collect();
        Plane { width, height, levels }
    }

    #[test]
    fn what_is_thinner_than_the_window_is_told_by_how_dark_it_is() {
        for thickness in 1..20 {
            let dark = |x: usize, _| if (30..30 + thickness).contains(&x) { 50 } else { 200 };
            let hat = plane(70, 40, dark).thin_and_dark(11);
            let found = hat.levels[20 * 70 + 30];
            assert_eq!(found, if thickness < 11 { 150 } else { 0 }, "{thickness}");
            assert_eq!(hat.levels[20 * 70 + 25], 0, "the ground is not dark");
        }
    }

    #[test]
    fn the_largest_is_the_largest_of_the_square() {
        let at = plane(23, 17, |x, y| (x * 37 + y * 91) as u8);
        for reach in [1, 2, 5, 40] {
            let found = at.largest_around(reach);
            for (x, y) in [(0usize, 0usize), (11, 8), (22, 16), (3, 15)] {
                let rows = y.saturating_sub(reach)..(y + reach + 1).min(17);
                let square = rows.flat_map(|y| (x.saturating_sub(reach)..(x + reach + 1).min(23)).map(move |x| (x, y)));
                let largest = square.map(|(x, y)| at.levels[y * 23 + x]).max();
                assert_eq!(Some(found.levels[y * 23 + x]), largest, "{reach}: {x}, {y}");
            }
        }
    }
}
