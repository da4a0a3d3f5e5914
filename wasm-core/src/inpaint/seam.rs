//! Fits the repainted part to its surroundings: no edge may show.
//!
//! The model gives back the whole square, also what it was shown, slightly changed: colours drift by a few levels. How much they
//! drift is known outside the hole; the smoothest continuation of that difference into the hole (a membrane: Perez et al. 2003, "Poisson
//! image editing", for a hole whose gradients are kept) is taken away inside.

use super::square::Square;
use crate::fill::membrane;
use crate::pixels::{Patch, Rect};
use crate::{Pacer, Result};

/// Differences are averaged over this many pixels of the model's square to each side: single pixels are noise, and a membrane would
/// draw it out into streaks.
const SMOOTHING: f32 = 2.0;

/// A part of a crop around its hole, at the picture's scale.
pub(super) struct Region {
    pub(super) rect: Rect,
    /// What the picture shows, `[height, width]`; only that of `known` pixels counts.
    pub(super) picture: Vec<[f32; 3]>,
    /// What the model painted.
    pub(super) painted: Vec<[f32; 3]>,
    /// True where the picture is kept.
    pub(super) known: Vec<bool>,
}

impl Region {
    /// Cuts `rect` out of a crop; `rgb` is what was painted, `[crop.height, crop.width, 3]`.
    pub(super) fn cut(square: &Square<'_>, rgb: &[u8], rect: Rect) -> Self {
        let crop = square.crop.rect;
        let places: Vec<(u32, u32)> =
            (rect.y..rect.bottom()).flat_map(|y| (rect.x..rect.right()).map(move |x| (x, y))).collect();
        let colours = |rgba: [u8; 4]| [rgba[0], rgba[1], rgba[2]].map(f32::from);
        let painted = places.iter().map(|(x, y)| {
            let at = ((y - crop.y) as usize * crop.width as usize + (x - crop.x) as usize) * 3;
            [rgb[at], rgb[at + 1], rgb[at + 2]].map(f32::from)
        });
        Self {
            rect,
            picture: places.iter().map(|(x, y)| colours(square.pixel(*x, *y))).collect(),
            painted: painted.collect(),
            // Transparent pixels have a colour that nobody has seen.
            known: places.iter().map(|(x, y)| square.mask.at(*x, *y) == 0 && square.pixel(*x, *y)[3] == 255).collect(),
        }
    }

    pub(super) fn width(&self) -> usize {
        self.rect.width as usize
    }

    /// Takes the drift of the colours away. `scale` is pixels of the picture to one of the model's.
    pub(super) async fn fit_colours(&mut self, scale: f32, pacer: &dyn Pacer) -> Result<()> {
        let radius = (SMOOTHING * scale).ceil() as usize;
        let mut drift = self.smoothed_drift(radius);
        membrane::fill(self.width(), self.rect.height as usize, &mut drift, &self.known, pacer).await?;
        for ((painted, drift), known) in self.painted.iter_mut().zip(&drift).zip(&self.known) {
            if !known {
                for (value, drift) in painted.iter_mut().zip(drift) {
                    *value += drift;
                }
            }
        }
        Ok(())
    }

    /// The picture less what was painted, averaged over the known pixels of a square around each known pixel.
    fn smoothed_drift(&self, radius: usize) -> Vec<membrane::Value> {
        let (width, height) = (self.width(), self.rect.height as usize);
        // Sums over everything above and to the left, with their number in the last place.
        let mut sums = vec![[0.0f64; 4]; (width + 1) * (height + 1)];
        for y in 0..height {
            let mut row = [0.0f64; 4];
            for x in 0..width {
                let at = y * width + x;
                if self.known[at] {
                    for (channel, sum) in row.iter_mut().take(3).enumerate() {
                        *sum += f64::from(self.picture[at][channel] - self.painted[at][channel]);
                    }
                    row[3] += 1.0;
                }
                let above = sums[y * (width + 1) + x + 1];
                sums[(y + 1) * (width + 1) + x + 1] = std::array::from_fn(|i| above[i] + row[i]);
            }
        }
        let mean = |at: usize| {
            let (x, y) = (at % width, at / width);
            let (left, right) = (x.saturating_sub(radius), (x + radius + 1).min(width));
            let (top, bottom) = (y.saturating_sub(radius), (y + radius + 1).min(height));
            let corner = |x: usize, y: usize| sums[y * (width + 1) + x];
            let (a, b, c, d) = (corner(left, top), corner(right, top), corner(left, bottom), corner(right, bottom));
            let sum: [f64; 4] = std::array::from_fn(|i| d[i] - b[i] - c[i] + a[i]);
            [sum[0] / sum[3], sum[1] / sum[3], sum[2] / sum[3], 0.0].map(|value| value as f32)
        };
        (0..width * height).map(|at| if self.known[at] { mean(at) } else { [0.0; 4] }).collect()
    }

