//! Transparency and colour of the mark, from local means of covered and of bare pixels.

use super::beliefs::Beliefs;
use super::colour::{Rgb, add, median, squared};
use super::copies::Hint;
use super::graph::{Graph, Near};
use super::labels::{FULL, States};
use super::mark::{LineFit, Mark};

/// Radius of the squares over which local means are taken, in pixels.
const REACH: i64 = 4;
/// Minimum number of pixels of each kind in a square.
const MIN_IN_SIDE: f32 = 6.0;
/// Probabilities below this do not count as sure.
const SURE: f32 = 0.8;
/// Minimum number of pairs; fewer are no evidence.
const MIN_PAIRS: usize = 60;
/// Rounds of the reweighted regression.
const ROUNDS: usize = 8;

/// The pixels of one kind, bare or covered, around a site.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side {
    mean: Rgb,
    /// Mean over the channels, in squared levels.
    variance: f32,
    /// Sum of the pixels' weights.
    weight: f32,
}

/// The surroundings of a site that has bare and covered pixels close by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    bare: Side,
    covered: Side,
}

/// How surely each site is bare and how surely it is covered, 0 to 1: by its own belief, or, where there is a hint, by its copies. The copies do not
/// depend on the texture of the site itself, and so cannot bias the line.
#[inline(never)]
pub(super) fn sureness(beliefs: &Beliefs, hint: Option<&Hint>) -> Vec<(f32, f32)> {
    let sure = |v: f32| if v > SURE { v } else { 0.0 };
    let own = |s: &States| (sure(s[0]), sure(s[FULL]));
    let told = |cover: f32| (f32::from(u8::from(cover < 0.05)), f32::from(u8::from(cover > 0.93)));
    match hint {
        None => beliefs.states.iter().map(own).collect(),
        Some(hint) => hint.covers.iter().zip(&beliefs.states).map(|(c, s)| c.map_or_else(|| own(s), told)).collect(),
    }
}

/// The pairs around all sites that have enough pixels of both kinds, weighted by how `sure` they are; none when there are too few pairs.
#[inline(never)]
pub(super) fn pairs(graph: &Graph<'_>, sure: &[(f32, f32)]) -> Option<Vec<Pair>> {
    let mut pairs = vec![];
    for site in &graph.sites {
        // Weight, colours, and squares (mean over the channels).
        let (mut bare, mut covered) = ([0.0f32; 5], [0.0f32; 5]);
        for y in i64::from(site.y) - REACH..=i64::from(site.y) + REACH {
            for x in i64::from(site.x) - REACH..=i64::from(site.x) + REACH {
                let (colour, (p, q)) = match graph.near(x, y) {
                    Near::Nothing => continue,
                    Near::Known(colour) => (colour, (1.0, 0.0)),
                    Near::Site(at) => (graph.sites[at as usize].colour, sure[at as usize]),
                };
                let [r, g, b] = colour;
                let sums = [1.0, r, g, b, (r * r + g * g + b * b) / 3.0];
                add(&mut bare, sums, p);
                add(&mut covered, sums, q);
            }
        }
        if bare[0] >= MIN_IN_SIDE && covered[0] >= MIN_IN_SIDE {
            pairs.push(Pair { bare: Side::of(bare), covered: Side::of(covered) });
        }
    }
    (pairs.len() >= MIN_PAIRS).then_some(pairs)
}

impl Side {
    /// From weighted sums: weight, red, green, blue, and squares (mean over the channels).
    fn of([weight, r, g, b, squares]: [f32; 5]) -> Self {
        let mean = [r, g, b].map(|v| v / weight);
        let variance = (squares / weight - mean.iter().map(|m| m * m).sum::<f32>() / 3.0).max(0.0);
        Self { mean, variance, weight }
    }
}

