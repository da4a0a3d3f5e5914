//! Repeated (tiled) marks: what the other copies of a piece tell about the cover of its pixels.

use super::beliefs::Beliefs;
use super::colour::median;
use super::graph::{Graph, Site};
use super::labels::{FULL, LABELS, Labels, States, UNKNOWN};
use super::scene::Scene;

/// An estimate of a pixel's cover, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cover {
    mean: f32,
    /// Inverse variance; 0 where nothing is known.
    precision: f32,
}

impl Cover {
    /// No estimate.
    pub(super) const NONE: Self = Self { mean: 0.0, precision: 0.0 };

    /// The expected cover of a pixel; none where the mark hardly explains it.
    pub(super) fn expected(states: &States) -> f32 {
        let (mean, explained) = (Self::of(states).0, 1.0 - states[UNKNOWN]);
        if explained < 0.5 { 0.0 } else { mean }
    }

    /// Mean and variance of a distribution over the states.
    fn of(states: &States) -> (f32, f32) {
        let sum = states[..LABELS].iter().sum::<f32>() + 1e-9;
        let moment = |power: i32| {
            let term = |k: usize| states[k] * (k as f32 / FULL as f32).powi(power);
            (0..LABELS).map(term).sum::<f32>() / sum
        };
        let mean = moment(1);
        (mean, (moment(2) - mean * mean).max(0.0) + 0.3 * states[UNKNOWN])
    }
}

/// Writes the covers that `beliefs` give into `cover`, one for each pixel of the window.
#[inline(never)]
pub(super) fn note_cover(graph: &Graph<'_>, beliefs: &Beliefs, cover: &mut [Cover]) {
    let width = graph.scene.pieces.window.width;
    for (site, states) in graph.sites.iter().zip(&beliefs.states) {
        let (mean, variance) = Cover::of(states);
        cover[(site.y * width + site.x) as usize] = Cover { mean, precision: 1.0 / (variance + 0.02) };
    }
}

/// What the copies tell about each site.
pub(super) struct Hint {
    /// Factors for the probabilities of the labels.
    pub(super) labels: Vec<Labels>,
    /// Mean cover over the copies; none where fewer than two of them have an estimate.
    pub(super) covers: Vec<Option<f32>>,
}

/// The hint for the sites of `graph`; none when the mark is not repeated. Copies are shifted by fractions of a pixel, so that their edges agree only
/// roughly; how roughly is measured on sites whose own estimate is precise.
#[inline(never)]
pub(super) fn hint_from_copies(scene: &Scene<'_>, graph: &Graph<'_>, cover: &[Cover]) -> Option<Hint> {
    let width = scene.pieces.window.width;
    let told: Vec<Option<Cover>> = graph.sites.iter().map(|site| told_by_copies(scene, site, cover)).collect();
    if told.iter().flatten().count() < 100 {
        return None;
    }
    let mut misses = vec![];
    for (site, told) in graph.sites.iter().zip(&told) {
        let own = cover[(site.y * width + site.x) as usize];
        if let Some(told) = told
            && own.precision > 1.0 / 0.03
            && (0.15..0.85).contains(&told.mean)
        {
            misses.push((own.mean - told.mean).abs());
        }
    }
    let miss = if misses.len() > 50 { median(&mut misses) } else { 0.2 };
    let spread = (1.5 * miss).clamp(0.06, 0.3);
    let labels = |told: &Option<Cover>| -> Labels {
        let Some(told) = told else { return [1.0; LABELS] };
        let variance = spread * spread + 1.0 / told.precision;
        std::array::from_fn(|k| {
            let off = k as f32 / FULL as f32 - told.mean;
            libm::expf(-off * off / (2.0 * variance)) + 0.02
        })
    };
    Some(Hint { labels: told.iter().map(labels).collect(), covers: told.iter().map(|t| t.map(|t| t.mean)).collect() })
}

/// The mean estimate of the copies of a site, weighted by precision; none with fewer than two estimates.
fn told_by_copies(scene: &Scene<'_>, site: &Site, cover: &[Cover]) -> Option<Cover> {
    let window = scene.pieces.window;
    let (mut sum, mut precision, mut count) = (0.0, 0.0, 0);
    for (dx, dy) in &scene.pieces.list[site.piece as usize].copies {
        let (x, y) = (i64::from(site.x) + i64::from(*dx), i64::from(site.y) + i64::from(*dy));
        if scene.pieces.label(x, y).is_some_and(|l| l != 0) {
            let there = cover[y as usize * window.width as usize + x as usize];
            sum += there.precision * there.mean;
            precision += there.precision;
            count += usize::from(there.precision > 0.0);
        }
    }
    (count >= 2).then(|| Cover { mean: sum / precision, precision })
}
