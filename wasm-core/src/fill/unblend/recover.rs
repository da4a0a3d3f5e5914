//! Computes the colours under the mark.

use super::beliefs::Beliefs;
use super::colour::{Rgb, add, distance, squared};
use super::graph::{Graph, Near, Site};
use super::labels::{FULL, LABELS, States, UNKNOWN};
use super::mark::Path;
use super::scene::CELL;
use crate::fill::summed_area::SummedArea;

/// A pixel that is more probably unexplained is left to the other ways to fill. Of 0.5 and 0.9, the latter recovers more of every mark on photographs
/// and harms none: what a mark with a likely cover shows is nearer to the truth than a fill.
const MAX_UNKNOWN: f32 = 0.9;
/// Sweeps that move colours towards their neighbourhood.
const SWEEPS: usize = 4;
/// Offsets of the eight neighbours, in pixels.
const AROUND: [(i64, i64); 8] = [(-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)];

/// Counts over all sites, for the [`verdict`](super::verdict).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Check {
    pub(super) sites: f32,
    /// Sum of the probabilities of no cover.
    pub(super) bare: f32,
    /// Sum of the probabilities of full cover.
    pub(super) full: f32,
    /// Sum of the probabilities of being unexplained.
    pub(super) unknown: f32,
    /// Sites that are probably fully covered.
    pub(super) covered: f32,
    /// Those of `covered` whose hidden colour would lie outside the gamut.
    pub(super) impossible: f32,
    /// Partly covered sites.
    pub(super) partly: f32,
    /// Those of `partly` without a bare and a full site close by.
    pub(super) loose: f32,
    /// On drawn content: pairs of pixels, one bare and one covered, and those of them that have the same colour below.
    pub(super) across: [f32; 2],
    /// The same for pairs of bare pixels, and for pairs of covered ones.
    pub(super) within: [f32; 2],
}

/// What is known about the hidden colour of a site.
#[derive(Clone, Copy)]
struct Plan {
    label: usize,
    unknown: bool,
    /// Whether it is surrounded by sites of its own label, bare or full, so that its cover is exact.
    solid: bool,
    /// Hidden colours at the two ends of the label's range of covers.
    ends: [Rgb; 2],
    /// Position between the ends that the beliefs suggest, 0 to 1.
    place: f32,
    /// Variance of the hidden colour over the beliefs, in squared levels.
    doubt: f32,
    /// `doubt`, plus the variance within the label's range of covers.
    variance: f32,
    /// Variance of the hidden colours that round to the colour in the picture, in squared levels.
    rounding: f32,
}

/// Hidden colours and their likely errors, in levels; infinite where the mark explains nothing. Within the range of covers of its label, and within
/// rounding, a colour is moved towards what its neighbourhood suggests.
#[inline(never)]
pub(super) fn recover(graph: &Graph<'_>, path: &Path, beliefs: &Beliefs, check: &mut Check) -> (Vec<Rgb>, Vec<f32>) {
    let (plans, mut colours) = plan(graph, path, beliefs, check);
    let noise = excess_noise(graph, &plans, &colours);
    for _ in 0..SWEEPS {
        let next: Vec<Rgb> = (0..plans.len()).map(|at| moved(graph, &plans, &colours, noise[at], at)).collect();
        colours = next;
    }
    let error = |(plan, site): (&Plan, &Site)| {
        let texture = texture_variance(site);
        if plan.unknown { f32::INFINITY } else { (plan.doubt * texture / (texture + plan.variance)).sqrt() }
    };
    let errors = plans.iter().zip(&graph.sites).map(error).collect();
    (colours, errors)
}

/// Variance of the picture's own texture around a site, in squared levels.
fn texture_variance(site: &Site) -> f32 {
    0.5 * site.grain.mean * site.grain.mean + 0.1
}

