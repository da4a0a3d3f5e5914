//! The colours under the mark.

use super::arithmetic::{add, distance, squared};
use super::beliefs::Beliefs;
use super::graph::{Graph, Near, Site};
use super::mark::Path;
use super::scene::{block, summed};
use super::{CELL, FULL, LABELS, Rgb, States, UNKNOWN};

/// Sweeps over the sites after labelling.
const SWEEPS: usize = 4;
const AROUND: [(i64, i64); 8] = [(-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)];

/// Sums over all sites, for [`is_convincing`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Check {
    pub(super) sites: f32,
    pub(super) bare: f32,
    pub(super) full: f32,
    pub(super) unknown: f32,
    /// Fully covered sites, and those of them whose hidden colour would lie outside the gamut.
    pub(super) covered: f32,
    pub(super) impossible: f32,
    /// Partly covered sites, and those of them without bare and full ones close by.
    pub(super) partly: f32,
    pub(super) loose: f32,
}

/// A site on its way to a colour.
#[derive(Clone, Copy)]
struct Plan {
    pub(super) label: usize,
    pub(super) unknown: bool,
    /// Surrounded by its own label: its cover is exact.
    solid: bool,
    /// Hidden colours at the two ends of the label's range of covers.
    pub(super) ends: [Rgb; 2],
    /// Place between the ends that the beliefs ask for.
    place: f32,
    /// Variance of the hidden colour as far as the beliefs know it, and with the label's range.
    doubt: f32,
    pub(super) variance: f32,
    /// Variance of what rounds to the colour seen.
    rounding: f32,
}

/// Hidden colours and their likely errors, in levels. Where covers are open within their label, and where rounding
/// left room, colours are moved towards what the neighbourhood suggests.
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

fn texture_variance(site: &Site) -> f32 {
    0.5 * site.grain.mean * site.grain.mean + 0.1
}

/// Decides labels and makes first colours.
fn plan(graph: &Graph<'_>, path: &Path, beliefs: &Beliefs, check: &mut Check) -> (Vec<Plan>, Vec<Rgb>) {
    let labels: Vec<Option<usize>> = beliefs
        .states
        .iter()
        .map(|s| {
            let best = (0..LABELS).fold(0, |best, k| if s[k] > s[best] { k } else { best });
            (s[UNKNOWN] <= 0.5).then_some(best)
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

/// Where a colour falls on the line between two ends.
fn projected(colour: Rgb, ends: [Rgb; 2]) -> f32 {
    let dot: f32 = (0..3).map(|i| (colour[i] - ends[0][i]) * (ends[1][i] - ends[0][i])).sum();
    dot / squared(ends[0], ends[1])
}

fn between(ends: [Rgb; 2], place: f32) -> Rgb {
    std::array::from_fn(|i| ends[0][i] + (ends[1][i] - ends[0][i]) * place)
}

/// True when all eight neighbours have the site's label; known pixels have 0.
fn is_solid(graph: &Graph<'_>, labels: &[Option<usize>], at: usize) -> bool {
    let site = &graph.sites[at];
    labels[at].is_some()
        && AROUND.iter().all(|(dx, dy)| {
            let near = graph.near(i64::from(site.x) + dx, i64::from(site.y) + dy);
            labels[at] == if let Near::Site(next) = near { labels[next as usize] } else { Some(0) }
        })
}

/// Variance of the fully covered sites beyond the texture around: compression noise, which unblending amplified.
fn excess_noise(graph: &Graph<'_>, plans: &[Plan], colours: &[Rgb]) -> Vec<f32> {
    let (columns, rows) = ((graph.bounds.width as usize).div_ceil(CELL), (graph.bounds.height as usize).div_ceil(CELL));
    let cell = |site: &Site| ((site.x - graph.bounds.x) as usize / CELL, (site.y - graph.bounds.y) as usize / CELL);
    let mut sums = vec![[0.0f32; 3]; columns * rows];
    for (p, site) in graph.sites.iter().enumerate() {
        for near in [site.near[0], site.near[2]] {
            let Near::Site(q) = near else { continue };
            if plans[p].label == FULL && plans[q as usize].label == FULL {
                let (column, row) = cell(site);
                add(&mut sums[row * columns + column], [distance(colours[p], colours[q as usize]), 1.0, 0.0], 1.0);
            }
        }
    }
    let table = summed(&sums, columns);
    let noise = |site: &Site| {
        let (column, row) = cell(site);
        let [sum, count, _] = block(&table, columns, column, row, 2, rows);
        let mean = if count >= 24.0 { sum / count } else { 0.0 };
        (0.6 * (mean * mean - 1.5 * site.grain.mean * site.grain.mean)).max(0.0)
    };
    graph.sites.iter().map(noise).collect()
}

/// A site's colour after one sweep.
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
        // The square root of Wiener's factor: pulled further, edges of the mark would have less texture than there was.
        let keep = (texture / (texture + plan.variance)).sqrt();
        let around = projected(around, plan.ends);
        let place = around + (plan.place - around) * keep;
        new = between(plan.ends, place.clamp(0.0, 1.0));
    }
    if plan.label > 0 {
        // Again the square root of Wiener's factor, so that texture and noise together have the energy of the texture.
        let (share, most) = (1.0 - (texture / (texture + noise)).sqrt(), 2.5 * noise.sqrt());
        // Among texture the noise of rounding is not seen; where there is less of it, the neighbourhood says what was rounded.
        let keep = (site.grain.mean * site.grain.mean / plan.rounding).min(1.0);
        new = std::array::from_fn(|i| {
            let calmed = new[i] + share * (around[i] - new[i]).clamp(-most, most);
            around[i] + (calmed - around[i]) * keep
        });
    }
    new.map(|v| v.clamp(0.0, 255.0))
}

impl Plan {
    /// How much a neighbour believes this site.
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
                    // Whatever lies beyond the border may be either.
                    Near::Nothing => (bare, full) = (true, true),
                }
            }
            self.partly += 1.0;
            self.loose += f32::from(u8::from(!bare || !full));
        }
    }
}
