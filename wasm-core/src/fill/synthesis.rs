//! Fills by example, from coarse to fine: in turns, every patch looks for its nearest neighbour among the known patches, and the matches vote for new
//! colours of the hole (Wexler et al. 2007).

use super::content::Content;
use super::field::{Field, State, Window, quantised};
use super::gradients;
use super::membrane;
use super::patch_match::{LARGE, PatchMatch, Radius};
use super::pyramid::pyramid;
use super::random::Random;
use super::seam;
use super::texture;
use super::thin;
use super::votes::{Voters, Votes, confidences, snap, vote};
use crate::pacer::Share;
use crate::{Pacer, Result, Stage};

/// Patches are 7x7 pixels.
const RADIUS: Radius = Radius::Three;
/// Patches are 5x5 pixels in thin holes in textures, where both sides are near and smaller patches fit more exactly, and in fields that have at most
/// [`MIN_SOURCES`] of the larger ones. Fields without a source patch of either size stay the membrane.
const SMALL_RADIUS: Radius = Radius::Two;
const MIN_SOURCES: usize = 64;

/// Runs of the coarsest level from different random matches; the run whose patches fit best goes on. They cost little there and decide
/// about everything that follows. Deep holes in photographs get more runs, up to [`MAX_STARTS`], as long as they are not large.
const STARTS: usize = 4;
const MAX_STARTS: usize = 12;
/// Deep holes in photographs get more runs in levels that have fewer target patches than this.
const FEW: usize = 60_000;
/// Radius of the random search in pixels, below the coarsest level: what was inherited is nearly right.
const FINE_REACH: u32 = 16;
/// Rounds of the finest level that is not large, above large ones; and how many more there are in each of the next.
const ABOVE_LARGE: usize = 4;

/// Fills the targets of `field`, whose surroundings are of `content`.
pub(super) async fn fill(mut field: Field, content: Content, seed: u32, pacer: &dyn Pacer) -> Result<Field> {
    let is_described = !content.is_drawn && texture::describe(&mut field, pacer).await?;
    hide(&mut field);
    let levels = pyramid(field, pacer).await?;
    let has_few = levels.last().is_none_or(|l| l.patches(RADIUS as usize).sources.len() <= MIN_SOURCES);
    let is_small = has_few || (content.is_thin && !content.is_flat);
    let radius = if is_small { SMALL_RADIUS } else { RADIUS };
    let mut field = descend(levels, radius, content, is_described, seed, pacer).await?;
    if is_described {
        texture::forget(&mut field);
    }
    if !content.is_drawn {
        if content.is_thin {
            thin::temper(&mut field, pacer).await?;
        }
        seam::soften(&mut field, pacer).await?;
    }
    pacer.progress(Stage::Blending, 1.0);
    Ok(field)
}

/// Fills everything unknown roughly, so that no patch ever sees what is to be erased.
fn hide(field: &mut Field) {
    let (window, mut values, given) = unknown(field);
    membrane::rough(window.width, window.height, &mut values, &given);
    show(field, &window, values);
}

/// Fills everything unknown with a membrane as a first guess.
async fn guess(field: &mut Field, pacer: &dyn Pacer) -> Result<()> {
    let (window, mut values, given) = unknown(field);
    membrane::fill(window.width, window.height, &mut values, &given, pacer).await?;
    show(field, &window, values);
    Ok(())
}

/// The rectangle around everything unknown, its colours, and which of them are known.
fn unknown(field: &Field) -> (Window, Vec<membrane::Value>, Vec<bool>) {
    let window = Window::of_unknown(field, 2);
    let values = window.pixels().map(|at| field.pixels[at].map(f32::from)).collect();
    let given = window.pixels().map(|at| field.states[at] == State::Known).collect();
    (window, values, given)
}

/// Gives the unknown pixels of a window new colours.
fn show(field: &mut Field, window: &Window, values: Vec<membrane::Value>) {
    for (at, value) in window.pixels().zip(values) {
        if field.states[at] != State::Known {
            field.pixels[at] = quantised(value);
        }
    }
}

/// Synthesises the levels from the coarsest (last) to the finest (first) and returns the finest. A level without patches stays the membrane.
async fn descend(
    mut levels: Vec<Field>,
    radius: Radius,
    content: Content,
    is_described: bool,
    seed: u32,
    pacer: &dyn Pacer,
) -> Result<Field> {
    let mut random = Random::new(seed);
    let depth = levels.len();
    let targets = |level: &Field| level.states.iter().filter(|state| **state == State::Target).count();
    let dense = levels.iter().position(|level| targets(level) <= LARGE).unwrap_or(depth);
    let mut above: Option<PatchMatch> = None;
    // Work is about proportional to targets times rounds; a level has four times its parent's targets.
    let effort = |level: usize| rounds(level, depth, false, dense) as f32 * 0.25f32.powi(level as i32);
    let total: f32 = (0..depth).map(effort).sum();
    let mut spent = 0.0;
    loop {
        let mut field = levels.pop().expect("a pyramid has its field at the bottom, which ends the loop");
        let level = levels.len();
        let Some(mut search) = PatchMatch::sparse(&field, radius, !content.is_drawn) else {
            if level == 0 {
                guess(&mut field, pacer).await?;
                return Ok(field);
            }
            above = None;
            continue;
        };
        pacer.checkpoint().await?;
        let confidence = confidences(&field, &search.patches.targets);
        begin(&mut field, &mut search, above.as_ref(), &confidence, &mut random, pacer).await?;
        let is_large = search.is_sparse();
        let starts = match () {
            () if above.is_some() || level == 0 || is_large => 1,
            () if content.is_thin || content.is_drawn => STARTS,
            () => (FEW / search.patches.targets.len().max(1)).clamp(STARTS, MAX_STARTS),
        };
        let start = spent / total;
        // Rounding must not carry the progress beyond 1.
        let share = Share { pacer, start, length: (effort(level) / total).min(1.0 - start) };
        let task = Level {
            rounds: rounds(level, depth, is_large, dense),
            is_inherited: above.is_some(),
            is_finest: level == 0,
            is_drawn: content.is_drawn,
            confidence: &confidence,
            pacer: &share,
        };
        let (mut field, search) = task.best_of(starts, field, search, &mut random).await?;
        spent += effort(level);
        if level == 0 {
            let voters = Voters::of(&search, &confidence, Votes::Sharp);
            finish(&mut field, voters, content, is_described, pacer).await?;
            return Ok(field);
        }
        above = Some(search);
    }
}

