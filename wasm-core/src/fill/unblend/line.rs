//! Transparency and colour of the mark, from local means of covered and of bare pixels.

use super::arithmetic::{add, median, squared};
use super::beliefs::Beliefs;
use super::copies::Hint;
use super::graph::{Graph, Near};
use super::mark::{Line, Mark};
use super::{FULL, Rgb, States};

/// Local means on both sides of the mark's edge are taken over squares of this radius.
const REACH: i64 = 4;
/// A side needs this many pixels.
const FEWEST_IN_WINDOW: f32 = 6.0;
/// Beliefs below this do not count as sure.
const SURE: f32 = 0.8;
/// Fewer windows than this are no evidence.
const FEWEST_WINDOWS: usize = 60;

/// Means, mean variance over the channels, and weight of one side.
#[derive(Clone, Copy, Debug)]
pub(super) struct Side {
    pub(super) mean: Rgb,
    pub(super) variance: f32,
    pub(super) weight: f32,
}

/// The surroundings of a site, apart by label.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) bare: Side,
    pub(super) covered: Side,
}

/// How surely each site is bare or covered: its own belief, or what its copies say. The latter does not depend on
/// the site's own texture and so cannot bias the line.
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

/// None when there are too few.
#[inline(never)]
pub(super) fn windows(graph: &Graph<'_>, sure: &[(f32, f32)]) -> Option<Vec<Window>> {
    let mut windows = vec![];
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
        if bare[0] >= FEWEST_IN_WINDOW && covered[0] >= FEWEST_IN_WINDOW {
            windows.push(Window { bare: Side::of(bare), covered: Side::of(covered) });
        }
    }
    (windows.len() >= FEWEST_WINDOWS).then_some(windows)
}

impl Side {
    pub(super) fn of([weight, r, g, b, squares]: [f32; 5]) -> Self {
        let mean = [r, g, b].map(|v| v / weight);
        let variance = (squares / weight - mean.iter().map(|m| m * m).sum::<f32>() / 3.0).max(0.0);
        Self { mean, variance, weight }
    }
}

impl Window {
    /// Squared distance from the line to be expected: a quarter of the textures' variances, since pixels that close
    /// together are far from independent.
    fn expected(&self, clear: f32) -> f32 {
        0.5 + (clear * clear * self.bare.variance + self.covered.variance) / 4.0
    }
}