/// The plan and the first colour of each site; counts them in `check`.
fn plan(graph: &Graph<'_>, path: &Path, beliefs: &Beliefs, check: &mut Check) -> (Vec<Plan>, Vec<Rgb>) {
    let labels: Vec<Option<usize>> = beliefs
        .states
        .iter()
        .map(|s| {
            let best = (0..LABELS).fold(0, |best, k| if s[k] > s[best] { k } else { best });
            (s[UNKNOWN] <= MAX_UNKNOWN).then_some(best)
        })
        .collect();
    let mut plans = Vec::with_capacity(labels.len());
    let mut colours = Vec::with_capacity(labels.len());
    for (at, site) in graph.sites.iter().enumerate() {
        let states = &beliefs.states[at];
        let hidden = path.hidden(site.colour);
        let sum = states[..LABELS].iter().sum::<f32>() + 1e-20;
        let mut mean = [0.0; 3];
        (0..LABELS).for_each(|k| add(&mut mean, hidden[k], states[k] / sum));
        let doubt = (0..LABELS).map(|k| states[k] / sum * squared(hidden[k], mean) / 3.0).sum::<f32>();
        let label = (0..LABELS).fold(0, |best, k| if states[k] > states[best] { k } else { best });
        let solid = is_solid(graph, &labels, at);
        let exact = solid && (label == 0 || label == FULL);
        let reach = if exact { 0.0 } else { 0.5 };
        let ends = [-reach, reach].map(|r| path.under(site.colour, (label as f32 + r).clamp(0.0, FULL as f32)));
        let length = squared(ends[0], ends[1]);
        let place = if length > 1e-3 { projected(mean, ends).clamp(0.0, 1.0) } else { 0.0 };
        let variance = doubt + length / 36.0;
        let rounding = (0.5 / (1.0 - path.cover[label])).powi(2) / 3.0;
        let unknown = labels[at].is_none();
        colours.push(if unknown { mean } else { between(ends, place) });
        plans.push(Plan { label, unknown, solid: exact, ends, place, doubt, variance, rounding });
        check.note(graph, &labels, at, states, hidden[FULL]);
    }
    (plans, colours)
}

/// The position of a colour's projection on the line between two ends: 0 at the first, 1 at the second.
fn projected(colour: Rgb, ends: [Rgb; 2]) -> f32 {
    let dot: f32 = (0..3).map(|i| (colour[i] - ends[0][i]) * (ends[1][i] - ends[0][i])).sum();
    dot / squared(ends[0], ends[1])
}

/// The colour at a position between two ends.
fn between(ends: [Rgb; 2], place: f32) -> Rgb {
    std::array::from_fn(|i| ends[0][i] + (ends[1][i] - ends[0][i]) * place)
}

/// Whether all eight neighbours have the site's label; known pixels have label 0.
fn is_solid(graph: &Graph<'_>, labels: &[Option<usize>], at: usize) -> bool {
    let site = &graph.sites[at];
    labels[at].is_some()
        && AROUND.iter().all(|(dx, dy)| {
            let near = graph.near(i64::from(site.x) + dx, i64::from(site.y) + dy);
            labels[at] == if let Near::Site(next) = near { labels[next as usize] } else { Some(0) }
        })
}

/// Variance of the fully covered sites beyond that of the texture around them, in squared levels: compression noise that unblending has amplified.
fn excess_noise(graph: &Graph<'_>, plans: &[Plan], colours: &[Rgb]) -> Vec<f32> {
    let (columns, rows) = ((graph.bounds.width as usize).div_ceil(CELL), (graph.bounds.height as usize).div_ceil(CELL));
    let cell = |site: &Site| ((site.x - graph.bounds.x) as usize / CELL, (site.y - graph.bounds.y) as usize / CELL);
    let mut sums = vec![[0.0f32; 2]; columns * rows];
    for (p, site) in graph.sites.iter().enumerate() {
        for near in [site.near[0], site.near[2]] {
            let Near::Site(q) = near else { continue };
            if plans[p].label == FULL && plans[q as usize].label == FULL {
                let (column, row) = cell(site);
                add(&mut sums[row * columns + column], [distance(colours[p], colours[q as usize]), 1.0], 1.0);
            }
        }
    }
    let mut table = SummedArea::new(columns, rows);
    (0..rows).for_each(|row| table.push_row(|column| sums[row * columns + column].map(f64::from)));
    let noise = |site: &Site| {
        let (column, row) = cell(site);
        let [sum, count] = table.around([column, row], 2).map(|sum| sum as f32);
        let mean = if count >= 24.0 { sum / count } else { 0.0 };
        (0.6 * (mean * mean - 1.5 * site.grain.mean * site.grain.mean)).max(0.0)
    };
    graph.sites.iter().map(noise).collect()
}

