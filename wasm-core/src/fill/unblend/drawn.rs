//! Computes the colours under a mark on drawn content: what surrounds a pixel has few colours, and one of them is most often its own.

use super::beliefs::Beliefs;
use super::colour::{Rgb, add, distance};
use super::graph::{Graph, Near};
use super::labels::{FULL, LABELS};
use super::mark::Mark;
use super::recover::Check;

/// Radius of the square whose colours are candidates for the pixel in its middle, in pixels.
const REACH: i64 = 2;
/// Rounds in which colours and covers are estimated by turns.
const ROUNDS: usize = 3;
/// Weight of a colour of the palette that does not occur close by, against 1 for one direct neighbour.
const PALETTE_WEIGHT: f32 = 0.1;
/// Radius of the square in which the cover of a pixel is predicted from others, in pixels.
const SIGHT: i64 = 3;
/// Distance of the pixels that are compared across the mark's edge, which is narrower.
const APART: i64 = 3;
/// Maximum difference, in levels, between a pixel and a candidate under the mark.
const ROUNDING: f32 = 0.8;
/// Standard deviation of an expected cover, and how many of them a cover may be off. In grey, letters often look like the ground under some cover.
const PREDICTION: f32 = 0.15;
const MAX_SURPRISE: f32 = 2.0;
/// Minimum share of equal neighbours of drawn content.
const MIN_EQUAL: f32 = 0.6;
/// Squared difference, in squared levels, that the full mark has to make for the cover to be measured.
const VISIBLE: f32 = 64.0;

/// The cover of a site and the colour under it.
#[derive(Clone, Copy)]
struct Lifted {
    cover: f32,
    colour: Rgb,
    /// Whether both are certain.
    is_known: bool,
}

/// Corrects the hidden colours of those sites around which most neighbours are equal, and their likely errors. `hidden` is what the palette tells
/// of each site under the full mark.
#[inline(never)]
pub(super) fn recover_drawn(
    graph: &Graph<'_>,
    mark: &Mark,
    beliefs: &Beliefs,
    hidden: &[[Option<Rgb>; 2]],
    colours: &mut [Rgb],
    errors: &mut [f32],
    check: &mut Check,
) {
    let mut lifted = solid(graph, mark, beliefs, hidden);
    let edge: Vec<usize> = (0..lifted.len()).filter(|at| !lifted[*at].is_known).collect();
    let first: Vec<f32> = edge.iter().map(|at| lifted[*at].cover).collect();
    for round in 0..ROUNDS {
        let found: Vec<Option<Lifted>> =
            edge.iter().map(|at| matched(graph, mark, &lifted, hidden[*at], *at)).collect();
        for (at, found) in edge.iter().zip(found) {
            lifted[*at] = found.unwrap_or(lifted[*at]);
        }
        // The covers around tell more about one than the colours did.
        let covers: Vec<f32> = edge.iter().map(|at| predicted(graph, &lifted, *at)).collect();
        for ((at, cover), first) in edge.iter().zip(covers).zip(&first) {
            let cover = 0.5 * (cover + first);
            if round + 1 < ROUNDS {
                lifted[*at].cover = cover;
            } else if !lifted[*at].is_known {
                lifted[*at] = Lifted { cover, colour: under(mark, graph.sites[*at].colour, cover), is_known: false };
            }
        }
    }
    note_pairs(graph, mark, &lifted, check);
    for (at, lifted) in lifted.iter().enumerate() {
        if graph.sites[at].grain.equal >= MIN_EQUAL {
            colours[at] = lifted.colour.map(|v| v.clamp(0.0, 255.0));
            errors[at] = 0.0;
        }
    }
}

/// Counts pairs of pixels that lie [`APART`] from each other in a row or a column: across the mark's edge, and on one side of it.
fn note_pairs(graph: &Graph<'_>, mark: &Mark, lifted: &[Lifted], check: &mut Check) {
    let side = |cover: f32| if cover < 0.02 { Some(false) } else { (cover > 0.98).then_some(true) };
    for (site, lift) in graph.sites.iter().zip(lifted) {
        let Some(own) = side(lift.cover) else { continue };
        for (dx, dy) in [(APART, 0), (0, APART), (-APART, 0), (0, -APART)] {
            let (colour, other) = match graph.near(i64::from(site.x) + dx, i64::from(site.y) + dy) {
                Near::Known(colour) => (colour, Some(false)),
                Near::Site(next) => (lifted[next as usize].colour, side(lifted[next as usize].cover)),
                Near::Nothing => continue,
            };
            let Some(other) = other else { continue };
            let is_equal = distance(lift.colour, colour) <= 1.0 + 0.5 / mark.clear;
            let counts = if own == other { &mut check.within } else { &mut check.across };
            add(counts, [1.0, f32::from(u8::from(is_equal))], 1.0);
        }
    }
}

/// The hidden colour of a pixel of this colour under a cover from 0 to 1.
fn under(mark: &Mark, colour: Rgb, cover: f32) -> Rgb {
    let opacity = cover * (1.0 - mark.clear);
    std::array::from_fn(|i| (colour[i] - opacity * mark.colour[i]) / (1.0 - opacity))
}

