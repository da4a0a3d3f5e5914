//! Coarse-to-fine synthesis: patches vote for the colours that they then look for again.

use super::field::{Field, Pixel, State};
use super::membrane;
use super::patch_match::{PatchMatch, Random};
use super::pyramid::{depths, pyramid};
use crate::{Pacer, Result, Stage};

/// Patches are 7x7 pixels; fields too small for that use 3x3.
const RADIUS: usize = 3;
const SMALL_RADIUS: usize = 1;

/// A patch whose centre is one pixel deeper in the hole counts this much less: certainty comes from the rim.
const DEPTH_DISCOUNT: f32 = 1.3;

/// Finds the targets of `field`.
pub(super) async fn fill(field: &mut Field, seed: u32, pacer: &impl Pacer) -> Result<()> {
    guess(field);
    let levels = pyramid(field.clone());
    let found = if levels.last().is_some_and(|l| l.patches(RADIUS).sources.len() > 64) {
        descend::<RADIUS>(levels, seed, pacer).await?
    } else {
        descend::<SMALL_RADIUS>(levels, seed, pacer).await?
    };
    if let Some(found) = found {
        *field = found;
    }
    Ok(())
}

/// Puts a membrane into everything unknown, so that no patch ever sees what is to be erased.
fn guess(field: &mut Field) {
    let mut values: Vec<membrane::Value> = field.pixels.iter().map(|p| p.map(f32::from)).collect();
    let given: Vec<bool> = field.states.iter().map(|s| *s == State::Known).collect();
    membrane::fill(field.width, field.height, &mut values, &given);
    for (pixel, value) in field.pixels.iter_mut().zip(&values) {
        *pixel = quantised(*value);
    }
}

fn quantised(value: membrane::Value) -> Pixel {
    // Float-to-int casts saturate; sums of valid colours stay in range anyway.
    value.map(|v| v.round().max(0.0) as i16)
}

/// From the coarsest level to the finest. None when no patch fits: the membrane then is the answer.
async fn descend<const R: usize>(mut levels: Vec<Field>, seed: u32, pacer: &impl Pacer) -> Result<Option<Field>> {
    let mut random = Random::new(seed);
    let depth = levels.len();
    let mut above: Option<PatchMatch<R>> = None;
    // Work is about proportional to targets times rounds; a level has four times its parent's targets.
    let effort = |level: usize| rounds(level, depth) as f32 * 0.25f32.powi(level as i32);
    let total: f32 = (0..depth).map(effort).sum();
    let mut spent = 0.0;
    while let Some(mut field) = levels.pop() {
        let level = levels.len();
        let Some(mut search) = PatchMatch::<R>::new(&field) else {
            above = None;
            continue;
        };
        let confidence = confidences(&field, &search);
        match &above {
            Some(coarse) => {
                search.inherit(coarse, &mut random);
                vote(&mut field, &search, &confidence, Votes::Even);
            }
            None => {
                guess(&mut field);
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
            vote(&mut field, &search, &confidence, if last && level == 0 { Votes::Sharp } else { Votes::Weighted });
            pacer.progress(Stage::Filling, (spent + effort(level) * (round + 1) as f32 / rounds as f32) / total);
        }
        spent += effort(level);
        if level == 0 {
            pacer.progress(Stage::Blending, 0.0);
            blend_seam(&mut field, &search, &confidence);
            pacer.checkpoint().await?;
            pacer.progress(Stage::Blending, 1.0);
            return Ok(Some(field));
        }
        above = Some(search);
    }
    Ok(None)
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

/// What all patches together say about the pixels where `wanted` holds: sums of colours and of weights.
fn poll<const R: usize>(
    field: &Field,
    search: &PatchMatch<R>,
    confidence: &[f32],
    votes: Votes,
    wanted: impl Fn(usize) -> bool,
) -> (Vec<membrane::Value>, Vec<f32>) {
    let falloff = falloff(search, votes);
    let mut sums = vec![[0.0f32; 4]; field.pixels.len()];
    let mut weights = vec![0.0f32; field.pixels.len()];
    for ((m, at), confidence) in search.matches.iter().zip(&search.patches.targets).zip(confidence) {
        let weight = confidence * (-(m.distance as f32) * falloff).exp().max(1e-12);
        let corner = R * field.width + R;
        let (to, from) = (*at as usize - corner, m.source as usize - corner);
        for row in 0..2 * R + 1 {
            for column in 0..2 * R + 1 {
                let to = to + row * field.width + column;
                if wanted(to) {
                    let colour = field.pixels[from + row * field.width + column];
                    for (sum, c) in sums[to].iter_mut().zip(colour) {
                        *sum += weight * f32::from(c);
                    }
                    weights[to] += weight;
                }
            }
        }
    }
    (sums, weights)
}

/// Gives the targets the colours that their patches vote for.
fn vote<const R: usize>(field: &mut Field, search: &PatchMatch<R>, confidence: &[f32], votes: Votes) {
    let (sums, weights) = poll(field, search, confidence, votes, |at| field.states[at] == State::Target);
    for ((pixel, sum), weight) in field.pixels.iter_mut().zip(sums).zip(weights) {
        if weight > 0.0 {
            *pixel = quantised(sum.map(|s| s / weight));
        }
    }
}

/// Lifts the fill so that it meets the known pixels around it: what the patches got wrong on the rim is spread
/// over the hole as a membrane (Perez et al. 2003 with the fill's own gradients).
fn blend_seam<const R: usize>(field: &mut Field, search: &PatchMatch<R>, confidence: &[f32]) {
    let width = field.width;
    let is_target = |at: usize| field.states[at] == State::Target;
    let is_rim = |at: usize| {
        field.states[at] == State::Known
            && [at.wrapping_sub(1), at + 1, at.wrapping_sub(width), at + width]
                .into_iter()
                .any(|n| n < field.states.len() && is_target(n))
    };
    let (sums, weights) = poll(field, search, confidence, Votes::Sharp, is_rim);
    let mut error = vec![[0.0f32; 4]; field.pixels.len()];
    for at in 0..error.len() {
        if weights[at] > 0.0 {
            for i in 0..4 {
                error[at][i] = f32::from(field.pixels[at][i]) - sums[at][i] / weights[at];
            }
        }
    }
    let given: Vec<bool> = (0..error.len()).map(|at| !is_target(at)).collect();
    membrane::fill(field.width, field.height, &mut error, &given);
    for ((pixel, error), given) in field.pixels.iter_mut().zip(&error).zip(&given) {
        if !given {
            let mut lifted = [0.0; 4];
            for i in 0..4 {
                lifted[i] = f32::from(pixel[i]) + error[i];
            }
            *pixel = quantised(lifted);
        }
    }
}
