//! Coarse-to-fine synthesis: patches vote for the colours that they then look for again.

use super::content::Content;
use super::field::{Field, State, Window, quantised};
use super::gradients;
use super::membrane;
use super::patch_match::{PatchMatch, Radius, Random};
use super::pyramid::pyramid;
use super::seam;
use super::texture;
use super::thin;
use super::votes::{Voters, Votes, confidences, snap, vote};
use crate::pacer::Share;
use crate::{Pacer, Result, Stage};

/// Patches are 7x7 pixels. Thin holes in textures are filled with 5x5: on either side there is enough to go by, and what is smaller fits
/// more exactly. So are fields that have hardly any of the larger ones; those without any of either stay the
/// membrane.
const RADIUS: Radius = Radius::Three;
const SMALL_RADIUS: Radius = Radius::Two;
const FEWEST_SOURCES: usize = 64;

/// Runs of the coarsest level from different starting points; the one whose patches fit best goes on. It costs little there, and
/// decides about everything that follows: in photographs the deeper the hole, the more. In very large ones there are fewer again.
const STARTS: usize = 4;
const DEEP_STARTS: usize = 12;

/// Finds the targets of `field`, whose surroundings are of `content`.
pub(super) async fn fill(mut field: Field, content: Content, seed: u32, pacer: &dyn Pacer) -> Result<Field> {
    let is_described = !content.is_drawn && texture::describe(&mut field, pacer).await?;
    guess(&mut field, pacer).await?;
    let levels = pyramid(field, pacer).await?;
    let has_few = levels.last().is_none_or(|l| l.patches(RADIUS as usize).sources.len() <= FEWEST_SOURCES);
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

/// Puts a membrane into everything unknown, so that no patch ever sees what is to be erased.
async fn guess(field: &mut Field, pacer: &dyn Pacer) -> Result<()> {
    let window = Window::of_unknown(field, 2);
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

/// From the coarsest level to the finest. Where no patch fits, the membrane is the answer.
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
    let mut above: Option<PatchMatch> = None;
    // Work is about proportional to targets times rounds; a level has four times its parent's targets.
    let effort = |level: usize| rounds(level, depth, false) as f32 * 0.25f32.powi(level as i32);
    let total: f32 = (0..depth).map(effort).sum();
    let mut spent = 0.0;
    loop {
        let mut field = levels.pop().expect("a pyramid has its field at the bottom, which ends the loop");
        let level = levels.len();
        let Some(mut search) = PatchMatch::new(&field, radius, !content.is_drawn) else {
            if level == 0 {
                return Ok(field);
            }
            above = None;
            continue;
        };
        pacer.checkpoint().await?;
        let confidence = confidences(&field, &search.patches.targets);
        match &above {
            Some(coarse) => {
                search.inherit(coarse, &mut random);
                let voters = search.voters(&confidence, Votes::Even);
                vote(&mut field, voters, pacer).await?;
            }
            None => {
                guess(&mut field, pacer).await?;
                search.randomise(&mut random);
            }
        }
        let is_large = search.patches.targets.len() > LARGE;
        let rounds = rounds(level, depth, is_large);
        let starts = match () {
            () if above.is_some() || level == 0 || is_large => 1,
            () if content.is_thin || content.is_drawn => STARTS,
            () => (LARGE / search.patches.targets.len().max(1)).clamp(STARTS, DEEP_STARTS),
        };
        let mut best: Option<(u64, Field, PatchMatch)> = None;
        let mut begin = Some((field, search));
        for start in 0..starts {
            let ready = if start + 1 < starts { begin.clone() } else { begin.take() };
            let (mut field, mut search) = ready.expect("the last start takes it");
            if start > 0 {
                search.randomise(&mut random);
            }
            for round in 0..rounds {
                search.measure(&field, pacer).await?;
                if !content.is_drawn && (round > 0 || above.is_some()) {
                    search.note_dominant_offsets();
                }
                // Far jumps are for the coarse levels; later the neighbourhood of what was found is enough.
                let reach = if above.is_none() { u32::MAX } else { 16 };
                for backward in [false, true] {
                    search.sweep(&field, backward, reach, &mut random, pacer).await?;
                }
                let last = round + 1 == rounds;
                let votes = if last && level == 0 { Votes::Sharp } else { Votes::Weighted };
                let voters = search.voters(&confidence, votes);
                vote(&mut field, voters, pacer).await?;
                let done = (start * rounds + round + 1) as f32 / (starts * rounds) as f32;
                pacer.progress(Stage::Filling, (spent + effort(level) * done) / total);
            }
            search.measure(&field, pacer).await?;
            let misfit = search.matches.iter().map(|m| u64::from(m.distance)).sum();
            if best.as_ref().is_none_or(|(least, ..)| misfit < *least) {
                best = Some((misfit, field, search));
            }
        }
        let (_, mut field, search) = best.expect("there is at least one start");
        spent += effort(level);
        if level == 0 {
            let voters = search.voters(&confidence, Votes::Sharp);
            finish(&mut field, voters, content, is_described, pacer).await?;
            return Ok(field);
        }
        above = Some(search);
    }
}

/// What follows the last vote: the fill meets its surroundings and is as rough as they are.
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
    // It smooths texture a little.
    if !content.is_fine {
        let share = Share { pacer, start: 0.0, length: 0.5 };
        gradients::reconcile(field, voters, &share).await?;
    }
    if is_described {
        texture::restore(field, voters, pacer).await?;
    }
    Ok(())
}

/// Expectation-maximisation rounds of a level: many where pixels are few and everything is still open, few where waiting for them is
/// long and there is little left to decide.
fn rounds(level: usize, depth: usize, is_large: bool) -> usize {
    match () {
        () if is_large => {
            if level + 1 == depth {
                6
            } else {
                1 + level
            }
        }
        () if level + 1 == depth => 15,
        () => (3 + 3 * level).min(12),
    }
}

/// Levels with more target patches than this are large.
const LARGE: usize = 60_000;