impl Pair {
    /// Expected squared distance from the line, in squared levels: a quarter of the textures' variances, because pixels that close together are far
    /// from independent.
    fn expected(&self, clear: f32) -> f32 {
        0.5 + (clear * clear * self.bare.variance + self.covered.variance) / 4.0
    }
}

/// Fits the line `covered = s * bare + (1 - s) * c` with one slope for all channels, and from it a mark without a rim. Both sides carry noise,
/// so that it is Deming's regression (ordinary regression would underestimate `s`), reweighted against pairs that straddle something else.
#[inline(never)]
pub(super) fn fit_line(pairs: &[Pair]) -> Mark {
    let ratio = (mean_of(pairs, |p| 1.0 / p.covered.weight) / mean_of(pairs, |p| 1.0 / p.bare.weight)).sqrt();
    let mut line = Line {
        clear: 0.5,
        bare: [0.0; 3],
        covered: [0.0; 3],
        correlation: 0.0,
        spread: 0.0,
        off: vec![0.0; pairs.len()],
    };
    for round in 0..ROUNDS {
        line.refine(pairs, ratio, round == 0);
    }
    line.mark(pairs)
}

/// The mean over the pairs.
fn mean_of(pairs: &[Pair], value: impl Fn(&Pair) -> f32) -> f64 {
    pairs.iter().map(|p| f64::from(value(p))).sum::<f64>() / pairs.len() as f64
}

/// A line through pairs of means.
struct Line {
    /// Slope, the transparency `s`.
    clear: f64,
    /// Weighted mean of the bare means.
    bare: [f64; 3],
    /// Weighted mean of the covered means.
    covered: [f64; 3],
    correlation: f64,
    /// Standard deviation of the bare means.
    spread: f64,
    /// Squared distance of each pair, mean over the channels.
    off: Vec<f32>,
}

impl Line {
    /// The weight of each pair: by its expected distance, and less if it is an outlier.
    fn weights(&self, pairs: &[Pair]) -> Vec<f64> {
        let weight = |(p, off): (&Pair, &f32)| {
            let expected = f64::from(p.expected(self.clear as f32));
            let outlying = 1.0 + f64::from(*off) / (4.0 * expected);
            1.0 / (expected * outlying * outlying)
        };
        pairs.iter().zip(&self.off).map(weight).collect()
    }

    /// One round of reweighted Deming regression. `ratio` is that of the sampling noise of covered and of bare means, up to their textures, which
    /// differ by the slope; in the first round the ratio of their variances stands for that.
    fn refine(&mut self, pairs: &[Pair], ratio: f64, is_first: bool) {
        let weights = self.weights(pairs);
        let total: f64 = weights.iter().sum();
        let centre = |side: &dyn Fn(&Pair) -> Rgb| -> [f64; 3] {
            let channel = |i| pairs.iter().zip(&weights).map(|(p, k)| k * f64::from(side(p)[i])).sum::<f64>();
            std::array::from_fn(|i| channel(i) / total)
        };
        (self.bare, self.covered) = (centre(&|p| p.bare.mean), centre(&|p| p.covered.mean));
        let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
        for (p, k) in pairs.iter().zip(&weights) {
            for i in 0..3 {
                let x = f64::from(p.bare.mean[i]) - self.bare[i];
                let y = f64::from(p.covered.mean[i]) - self.covered[i];
                (xx, yy, xy) = (xx + k * x * x / total, yy + k * y * y / total, xy + k * x * y / total);
            }
        }
        let noise = ratio * if is_first { yy / xx.max(1e-9) } else { self.clear * self.clear };
        let lead = yy - noise * xx;
        let clear = (lead + (lead * lead + 4.0 * noise * xy * xy).sqrt()) / (2.0 * xy.abs()).max(1e-9);
        self.clear = clear.clamp(0.02, 0.98);
        self.correlation = xy / (xx * yy).max(1e-9).sqrt();
        self.spread = xx.sqrt();
        for (off, p) in self.off.iter_mut().zip(pairs) {
            let square = |i: usize| {
                let y = f64::from(p.covered.mean[i])
                    - self.covered[i]
                    - self.clear * (f64::from(p.bare.mean[i]) - self.bare[i]);
                y * y
            };
            *off = ((square(0) + square(1) + square(2)) / 3.0) as f32;
        }
    }