/// The colour of a site after one sweep.
fn moved(graph: &Graph<'_>, plans: &[Plan], colours: &[Rgb], noise: f32, at: usize) -> Rgb {
    let (site, plan, own) = (&graph.sites[at], &plans[at], colours[at]);
    if plan.solid && plan.label == 0 {
        return site.colour;
    }
    let tolerated = 4.0 * (site.grain.mean * site.grain.mean + plan.variance + 1.0);
    let (mut sum, mut total) = ([0.0; 3], 0.0);
    for (dx, dy) in AROUND {
        let (colour, trust) = match graph.near(i64::from(site.x) + dx, i64::from(site.y) + dy) {
            Near::Nothing => continue,
            Near::Known(colour) => (colour, 1.0),
            Near::Site(next) => (colours[next as usize], plans[next as usize].trust()),
        };
        let straight = if dx == 0 || dy == 0 { 1.0 } else { 0.5 };
        let weight = trust * straight / (1.0 + squared(colour, own) / 3.0 / tolerated);
        add(&mut sum, colour, weight);
        total += weight;
    }
    if total <= 0.0 {
        return site.colour;
    }
    let around = sum.map(|s| s / total);
    if plan.unknown {
        return around.map(|v| v.clamp(0.0, 255.0));
    }
    let texture = texture_variance(site);
    let mut new = plan.ends[0];
    if squared(plan.ends[0], plan.ends[1]) > 1e-3 {
        // The square root of the Wiener filter's gain: with the gain itself, edges of the mark would have less texture than the picture.
        let keep = (texture / (texture + plan.variance)).sqrt();
        let around = projected(around, plan.ends);
        let place = around + (plan.place - around) * keep;
        new = between(plan.ends, place.clamp(0.0, 1.0));
    }
    if plan.label > 0 {
        // Again the square root of the Wiener filter's gain, so that texture and noise together have the energy of the texture.
        let (share, most) = (1.0 - (texture / (texture + noise)).sqrt(), 2.5 * noise.sqrt());
        // In texture, amplified rounding is not visible; where there is less texture, the neighbourhood tells what was rounded.
        let keep = (site.grain.mean * site.grain.mean / plan.rounding).min(1.0);
        new = std::array::from_fn(|i| {
            let calmed = new[i] + share * (around[i] - new[i]).clamp(-most, most);
            around[i] + (calmed - around[i]) * keep
        });
    }
    new.map(|v| v.clamp(0.0, 255.0))
}

impl Plan {
    /// Weight of this site's colour for its neighbours.
    fn trust(&self) -> f32 {
        match self.label {
            _ if self.unknown => 0.05,
            0 => 1.0,
            FULL => 0.7,
            _ => 0.2,
        }
    }
}

impl Check {
    /// Counts a site; `hidden` is its hidden colour under full cover.
    fn note(&mut self, graph: &Graph<'_>, labels: &[Option<usize>], at: usize, states: &States, hidden: Rgb) {
        self.sites += 1.0;
        self.bare += states[0];
        self.full += states[FULL];
        self.unknown += states[UNKNOWN];
        if states[FULL] > 0.5 {
            self.covered += 1.0;
            self.impossible += f32::from(u8::from(hidden.iter().any(|v| *v < -6.0 || *v > 261.0)));
        }
        if let Some(1..FULL) = labels[at] {
            let (mut bare, mut full) = (false, false);
            let (x, y) = (i64::from(graph.sites[at].x), i64::from(graph.sites[at].y));
            for (x, y) in (y - 2..=y + 2).flat_map(|y| (x - 2..=x + 2).map(move |x| (x, y))) {
                match graph.near(x, y) {
                    Near::Known(_) => bare = true,
                    Near::Site(next) => {
                        bare |= labels[next as usize] == Some(0);
                        full |= labels[next as usize] == Some(FULL);
                    }
                    // Beyond the border or the batch there may be either.
                    Near::Nothing => (bare, full) = (true, true),
                }
            }
            self.partly += 1.0;
            self.loose += f32::from(u8::from(!bare || !full));
        }
    }
}