    /// Writes what was painted over the masked pixels for which `is_ours`. Their transparency stays.
    pub(super) fn put(&self, patch: &mut Patch, mask: &crate::pixels::Mask, is_ours: impl Fn(u32, u32) -> bool) {
        for (at, painted) in self.painted.iter().enumerate() {
            let (x, y) = (self.rect.x + (at % self.width()) as u32, self.rect.y + (at / self.width()) as u32);
            if mask.at(x, y) == 0 || !is_ours(x, y) {
                continue;
            }
            let to = ((y - patch.rect.y) as usize * patch.rect.width as usize + (x - patch.rect.x) as usize) * 4;
            for (byte, value) in patch.rgba[to..to + 3].iter_mut().zip(painted) {
                *byte = value.round().clamp(0.0, 255.0) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unpaced;

    /// A picture of slopes, and the same painted with colours that drift by up to 14 levels across it, with a hole of odd size.
    fn drifted() -> Region {
        let (width, height) = (61u32, 47u32);
        let picture: Vec<[f32; 3]> =
            (0..width * height).map(|i| [40.0 + (i % width) as f32, 200.0 - (i / width) as f32, 90.0]).collect();
        let painted = picture.iter().enumerate().map(|(i, colour)| {
            let across = (i as u32 % width) as f32 / width as f32;
            [colour[0] + 14.0 * across, colour[1] - 5.0, colour[2] + 3.0 * across]
        });
        let known = (0..width * height).map(|i| !((17..44).contains(&(i % width)) && (13..36).contains(&(i / width))));
        Region { rect: Rect { x: 5, y: 9, width, height }, painted: painted.collect(), known: known.collect(), picture }
    }

    #[test]
    fn a_drift_of_the_colours_leaves_no_trace() {
        let mut region = drifted();
        pollster::block_on(region.fit_colours(1.0, &Unpaced)).unwrap();
        for (at, painted) in region.painted.iter().enumerate().filter(|(at, _)| !region.known[*at]) {
            for (seen, wanted) in painted.iter().zip(region.picture[at]) {
                assert!((seen - wanted).abs() < 0.6, "{at}: {seen} for {wanted}");
            }
        }
    }

    #[test]
    fn noise_around_the_hole_is_not_drawn_out_into_it() {
        let mut region = drifted();
        let noise = crate::noise::gaussian(7, crate::noise::Stream::Start, region.picture.len());
        let clean = region.picture.clone();
        for (colour, noise) in region.picture.iter_mut().zip(noise) {
            colour.iter_mut().for_each(|value| *value += 6.0 * noise);
        }
        pollster::block_on(region.fit_colours(1.0, &Unpaced)).unwrap();
        // Along the edge: further in, a membrane is smooth whatever it hangs on.
        let width = region.width();
        let at_edge = |at: usize| [at - 1, at + 1, at - width, at + width].iter().any(|near| region.known[*near]);
        let errors: Vec<f32> = (0..clean.len())
            .filter(|at| !region.known[*at] && at_edge(*at))
            .map(|at| (region.painted[at][1] - clean[at][1]).abs())
            .collect();
        let mean = errors.iter().sum::<f32>() / errors.len() as f32;
        assert!(mean < 1.2, "{mean} levels off on average");
    }
}
