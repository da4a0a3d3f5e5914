//! Coarse-to-fine synthesis: patches vote for the colours that they then look for again.

use super::field::{Field, Pixel, STEPS, State, Window};
use super::membrane;
use super::patch_match::{PatchMatch, Random};
use super::pyramid::{depths, pyramid};
use crate::{Pacer, Result, Stage};

/// Patches are 7x7 pixels. Thin holes in textures are filled with 5x5: on either side there is enough to go by, and what is smaller fits
/// more exactly. Fields too small for either use 3x3.
const RADIUS: usize = 3;
const THIN_RADIUS: usize = 2;
const SMALL_RADIUS: usize = 1;

/// Holes whose pixels are no deeper than this are thin.
const THIN: u32 = 16;
/// Where a larger share of neighbours than this are equal, it is a screen or a drawing: edges matter there, and want large patches.
const FLAT: f32 = 0.75;

/// A patch whose centre is one pixel deeper in the hole counts this much less: certainty comes from the rim.
const DEPTH_DISCOUNT: f32 = 2.5;

/// Finds the targets of `field`.
pub(super) async fn fill(mut field: Field, seed: u32, pacer: &impl Pacer) -> Result<Field> {
    let is_thin = depths(&field).iter().all(|depth| *depth <= THIN);
    let is_textured = flatness(&field) < FLAT;
    guess(&mut field, pacer).await?;
    let levels = pyramid(field);
    pacer.checkpoint().await?;
    let enough = |radius: usize| levels.last().is_some_and(|l| l.patches(radius).sources.len() > 64);
    if enough(THIN_RADIUS) && is_thin && is_textured {
        descend::<THIN_RADIUS>(levels, seed, pacer).await
    } else if enough(RADIUS) {
        descend::<RADIUS>(levels, seed, pacer).await
    } else {
        descend::<SMALL_RADIUS>(levels, seed, pacer).await
    }
}

/// The share of neighbouring known pixels that differ by a level at most, in every channel.
fn flatness(field: &Field) -> f32 {
    let known = |at: usize| field.states[at] == State::Known;
    let (mut equal, mut all) = (0u32, 0u32);
    for at in 0..field.pixels.len() {
        let (beside, below) = (at + 1, at + field.width);
        for (next, inside) in [(beside, beside % field.width != 0), (below, below < field.pixels.len())] {
            if inside && known(at) && known(next) {
                let (a, b) = (field.pixels[at], field.pixels[next]);
                all += 1;
                equal += u32::from(a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= STEPS as u16));
            }
        }
    }
    equal as f32 / all.max(1) as f32
}

/// Puts a membrane into everything unknown, so that no patch ever sees what is to be erased.
async fn guess(field: &mut Field, pacer: &impl Pacer) -> Result<()> {
    let window = Window::around(field, |s| s != State::Known, 2);
    let mut values: Vec<membrane::Value> = window.pixels().map(|at| field.pixels[at].map(f32::from)).collect();
    let given: Vec<bool> = window.pixels().map(|at| field.states[at] == State::Known).collect();
    membrane::fill(window.width, window.height, &mut values, &given, pacer).await?;
    for (at, value) in window.pixels().zip(values) {
        if field.states[at] != State::Known {
            field.pixels[at] = quantised(value);
        }
    }
    Ok(())
}

fn quantised(value: membrane::Value) -> Pixel {
    // Float-to-int casts saturate; sums of valid colours stay in range anyway.
    value.map(|v| v.round().max(0.0) as i16)
}

/// From the coarsest level to the finest. Where no patch fits, the membrane is the answer.
async fn descend<const R: usize>(mut levels: Vec<Field>, seed: u32, pacer: &impl Pacer) -> Result<Field> {
    let mut random = Random::new(seed);
    let depth = levels.len();
    let mut above: Option<PatchMatch<R>> = None;
    // Work is about proportional to targets times rounds; a level has four times its parent's targets.
    let effort = |level: usize| rounds(level, depth) as f32 * 0.25f32.powi(level as i32);
    let total: f32 = (0..depth).map(effort).sum();
    let mut spent = 0.0;
    loop {
        let mut field = levels.pop().expect("a pyramid has its field at the bottom, which ends the loop");
        let level = levels.len();
        let Some(mut search) = PatchMatch::<R>::new(&field) else {
            if level == 0 {
                return Ok(field);
            }
            above = None;
            continue;
        };
        pacer.checkpoint().await?;
        let confidence = confidences(&field, &search);
        match &above {
            Some(coarse) => {
                search.inherit(coarse, &mut random);
                vote(&mut field, &search, &confidence, Votes::Even, pacer).await?;
            }
            None => {
                guess(&mut field, pacer).await?;
                search.randomise(&mut random);
            }
        }
        let rounds = rounds(level, depth);
        for round in 0..rounds {
            search.measure(&field, pacer).await?;
            // Far jumps are for the coarse levels; later the neighbourhood of what was found is enough.
            let reach = if above.is_none() { u32::MAX } else { 16 };
            for backward in [false, true] {
                search.sweep(&field, backward, reach, &mut random, pacer).await?;
            }
            let last = round + 1 == rounds;
            let votes = if last && level == 0 { Votes::Sharp } else { Votes::Weighted };
            vote(&mut field, &search, &confidence, votes, pacer).await?;
            pacer.progress(Stage::Filling, (spent + effort(level) * (round + 1) as f32 / rounds as f32) / total);
        }
        spent += effort(level);
        if level == 0 {
            pacer.progress(Stage::Blending, 0.0);
            blend_seam(&mut field, &search, &confidence, pacer).await?;
            pacer.progress(Stage::Blending, 1.0);
            return Ok(field);
        }
        above = Some(search);
    }
}

