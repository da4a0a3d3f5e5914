//! Voting: each pixel of the hole gets a weighted mean of what the sources of all patches over it show there (Wexler et al. 2007).

use super::field::{FIXED_POINT_SCALE, Field, Overlap, Pixel, State, Window, apart, quantised};
use super::membrane::Value;
use super::patch_match::{Match, PatchMatch};
use crate::{Pacer, Result};

/// Factor by which the weight of a patch falls with each pixel that its centre lies deeper in the hole, because certainty comes from the rim.
const DEPTH_DISCOUNT: f32 = 2.5;

/// The weight of each target patch before its match is considered.
pub(super) fn confidences(field: &Field, targets: &[u32]) -> Vec<f32> {
    let depth = field.depths();
    targets.iter().map(|at| DEPTH_DISCOUNT.powf(-(depth[*at as usize].min(60) as f32))).collect()
}

/// How votes are weighed.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Votes {
    /// By confidence alone: the matches have not been measured yet.
    Even,
    /// By confidence and similarity.
    Weighted,
    /// The same, but the weight falls four times as fast with the distance, so that the last vote does not average texture away.
    Sharp,
}

/// The weight of a patch by its similarity is `exp(-distance * falloff)`.
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

/// The pixels that are voted on.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Ballot {
    /// The pixels to be filled.
    Targets,
    /// The known pixels beside the targets, where a vote tells the error of the patches.
    Rim,
    /// Both of these.
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

/// The patches that vote, and how their votes are weighed.
#[derive(Clone, Copy)]
pub(super) struct Voters<'a> {
    /// Radius of the patches in pixels.
    pub(super) radius: usize,
    /// Centres of the target patches, as indices into the field.
    pub(super) targets: &'a [u32],
    /// The match of each target.
    pub(super) matches: &'a [Match],
    /// The weight of each target before its match is considered ([`confidences`]).
    pub(super) confidence: &'a [f32],
    pub(super) votes: Votes,
}

impl<'a> Voters<'a> {
    /// The targets of a search with their present matches.
    pub(super) fn of(search: &'a PatchMatch, confidence: &'a [f32], votes: Votes) -> Self {
        Self {
            radius: search.radius as usize,
            targets: &search.patches.targets,
            matches: &search.matches,
            confidence,
            votes,
        }
    }

    /// Hands every vote on a pixel of `window` to `note`: the pixel voted on, as its [slot](Window::slot), the source pixel that the patch has
    /// there, as an index into the field, and the weight of the vote.
    pub(super) async fn each(
        self,
        field: &Field,
        window: &Window,
        ballot: Ballot,
        mut note: impl FnMut(usize, usize, f32),
        pacer: &dyn Pacer,
    ) -> Result<()> {
        let Self { radius, targets, matches, confidence, votes } = self;
        let falloff = falloff(matches, votes);
        let is_voted_on: Vec<bool> = window.pixels().map(|at| ballot.includes(field, at)).collect();
        let voters = matches.iter().zip(targets).zip(confidence);
        for (i, ((m, at), confidence)) in voters.enumerate() {
            if i % CHECKPOINT == 0 {
                pacer.checkpoint().await?;
            }
            let weight = confidence * (-(m.distance as f32) * falloff).exp().max(1e-12);
            let corner = radius * field.width + radius;
            let source = m.source as usize - corner;
            for Overlap { first, slots } in window.overlaps(*at as usize - corner, 2 * radius + 1) {
                for (slot, from) in slots.clone().zip(source + first..) {
                    if is_voted_on[slot] {
                        note(slot, from, weight);
                    }
                }
            }
        }
        Ok(())
    }

    /// Weighted sums of the colours that the patches vote for, and sums of the weights, for each pixel of `window`.
    pub(super) async fn poll(
        self,
        field: &Field,
        window: &Window,
        ballot: Ballot,
        pacer: &dyn Pacer,
    ) -> Result<(Vec<Value>, Vec<f32>)> {
        let mut sums = vec![[0.0f32; 4]; window.width * window.height];
        let mut weights = vec![0.0f32; sums.len()];
        let note = |slot: usize, from: usize, weight: f32| {
            for (sum, c) in sums[slot].iter_mut().zip(field.pixels[from]) {
                *sum += weight * f32::from(c);
            }
            weights[slot] += weight;
        };
        self.each(field, window, ballot, note, pacer).await?;
        Ok((sums, weights))
    }
}

/// Gives the targets the weighted means of their votes.
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

/// Gives each target the colour of its nearest vote where that differs by at most one level, so that flat areas of screens are copied exactly
/// although a mean of votes was taken.
pub(super) async fn snap(field: &mut Field, voters: Voters<'_>, pacer: &dyn Pacer) -> Result<()> {
    let window = Window::of_targets(field, 0);
    let mut nearest = vec![(FIXED_POINT_SCALE.unsigned_abs() + 1, [0; 4]); window.width * window.height];
    let voted: Vec<Pixel> = window.pixels().map(|at| field.pixels[at]).collect();
    let note = |slot: usize, from: usize, _: f32| {
        let colour = field.pixels[from];
        let away = apart(colour, voted[slot]);
        let best = &mut nearest[slot];
        if away < best.0 {
            *best = (away, colour);
        }
    };
    voters.each(field, &window, Ballot::Targets, note, pacer).await?;
    for (at, (away, colour)) in window.pixels().zip(nearest) {
        if away <= FIXED_POINT_SCALE.unsigned_abs() && field.states[at] == State::Target {
            field.pixels[at] = colour;
        }
    }
    Ok(())
}