/// Gives a level its first colours and matches: from the search in the level above, or else a membrane and random matches.
async fn begin(
    field: &mut Field,
    search: &mut PatchMatch,
    above: Option<&PatchMatch>,
    confidence: &[f32],
    random: &mut Random,
    pacer: &dyn Pacer,
) -> Result<()> {
    match above {
        Some(coarse) => {
            search.inherit(coarse, random);
            vote(field, Voters::of(search, confidence, Votes::Even), pacer).await
        }
        None => {
            guess(field, pacer).await?;
            search.randomise(random);
            Ok(())
        }
    }
}

/// How one level is synthesised.
struct Level<'a> {
    /// Rounds of searching and voting.
    rounds: usize,
    /// Whether the first matches come from the level above.
    is_inherited: bool,
    is_finest: bool,
    is_drawn: bool,
    /// The weight of each target before its match is considered.
    confidence: &'a [f32],
    /// Takes the progress of this level, 0 to 1.
    pacer: &'a dyn Pacer,
}

impl Level<'_> {
    /// The run whose patches fit best, among `starts`. The first begins with the matches of `search`, every other one with random ones.
    async fn best_of(
        &self,
        starts: usize,
        field: Field,
        search: PatchMatch,
        random: &mut Random,
    ) -> Result<(Field, PatchMatch)> {
        let mut best: Option<(u64, Field, PatchMatch)> = None;
        let mut begin = Some((field, search));
        for start in 0..starts {
            let ready = if start + 1 < starts { begin.clone() } else { begin.take() };
            let (mut field, mut search) = ready.expect("the last start takes it");
            if start > 0 {
                search.randomise(random);
            }
            for round in 0..self.rounds {
                self.advance(round, &mut field, &mut search, random).await?;
                let done = (start * self.rounds + round + 1) as f32 / (starts * self.rounds) as f32;
                self.pacer.progress(Stage::Filling, done);
            }
            search.measure(&field, self.pacer).await?;
            let misfit = search.matches.iter().map(|m| u64::from(m.distance)).sum();
            if best.as_ref().is_none_or(|(least, ..)| misfit < *least) {
                best = Some((misfit, field, search));
            }
        }
        let (_, field, search) = best.expect("there is at least one start");
        Ok((field, search))
    }

    /// One round: improves the matches, then lets them vote.
    async fn advance(
        &self,
        round: usize,
        field: &mut Field,
        search: &mut PatchMatch,
        random: &mut Random,
    ) -> Result<()> {
        search.measure(field, self.pacer).await?;
        if !self.is_drawn && (round > 0 || self.is_inherited) {
            search.note_dominant_offsets();
        }
        let reach = if self.is_inherited { FINE_REACH } else { u32::MAX };
        for backward in [false, true] {
            search.sweep(field, backward, reach, random, self.pacer).await?;
        }
        let is_last = round + 1 == self.rounds;
        let votes = if is_last && self.is_finest { Votes::Sharp } else { Votes::Weighted };
        vote(field, Voters::of(search, self.confidence, votes), self.pacer).await
    }
}

/// Post-processing after the last vote: the fill meets its surroundings and becomes as rough as they are.
async fn finish(
    field: &mut Field,
    voters: Voters<'_>,
    content: Content,
    is_described: bool,
    pacer: &dyn Pacer,
) -> Result<()> {
    pacer.progress(Stage::Blending, 0.0);
    seam::blend(field, content, voters, pacer).await?;
    if content.is_drawn {
        return snap(field, voters, pacer).await;
    }
    // Not in fine holes, where patches hardly disagree about brightness: it smooths texture a little.
    if !content.is_fine {
        let share = Share { pacer, start: 0.0, length: 0.5 };
        gradients::reconcile(field, voters, &share).await?;
    }
    if is_described {
        texture::restore(field, voters, pacer).await?;
    }
    Ok(())
}

/// The number of rounds in a level of a pyramid of `depth` levels: many in coarse levels, where pixels are few and nothing is decided yet, few in fine ones,
/// where a round takes long and little is left to decide. From the level `dense` on, levels are not large; what is above large ones is fine sooner.
fn rounds(level: usize, depth: usize, is_large: bool, dense: usize) -> usize {
    match () {
        () if is_large && level + 1 == depth => 6,
        () if is_large => 1 + level,
        () if level + 1 == depth => 15,
        () if 0 < dense && dense <= level => (ABOVE_LARGE * (level - dense + 1)).min(12),
        () => (3 + 3 * level).min(12),
    }
}