    /// The colour that the line gives, the same in gamut, and the transparency that goes with the latter. A colour near white or black becomes that,
    /// as most marks are one of the two.
    fn colour(&self) -> ([f64; 3], [f64; 3], f64) {
        let Self { bare, covered, .. } = self;
        let raw: [f64; 3] = std::array::from_fn(|i| (covered[i] - self.clear * bare[i]) / (1.0 - self.clear));
        let mut colour = raw;
        for pure in [255.0, 0.0] {
            if raw.iter().all(|c| (c - pure).abs() < 6.0) {
                colour = [pure; 3];
            }
        }
        colour = colour.map(|c| c.clamp(0.0, 255.0));
        let mut clear = self.clear;
        if colour != raw && colour.iter().zip(raw).all(|(c, r)| (c - r).abs() < 20.0) {
            // A known colour determines the transparency better than the slope does.
            let from = |ends: &[f64; 3], i: usize| ends[i] - colour[i];
            let dot = |a: &[f64; 3]| (0..3).map(|i| from(a, i) * from(bare, i)).sum::<f64>();
            clear = (dot(covered) / dot(bare).max(1e-6)).clamp(0.02, 0.98);
        }
        (raw, colour, clear)
    }

    /// The mark that the line gives.
    fn mark(&self, pairs: &[Pair]) -> Mark {
        let Self { bare, covered, .. } = self;
        let (raw, colour, clear) = self.colour();
        let clear = clear as f32;
        let mut misfits: Vec<f32> = pairs.iter().zip(&self.off).map(|(p, off)| off / p.expected(clear)).collect();
        let mut variances: Vec<f32> = pairs.iter().map(|p| p.bare.variance).collect();
        let texture =
            (mean_of(pairs, |p| p.covered.variance) / mean_of(pairs, |p| p.bare.variance).max(1e-6)).sqrt() as f32;
        let fit = LineFit {
            raw: raw.map(|c| c as f32),
            correlation: self.correlation as f32,
            contrast: ((0..3).map(|i| (covered[i] - bare[i]).powi(2)).sum::<f64>() / 3.0).sqrt() as f32,
            spread: self.spread as f32,
            misfit: median(&mut misfits),
            texture: (texture, median(&mut variances)),
            pairs: pairs.len(),
            steps: 0.0,
        };
        Mark { clear, colour: colour.map(|c| c as f32), rim: None, fit }
    }
}

/// The colour of the mark for a given transparency: a mean over the pairs, reweighted against outliers.
#[inline(never)]
pub(super) fn fit_colour(pairs: &[Pair], clear: f32) -> Rgb {
    let single =
        |p: &Pair| -> Rgb { std::array::from_fn(|i| (p.covered.mean[i] - clear * p.bare.mean[i]) / (1.0 - clear)) };
    let mut colour: Rgb = std::array::from_fn(|i| median(&mut pairs.iter().map(|p| single(p)[i]).collect::<Vec<_>>()));
    for _ in 0..5 {
        let (mut sum, mut total) = ([0.0f64; 3], 0.0f64);
        for p in pairs {
            let seen = single(p);
            let expected = p.expected(clear) / ((1.0 - clear) * (1.0 - clear));
            let outlying = 1.0 + squared(seen, colour) / 3.0 / (4.0 * expected);
            let weight = f64::from(1.0 / (expected * outlying * outlying));
            sum.iter_mut().zip(seen).for_each(|(s, v)| *s += weight * f64::from(v));
            total += weight;
        }
        colour = sum.map(|s| (s / total) as f32);
    }
    colour.map(|c| c.clamp(0.0, 255.0))
}