/// Sites in the midst of their own label, bare or full, are known; the others get the cover that the beliefs expect.
fn solid(graph: &Graph<'_>, mark: &Mark, beliefs: &Beliefs, hidden: &[[Option<Rgb>; 2]]) -> Vec<Lifted> {
    let labels: Vec<usize> =
        beliefs.states.iter().map(|s| (0..s.len()).fold(0, |best, k| if s[k] > s[best] { k } else { best })).collect();
    let lift = |at: usize| {
        let (site, label) = (&graph.sites[at], labels[at]);
        let around = (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (i64::from(site.x) + dx, i64::from(site.y) + dy)));
        let mut is_solid = label == 0 || label == FULL;
        for (x, y) in around {
            is_solid &= match graph.near(x, y) {
                Near::Site(next) => labels[next as usize] == label,
                Near::Known(_) => label == 0,
                Near::Nothing => true,
            };
        }
        if label == 0 && is_solid {
            return Lifted { cover: 0.0, colour: site.colour, is_known: true };
        }
        if label == FULL && is_solid {
            let colour = hidden[at][1].unwrap_or_else(|| under(mark, site.colour, 1.0));
            return Lifted { cover: 1.0, colour, is_known: true };
        }
        let states = &beliefs.states[at];
        let total: f32 = states[..LABELS].iter().sum::<f32>() + 1e-9;
        let cover = (0..LABELS).map(|k| states[k] * k as f32).sum::<f32>() / (total * FULL as f32);
        Lifted { cover, colour: under(mark, site.colour, cover), is_known: false }
    };
    (0..labels.len()).map(lift).collect()
}

/// The colour close by of which the mark makes the site's own, with a cover that fits best to the expected one.
fn matched(graph: &Graph<'_>, mark: &Mark, lifted: &[Lifted], hidden: [Option<Rgb>; 2], at: usize) -> Option<Lifted> {
    let site = &graph.sites[at];
    let expected = lifted[at].cover;
    let mut candidates: Vec<(Rgb, f32)> = hidden.iter().flatten().map(|colour| (*colour, PALETTE_WEIGHT)).collect();
    for (dx, dy) in (-REACH..=REACH).flat_map(|dy| (-REACH..=REACH).map(move |dx| (dx, dy))) {
        let colour = match graph.near(i64::from(site.x) + dx, i64::from(site.y) + dy) {
            Near::Nothing => continue,
            Near::Known(colour) => colour,
            Near::Site(next) if next as usize != at && lifted[next as usize].is_known => lifted[next as usize].colour,
            Near::Site(_) => continue,
        };
        let weight = 1.0 / (dx * dx + dy * dy) as f32;
        match candidates.iter_mut().find(|c| c.0 == colour) {
            Some(c) => c.1 += weight,
            None => candidates.push((colour, weight)),
        }
    }
    let mut best: Option<(f32, Lifted)> = None;
    for (colour, weight) in candidates {
        let change: Rgb = std::array::from_fn(|i| (1.0 - mark.clear) * (mark.colour[i] - colour[i]));
        let seen: Rgb = std::array::from_fn(|i| site.colour[i] - colour[i]);
        let dot = |a: Rgb, b: Rgb| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        let strength = dot(change, change);
        let cover = if strength < VISIBLE { expected } else { (dot(seen, change) / strength).clamp(0.0, 1.0) };
        let off = (0..3).fold(0.0f32, |most, i| most.max((seen[i] - cover * change[i]).abs()));
        let surprise = (cover - expected) / PREDICTION;
        if off > ROUNDING || surprise.abs() > MAX_SURPRISE {
            continue;
        }
        let cost = 0.5 * surprise * surprise - libm::logf(weight);
        if best.is_none_or(|(least, _)| cost < least) {
            best = Some((cost, Lifted { cover, colour, is_known: true }));
        }
    }
    best.map(|(_, lifted)| lifted)
}

/// The cover of a site by the known covers around it: a line across the mark's edge, whose direction is that of the steepest change.
fn predicted(graph: &Graph<'_>, lifted: &[Lifted], at: usize) -> f32 {
    let site = &graph.sites[at];
    let mut near: Vec<(f32, f32, f32)> = vec![];
    for (dx, dy) in (-SIGHT..=SIGHT).flat_map(|dy| (-SIGHT..=SIGHT).map(move |dx| (dx, dy))) {
        let cover = match graph.near(i64::from(site.x) + dx, i64::from(site.y) + dy) {
            Near::Nothing => continue,
            Near::Known(_) => 0.0,
            Near::Site(next) if next as usize != at && lifted[next as usize].is_known => lifted[next as usize].cover,
            Near::Site(_) => continue,
        };
        near.push((dx as f32, dy as f32, cover));
    }
    // The first moments of the covers point across the edge.
    let mut slope = [0.0f32; 2];
    near.iter().for_each(|(x, y, cover)| add(&mut slope, [*x, *y], cover - 0.5));
    let length = (slope[0] * slope[0] + slope[1] * slope[1]).sqrt().max(1e-6);
    let [across_x, across_y] = slope.map(|s| s / length);
    // Weight, position across the edge, cover, and their products.
    let mut sums = [1e-6f32, 0.0, 0.0, 0.0, 0.0];
    for (x, y, cover) in near {
        let across = x * across_x + y * across_y;
        let along_squared = x * x + y * y - across * across;
        let weight = 1.0 / ((1.0 + across.powi(4) * 16.0) * (1.0 + along_squared));
        add(&mut sums, [1.0, across, cover, across * across, across * cover], weight);
    }
    let [weight, across, cover, squares, products] = sums;
    let spread = squares * weight - across * across + 1e-3 * weight * weight;
    let steep = (products * weight - across * cover) / spread;
    ((cover - steep * across) / weight).clamp(0.0, 1.0)
}
