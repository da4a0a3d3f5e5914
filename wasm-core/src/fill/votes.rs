//! What the patches say about the hole's colours.

use super::field::{Field, STEPS, State, Window, apart, quantised};
use super::membrane::Value;
use super::patch_match::Match;
use super::pyramid::depths;
use crate::{Pacer, Result};

/// A patch whose centre is one pixel deeper in the hole counts this much less: certainty comes from the rim.
const DEPTH_DISCOUNT: f32 = 2.5;

/// How much each target patch is trusted before looking at its match.
pub(super) fn confidences(field: &Field, targets: &[u32]) -> Vec<f32> {
    let depth = depths(field);
    targets.iter().map(|at| DEPTH_DISCOUNT.powf(-(depth[*at as usize].min(60) as f32))).collect()
}

/// How votes are weighed.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Votes {
    /// By confidence alone: the matches have not been measured yet.
    Even,
    /// By confidence and likeness.
    Weighted,
    /// The same with a much narrower idea of likeness, so that the last vote does not average texture away.
    Sharp,
}

/// The likeness weight of a patch is `exp(-distance * falloff)`.
fn falloff(matches: &[Match], votes: Votes) -> f32 {
    if votes == Votes::Even {
        return 0.0;
    }
    let mut distances: Vec<f32> = matches.iter().map(|m| m.distance as f32).collect();
    let rank = distances.len() * 3 / 4;
    let (_, upper_quartile, _) = distances.select_nth_unstable_by(rank, f32::total_cmp);
    let variance = upper_quartile.max(1.0);
    match votes {
        Votes::Sharp => 4.0 / variance,
        _ => 1.0 / variance,
    }
}

/// What is voted on.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Ballot {
    Targets,
    /// The known pixels beside them: how far off the patches are there.
    Rim,
    Both,
}

impl Ballot {
    fn includes(self, field: &Field, at: usize) -> bool {
        match field.states[at] {
            State::Target => self != Self::Rim,
            State::Known => self != Self::Targets && field.is_rim(at),
            State::Excluded => false,
        }
    }
}

/// Patches between two checkpoints of a vote: a few milliseconds of work.
const CHECKPOINT: usize = 8192;

/// Who votes: matches, how much each is trusted, and how votes are weighed.
#[derive(Clone, Copy)]
pub(super) struct Voters<'a> {
    /// Of the patches.
    pub(super) radius: usize,
    /// Centres of the target patches.
    pub(super) targets: &'a [u32],
    /// One a target.
    pub(super) matches: &'a [Match],
    pub(super) confidence: &'a [f32],
    pub(super) votes: Votes,
}

impl Voters<'_> {
    /// Hands every vote to `note`: the pixel, the one that it shall look like, and the weight.
    pub(super) async fn each(
        self,
        field: &Field,
        ballot: Ballot,
        mut note: impl FnMut(usize, usize, f32),
        pacer: &dyn Pacer,
    ) -> Result<()> {
        let Self { radius, targets, matches, confidence, votes } = self;
        let falloff = falloff(matches, votes);
        let voters = matches.iter().zip(targets).zip(confidence);
        for (i, ((m, at), confidence)) in voters.enumerate() {
            if i % CHECKPOINT == 0 {
                pacer.checkpoint().await?;
            }
            let weight = confidence * (-(m.distance as f32) * falloff).exp().max(1e-12);
            let corner = radius * field.width + radius;
            let (to, from) = (*at as usize - corner, m.source as usize - corner);
            for row in 0..2 * radius + 1 {
                for column in 0..2 * radius + 1 {
                    let step = row * field.width + column;
                    if ballot.includes(field, to + step) {
                        note(to + step, from + step, weight);
                    }
                }
            }
        }
        Ok(())
    }

    /// What all patches together say about the pixels of `window`: sums of colours and of weights.
    pub(super) async fn poll(
        self,
        field: &Field,
        window: &Window,
        ballot: Ballot,
        pacer: &dyn Pacer,
    ) -> Result<(Vec<Value>, Vec<f32>)> {
        let mut sums = vec![[0.0f32; 4]; window.width * window.height];
        let mut weights = vec![0.0f32; sums.len()];
        let note = |at: usize, from: usize, weight: f32| {
            let slot = window.slot(at);
            for (sum, c) in sums[slot].iter_mut().zip(field.pixels[from]) {
                *sum += weight * f32::from(c);
            }
            weights[slot] += weight;
        };
        self.each(field, ballot, note, pacer).await?;
        Ok((sums, weights))
    }
}

/// Gives the targets the colours that their patches vote for.
pub(super) async fn vote(field: &mut Field, voters: Voters<'_>, pacer: &dyn Pacer) -> Result<()> {
    let window = Window::of_targets(field, 0);
    let (sums, weights) = voters.poll(field, &window, Ballot::Targets, pacer).await?;
    for ((at, sum), weight) in window.pixels().zip(sums).zip(weights) {
        if weight > 0.0 {
            field.pixels[at] = quantised(sum.map(|s| s / weight));
        }
    }
    Ok(())
}

/// Gives each target the colour of the vote next to it where where that is a level away at most: what is flat on a screen is copied exactly,
/// whatever little the other votes added.
pub(super) async fn snap(field: &mut Field, voters: Voters<'_>, pacer: &dyn Pacer) -> Result<()> {
    let window = Window::of_targets(field, 0);
    let mut nearest = vec![(STEPS.unsigned_abs() + 1, [0; 4]); window.width * window.height];
    let note = |at: usize, from: usize, _: f32| {
        let colour = field.pixels[from];
        let away = apart(colour, field.pixels[at]);
        let best = &mut nearest[window.slot(at)];
        if away < best.0 {
            *best = (away, colour);
        }
    };
    voters.each(field, Ballot::Targets, note, pacer).await?;
    for (at, (away, colour)) in window.pixels().zip(nearest) {
        if away <= STEPS.unsigned_abs() && field.states[at] == State::Target {
            field.pixels[at] = colour;
        }
    }
    Ok(())
}
