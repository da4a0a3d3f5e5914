//! The model of a mark, and what it does to colours.

use super::colour::{Rgb, weighted_squared};
use super::labels::{FULL, LABELS, Labels};

/// Standard deviation of rounding to 8 bits, in levels.
const ROUNDING: f32 = 0.3;

/// A rim of a second colour around the mark, most often dark, which keeps the mark readable.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rim {
    /// Whether the rim goes on under the mark. Then the transparency of the mark is that of both together, and the rim's is its square root.
    pub(super) under: bool,
    /// Level of all three channels: black or white.
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
    pub(super) fit: LineFit,
}

/// Quality of the line `covered = s * bare + (1 - s) * c` that a [`Mark`] was estimated from.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct LineFit {
    /// The colour before it was brought into gamut.
    pub(super) raw: Rgb,
    /// Correlation of covered with bare means.
    pub(super) correlation: f32,
    /// Root mean square difference between the mean covered and the mean bare colour, in levels.
    pub(super) contrast: f32,
    /// Standard deviation of the bare means, in levels. Without any, transparency cannot be estimated.
    pub(super) spread: f32,
    /// Median of the squared distances from the line over those that the texture makes expect.
    pub(super) misfit: f32,
    /// Transparency by the ratio of textures, and the median variance of the bare texture in squared levels.
    pub(super) texture: (f32, f32),
    /// Number of pairs of means.
    pub(super) pairs: usize,
    /// How well the mark explains the [steps](super::steps) at its edges, in nats per pair.
    pub(super) steps: f32,
}

/// What each label does to the hidden colour `B`: the picture shows `(1 - cover) * B + paint`.
pub(super) struct Path {
    pub(super) cover: Labels,
    paint: [Rgb; LABELS],
}

impl Mark {
    /// A mark without a rim, and without a line that speaks for it.
    pub(super) fn new(clear: f32, colour: Rgb) -> Self {
        Self { clear, colour, rim: None, fit: LineFit::default() }
    }

    /// Cover and paint of the labels, from nothing to the full mark in even steps. With a rim, label `FULL / 2` is the full rim.
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
    /// The hidden colour at a pixel of this colour under a label, which may lie between two labels.
    pub(super) fn under(&self, colour: Rgb, label: f32) -> Rgb {
        let low = (label as usize).min(FULL - 1);
        let part = label - low as f32;
        let cover = self.cover[low] + (self.cover[low + 1] - self.cover[low]) * part;
        std::array::from_fn(|i| {
            let paint = self.paint[low][i] + (self.paint[low + 1][i] - self.paint[low][i]) * part;
            (colour[i] - paint) / (1.0 - cover)
        })
    }

    /// The hidden colour at a pixel of this colour under each label.
    pub(super) fn hidden(&self, colour: Rgb) -> [Rgb; LABELS] {
        std::array::from_fn(|k| std::array::from_fn(|i| (colour[i] - self.paint[k][i]) / (1.0 - self.cover[k])))
    }

    /// Variance of the hidden colour under each label, summed over the channels, in squared levels: a partial label stands for a range of covers, and
    /// unblending amplifies the rounding of the picture. Hues are weighted as in [`Scene::hue`](super::scene::Scene::hue).
    pub(super) fn blur(&self, hidden: &[Rgb; LABELS], hue: f32) -> Labels {
        std::array::from_fn(|k| {
            let clear = 1.0 - self.cover[k];
            let rounding = (1.0 + 2.0 * hue) * (ROUNDING / clear) * (ROUNDING / clear);
            if k == 0 || k == FULL {
                return rounding;
            }
            let cover = (self.cover[k + 1] - self.cover[k - 1]) / 2.0;
            let slope = |i: usize| (cover * hidden[k][i] - (self.paint[k + 1][i] - self.paint[k - 1][i]) / 2.0) / clear;
            weighted_squared(std::array::from_fn(slope), hue) / 12.0 + rounding
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