/// Expectation-maximisation rounds of a level: many where pixels are few and everything is still open.
fn rounds(level: usize, depth: usize) -> usize {
    if level + 1 == depth { 10 } else { (2 + 2 * level).min(8) }
}

/// How much each target patch is trusted before looking at its match.
fn confidences<const R: usize>(field: &Field, search: &PatchMatch<R>) -> Vec<f32> {
    let depth = depths(field);
    search.patches.targets.iter().map(|at| DEPTH_DISCOUNT.powf(-(depth[*at as usize].min(60) as f32))).collect()
}

/// How votes are weighed.
#[derive(Clone, Copy, PartialEq)]
enum Votes {
    /// By confidence alone: the matches have not been measured yet.
    Even,
    /// By confidence and likeness.
    Weighted,
    /// The same with a much narrower idea of likeness, so that the last vote does not average texture away.
    Sharp,
}

/// The likeness weight of a patch is `exp(-distance * falloff)`.
fn falloff<const R: usize>(search: &PatchMatch<R>, votes: Votes) -> f32 {
    if votes == Votes::Even {
        return 0.0;
    }
    let mut distances: Vec<u32> = search.matches.iter().map(|m| m.distance).collect();
    let rank = distances.len() * 3 / 4;
    let (_, upper_quartile, _) = distances.select_nth_unstable(rank);
    let variance = (*upper_quartile as f32).max(1.0);
    match votes {
        Votes::Sharp => 4.0 / variance,
        _ => 1.0 / variance,
    }
}

/// Patches between two checkpoints of a vote: a few milliseconds of work.
const CHECKPOINT: usize = 8192;

/// What all patches together say about the pixels of `window` where `wanted` holds: sums of colours and of weights.
async fn poll<const R: usize>(
    field: &Field,
    voters: (&PatchMatch<R>, &[f32]),
    votes: Votes,
    window: &Window,
    wanted: impl Fn(usize) -> bool,
    pacer: &impl Pacer,
) -> Result<(Vec<membrane::Value>, Vec<f32>)> {
    let (search, confidence) = voters;
    let falloff = falloff(search, votes);
    let mut sums = vec![[0.0f32; 4]; window.width * window.height];
    let mut weights = vec![0.0f32; sums.len()];
    for (i, ((m, at), confidence)) in search.matches.iter().zip(&search.patches.targets).zip(confidence).enumerate() {
        if i % CHECKPOINT == 0 {
            pacer.checkpoint().await?;
        }
        let weight = confidence * (-(m.distance as f32) * falloff).exp().max(1e-12);
        let corner = R * field.width + R;
        let (to, from) = (*at as usize - corner, m.source as usize - corner);
        for row in 0..2 * R + 1 {
            for column in 0..2 * R + 1 {
                let to = to + row * field.width + column;
                if wanted(to) {
                    let colour = field.pixels[from + row * field.width + column];
                    let slot = window.slot(to);
                    for (sum, c) in sums[slot].iter_mut().zip(colour) {
                        *sum += weight * f32::from(c);
                    }
                    weights[slot] += weight;
                }
            }
        }
    }
    Ok((sums, weights))
}

/// Gives the targets the colours that their patches vote for.
async fn vote<const R: usize>(
    field: &mut Field,
    search: &PatchMatch<R>,
    confidence: &[f32],
    votes: Votes,
    pacer: &impl Pacer,
) -> Result<()> {
    let window = Window::around(field, |s| s == State::Target, 0);
    let wanted = |at: usize| field.states[at] == State::Target;
    let (sums, weights) = poll(field, (search, confidence), votes, &window, wanted, pacer).await?;
    for ((at, sum), weight) in window.pixels().zip(sums).zip(weights) {
        if weight > 0.0 {
            field.pixels[at] = quantised(sum.map(|s| s / weight));
        }
    }
    Ok(())
}

/// Lifts the fill so that it meets the known pixels around it: what the patches got wrong on the rim is spread
/// over the hole as a membrane (Perez et al. 2003 with the fill's own gradients).
async fn blend_seam<const R: usize>(
    field: &mut Field,
    search: &PatchMatch<R>,
    confidence: &[f32],
    pacer: &impl Pacer,
) -> Result<()> {
    let window = Window::around(field, |s| s == State::Target, 1);
    let is_target = |at: usize| field.states[at] == State::Target;
    let is_rim = |at: usize| {
        let (x, y) = (at % field.width, at / field.width);
        field.states[at] == State::Known
            && ((x > 0 && is_target(at - 1))
                || (x + 1 < field.width && is_target(at + 1))
                || (y > 0 && is_target(at - field.width))
                || (y + 1 < field.height && is_target(at + field.width)))
    };
    let (mut error, weights) = poll(field, (search, confidence), Votes::Sharp, &window, is_rim, pacer).await?;
    for ((at, error), weight) in window.pixels().zip(&mut error).zip(weights) {
        for (error, known) in error.iter_mut().zip(field.pixels[at]) {
            *error = if weight > 0.0 { f32::from(known) - *error / weight } else { 0.0 };
        }
    }
    let given: Vec<bool> = window.pixels().map(|at| !is_target(at)).collect();
    membrane::fill(window.width, window.height, &mut error, &given, pacer).await?;
    for (at, error) in window.pixels().zip(error) {
        if field.states[at] == State::Target {
            let mut lifted = field.pixels[at].map(f32::from);
            for (value, error) in lifted.iter_mut().zip(error) {
                *value += error;
            }
            field.pixels[at] = quantised(lifted);
        }
    }
    Ok(())
}
