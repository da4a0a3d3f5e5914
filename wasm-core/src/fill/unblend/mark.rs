//! The mark, and what it does to colours.

use super::beliefs::ROUNDING;
use super::{FULL, LABELS, Labels, Rgb};

/// A second colour around the mark, mostly a dark rim that keeps it readable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rim {
    /// The rim lies under the mark as well, so that light passes both: its transparency is the root of the mark's.
    pub(super) under: bool,
    /// Black or white.
    pub(super) level: f32,
}

/// An overlay of one colour.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mark {
    /// Share of the picture that shines through.
    pub(super) clear: f32,
    /// In gamut.
    pub(super) colour: Rgb,
    pub(super) rim: Option<Rim>,
    pub(super) line: Line,
}

/// How good the evidence for a [`Mark`] is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Line {
    /// The colour before it was brought into gamut.
    pub(super) raw: Rgb,
    /// Correlation of covered with uncovered means.
    pub(super) correlation: f32,
    /// Root mean square difference between covered and uncovered means, in levels.
    pub(super) contrast: f32,
    /// Standard deviation of the uncovered means: without any, transparency cannot be told.
    pub(super) spread: f32,
    /// Typical squared distance from the line over what the texture lets expect.
    pub(super) misfit: f32,
    /// Transparency as the ratio of textures says, and the texture's typical variance.
    pub(super) texture: (f32, f32),
    pub(super) windows: usize,
}

/// Overlay by label: `I = (1 - cover) B + paint`.
pub(super) struct Path {
    pub(super) cover: Labels,
    paint: [Rgb; LABELS],
}

impl Mark {
    pub(super) fn new(clear: f32, colour: Rgb) -> Self {
        Self { clear, colour, rim: None, line: Line::default() }
    }

    /// From nothing to the full mark, in even steps; through the full rim halfway where there is one.
    pub(super) fn path(&self) -> Path {
        let full = (1.0 - self.clear, self.colour.map(|c| c * (1.0 - self.clear)));
        let step = |k: usize| k as f32 / FULL as f32;
        let states: [(f32, Rgb); LABELS] = match self.rim {
            None => std::array::from_fn(|k| (full.0 * step(k), full.1.map(|p| p * step(k)))),
            Some(rim) => {
                let cover = 1.0 - if rim.under { self.clear.sqrt() } else { self.clear };
                let paint = cover * rim.level;
                std::array::from_fn(|k| {
                    if k <= FULL / 2 {
                        (cover * step(2 * k), [paint * step(2 * k); 3])
                    } else {
                        let t = step(2 * k - FULL);
                        (cover + (full.0 - cover) * t, full.1.map(|p| paint + (p - paint) * t))
                    }
                })
            }
        };
        Path { cover: states.map(|s| s.0), paint: states.map(|s| s.1) }
    }
}

impl Path {
    /// The colour under the overlay of a label, which may lie between two.
    pub(super) fn under(&self, colour: Rgb, label: f32) -> Rgb {
        let low = (label as usize).min(FULL - 1);
        let part = label - low as f32;
        let cover = self.cover[low] + (self.cover[low + 1] - self.cover[low]) * part;
        std::array::from_fn(|i| {
            let paint = self.paint[low][i] + (self.paint[low + 1][i] - self.paint[low][i]) * part;
            (colour[i] - paint) / (1.0 - cover)
        })
    }

    pub(super) fn hidden(&self, colour: Rgb) -> [Rgb; LABELS] {
        std::array::from_fn(|k| std::array::from_fn(|i| (colour[i] - self.paint[k][i]) / (1.0 - self.cover[k])))
    }

    /// Variance of the hidden colour within each label, summed over the channels: labels in between stand for a
    /// range of covers, and the picture's own rounding grows by what the overlay took.
    pub(super) fn blur(&self, hidden: &[Rgb; LABELS]) -> Labels {
        std::array::from_fn(|k| {
            let clear = 1.0 - self.cover[k];
            let rounding = 3.0 * (ROUNDING / clear) * (ROUNDING / clear);
            if k == 0 || k == FULL {
                return rounding;
            }
            let cover = (self.cover[k + 1] - self.cover[k - 1]) / 2.0;
            let width: f32 = (0..3)
                .map(|i| {
                    let paint = (self.paint[k + 1][i] - self.paint[k - 1][i]) / 2.0;
                    let slope = (cover * hidden[k][i] - paint) / clear;
                    slope * slope
                })
                .sum();
            width / 12.0 + rounding
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_rim_leads_through_it() {
        let rim = Some(Rim { under: true, level: 0.0 });
        let path = Mark { rim, ..Mark::new(0.25, [200.0; 3]) }.path();
        assert_eq!((path.cover[0], path.cover[FULL / 2], path.cover[FULL]), (0.0, 0.5, 0.75));
        assert_eq!((path.paint[FULL / 2], path.paint[FULL]), ([0.0; 3], [150.0; 3]));
        assert_eq!(path.under([160.0; 3], FULL as f32), [40.0; 3]);
    }
}