/// The line `covered = s * bare + (1 - s) * c`, one slope for all channels. Both sides carry noise, so it is Deming's
/// regression (a plain one would underestimate `s`), reweighted against windows that straddle something else.
#[inline(never)]
pub(super) fn fit_line(windows: &[Window]) -> Mark {
    let count = windows.len() as f64;
    let mean_of = |f: &dyn Fn(&Window) -> f32| windows.iter().map(|w| f64::from(f(w))).sum::<f64>() / count;
    let ratio = (mean_of(&|w| 1.0 / w.covered.weight) / mean_of(&|w| 1.0 / w.bare.weight)).sqrt();
    let mut clear = 0.5f64;
    let mut off = vec![0.0f32; windows.len()];
    let (mut bare, mut covered) = ([0.0f64; 3], [0.0f64; 3]);
    let (mut correlation, mut spread) = (0.0, 0.0);
    for round in 0..8 {
        let weights: Vec<f64> = windows
            .iter()
            .zip(&off)
            .map(|(w, off)| {
                let expected = f64::from(w.expected(clear as f32));
                let outlying = 1.0 + f64::from(*off) / (4.0 * expected);
                1.0 / (expected * outlying * outlying)
            })
            .collect();
        let total: f64 = weights.iter().sum();
        let centre = |side: &dyn Fn(&Window) -> Rgb| -> [f64; 3] {
            let channel = |i| windows.iter().zip(&weights).map(|(w, k)| k * f64::from(side(w)[i])).sum::<f64>();
            std::array::from_fn(|i| channel(i) / total)
        };
        (bare, covered) = (centre(&|w| w.bare.mean), centre(&|w| w.covered.mean));
        let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
        for (w, k) in windows.iter().zip(&weights) {
            for i in 0..3 {
                let (x, y) = (f64::from(w.bare.mean[i]) - bare[i], f64::from(w.covered.mean[i]) - covered[i]);
                (xx, yy, xy) = (xx + k * x * x / total, yy + k * y * y / total, xy + k * x * y / total);
            }
        }
        let noise = ratio * if round == 0 { yy / xx.max(1e-9) } else { clear * clear };
        let lead = yy - noise * xx;
        clear = (lead + (lead * lead + 4.0 * noise * xy * xy).sqrt()) / (2.0 * xy.abs()).max(1e-9);
        clear = clear.clamp(0.02, 0.98);
        correlation = xy / (xx * yy).max(1e-9).sqrt();
        spread = xx.sqrt();
        for (off, w) in off.iter_mut().zip(windows) {
            let square = |i: usize| {
                let y = f64::from(w.covered.mean[i]) - covered[i] - clear * (f64::from(w.bare.mean[i]) - bare[i]);
                y * y
            };
            *off = ((square(0) + square(1) + square(2)) / 3.0) as f32;
        }
    }
    let raw: [f64; 3] = std::array::from_fn(|i| (covered[i] - clear * bare[i]) / (1.0 - clear));
    let mut colour = raw;
    for pure in [255.0, 0.0] {
        if raw.iter().all(|c| (c - pure).abs() < 6.0) {
            colour = [pure; 3];
        }
    }
    colour = colour.map(|c| c.clamp(0.0, 255.0));
    if colour != raw && colour.iter().zip(raw).all(|(c, r)| (c - r).abs() < 20.0) {
        // Most marks are white or black. Knowing a colour pins the transparency down better than the slope does.
        let from = |ends: &[f64; 3], i: usize| ends[i] - colour[i];
        let dot = |a: &[f64; 3]| (0..3).map(|i| from(a, i) * from(&bare, i)).sum::<f64>();
        clear = (dot(&covered) / dot(&bare).max(1e-6)).clamp(0.02, 0.98);
    }
    let clear = clear as f32;
    let mut misfits: Vec<f32> = windows.iter().zip(&off).map(|(w, off)| off / w.expected(clear)).collect();
    let mut variances: Vec<f32> = windows.iter().map(|w| w.bare.variance).collect();
    let texture = (mean_of(&|w| w.covered.variance) / mean_of(&|w| w.bare.variance).max(1e-6)).sqrt() as f32;
    let line = Line {
        raw: raw.map(|c| c as f32),
        correlation: correlation as f32,
        contrast: ((0..3).map(|i| (covered[i] - bare[i]).powi(2)).sum::<f64>() / 3.0).sqrt() as f32,
        spread: spread as f32,
        misfit: median(&mut misfits),
        texture: (texture, median(&mut variances)),
        windows: windows.len(),
    };
    Mark { clear, colour: colour.map(|c| c as f32), rim: None, line }
}

/// The colour that goes with a transparency.
#[inline(never)]
pub(super) fn fit_colour(windows: &[Window], clear: f32) -> Rgb {
    let single =
        |w: &Window| -> Rgb { std::array::from_fn(|i| (w.covered.mean[i] - clear * w.bare.mean[i]) / (1.0 - clear)) };
    let mut colour: Rgb =
        std::array::from_fn(|i| median(&mut windows.iter().map(|w| single(w)[i]).collect::<Vec<_>>()));
    for _ in 0..5 {
        let (mut sum, mut total) = ([0.0f64; 3], 0.0f64);
        for w in windows {
            let seen = single(w);
            let expected = w.expected(clear) / ((1.0 - clear) * (1.0 - clear));
            let outlying = 1.0 + squared(seen, colour) / 3.0 / (4.0 * expected);
            let weight = f64::from(1.0 / (expected * outlying * outlying));
            sum.iter_mut().zip(seen).for_each(|(s, v)| *s += weight * f64::from(v));
            total += weight;
        }
        colour = sum.map(|s| (s / total) as f32);
    }
    colour.map(|c| c.clamp(0.0, 255.0))
}
