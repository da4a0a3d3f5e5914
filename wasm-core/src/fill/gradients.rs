//! Makes patches of different brightness meet, in the gradient domain: where they meet, their colours jump, but the differences between neighbouring
//! pixels within each of them are right.
//!
//! Finds the colours `u` that minimise `PULL * |u(p) - c(p)|^2 + |u(p) - u(q) - g(p, q)|^2`, summed over targets `p` and their neighbours `q`.
//! `c` are the present colours, which the patches voted for and [`seam`](super::seam) lifted to meet the rim; `g` are the differences at the
//! sources with the highest weight. This is a screened Poisson equation (Bhat et al. 2008). Known pixels are fixed.

use super::field::{Field, State, Window, quantised};
use super::membrane::Value;
use super::votes::{Ballot, Voters};
use crate::{Pacer, Result, Stage};

/// Weight of a colour against a difference. A change of brightness fades over about `1 / sqrt(PULL)` = 6 pixels.
const PULL: f32 = 0.03;
/// Sweeps of successive over-relaxation; over such short distances they converge.
const SWEEPS: usize = 24;
/// The same in holes of more than [`MANY`] targets, where what is left after them is a level of a slow change of brightness.
const SWEEPS_OF_MANY: usize = 12;
const MANY: usize = 200_000;
const OVER_RELAXATION: f32 = 1.7;
/// Equations between two checkpoints of a sweep: a few milliseconds of work.
const CHECKPOINT: usize = 65_536;
/// Rows between two checkpoints while equations are made: a few milliseconds of work.
const ROWS: usize = 16;

/// The equation of one target: its value is `(constant + sum of the tied neighbours) / (PULL + number of tied neighbours)`.
struct Equation {
    /// The target's position in the window.
    slot: u32,
    /// Whether the neighbours to the left, to the right, above and below take part.
    is_tied: [bool; 4],
    constant: Value,
}

/// Moves the colours of the targets so that their differences become those of their sources.
pub(super) async fn reconcile(field: &mut Field, voters: Voters<'_>, pacer: &dyn Pacer) -> Result<()> {
    let window = Window::of_targets(field, 1);
    let mut sources = vec![(0.0, 0); window.width * window.height];
    let note = |slot: usize, from: usize, weight: f32| {
        let best: &mut (f32, usize) = &mut sources[slot];
        if weight > best.0 {
            *best = (weight, from);
        }
    };
    voters.each(field, &window, Ballot::Both, note, pacer).await?;
    let mut equations = Vec::with_capacity(field.states.iter().filter(|s| **s == State::Target).count());
    for row in 0..window.height {
        if row % ROWS == 0 {
            pacer.checkpoint().await?;
        }
        add_equations(&mut equations, field, &window, row, &sources);
    }
    drop(sources);
    let mut values: Vec<Value> = window.pixels().map(|at| field.pixels[at].map(f32::from)).collect();
    let sweeps = if equations.len() > MANY { SWEEPS_OF_MANY } else { SWEEPS };
    for sweep in 0..sweeps {
        for some in equations.chunks(CHECKPOINT) {
            pacer.checkpoint().await?;
            relax(&mut values, window.width, some);
        }
        pacer.progress(Stage::Blending, (sweep + 1) as f32 / sweeps as f32);
    }
    for (at, value) in window.pixels().zip(values) {
        if field.states[at] == State::Target {
            field.pixels[at] = quantised(value);
        }
    }
    Ok(())
}

/// One sweep of relaxation over some equations; `values` is `[height, width]`.
#[inline(never)]
fn relax(values: &mut [Value], width: usize, equations: &[Equation]) {
    for Equation { slot, is_tied, constant } in equations {
        let slot = *slot as usize;
        let (mut sum, mut weight) = (*constant, PULL);
        let neighbours = [slot.wrapping_sub(1), slot + 1, slot.wrapping_sub(width), slot + width];
        for (neighbour, _) in neighbours.into_iter().zip(is_tied).filter(|(_, is_tied)| **is_tied) {
            for (sum, value) in sum.iter_mut().zip(values[neighbour]) {
                *sum += value;
            }
            weight += 1.0;
        }
        for (value, sum) in values[slot].iter_mut().zip(sum) {
            *value += OVER_RELAXATION * (sum / weight - *value);
        }
    }
}

/// Appends the equation of each target in row `y` of `window`. `sources` holds, for each pixel of the window, the weight and the index of its source.
#[inline(never)]
fn add_equations(to: &mut Vec<Equation>, field: &Field, window: &Window, y: usize, sources: &[(f32, usize)]) {
    let (row, width) = (field.width as isize, window.width as isize);
    // The difference between the source of `slot` and that source's neighbour.
    let slope = |slot: usize, step: isize| -> Option<Value> {
        let (weight, from) = sources[slot];
        let to = from.checked_add_signed(step).filter(|_| weight > 0.0 && field.is_inner(from))?;
        let difference = |i: usize| f32::from(field.pixels[to][i]) - f32::from(field.pixels[from][i]);
        (field.states[to] == State::Known).then(|| std::array::from_fn(difference))
    };
    for (x, at) in window.row(y).enumerate().filter(|(_, at)| field.states[*at] == State::Target) {
        let slot = y * window.width + x;
        let constant = field.pixels[at].map(|c| PULL * f32::from(c));
        let mut equation = Equation { slot: slot as u32, is_tied: [false; 4], constant };
        let ways =
            [(x > 0, -1, -1), (x + 1 < window.width, 1, 1), (y > 0, -row, -width), (y + 1 < window.height, row, width)];
        for (i, (is_there, step, near)) in ways.into_iter().enumerate() {
            if !is_there || field.states[at.wrapping_add_signed(step)] == State::Excluded {
                continue;
            }
            let difference = match (slope(slot, step), slope(slot.wrapping_add_signed(near), -step)) {
                (Some(there), Some(back)) => std::array::from_fn(|i| (there[i] - back[i]) / 2.0),
                (Some(there), None) => there,
                (None, Some(back)) => back.map(|b| -b),
                (None, None) => continue,
            };
            equation.is_tied[i] = true;
            equation.constant.iter_mut().zip(difference).for_each(|(c, d)| *c -= d);
        }
        to.push(equation);
    }
}

#[cfg(test)]
mod tests {
    use super::super::patch_match::Match;
    use super::super::votes::{Votes, vote};
    use super::*;
    use crate::Unpaced;

    const WIDTH: usize = 70;
    const HEIGHT: usize = 41;

    /// Ripples whose left half is darker than the right one, with a hole across the middle that reaches the upper border, filled from below
    /// left and below right.
    fn facets() -> (Field, Vec<u32>, Vec<Match>) {
        let place = |i: usize| (i % WIDTH, i / WIDTH);
        let is_target = |i: usize| matches!(place(i), (25..45, ..20));
        let colour = |i: usize| {
            let (x, y) = place(i);
            let light = if y < 20 {
                1000
            } else if x < 35 {
                900
            } else {
                1100
            };
            [light + 60 * (x % 3) as i16 + 10 * (y % 2) as i16; 4]
        };
        let states = (0..WIDTH * HEIGHT).map(|i| if is_target(i) { State::Target } else { State::Known }).collect();
        let field = Field { width: WIDTH, height: HEIGHT, pixels: (0..WIDTH * HEIGHT).map(colour).collect(), states };
        let near = (0..WIDTH * HEIGHT).filter(|i| matches!(place(*i), (24..46, 1..20)));
        let targets: Vec<u32> = near.map(|i| i as u32).collect();
        let source =
            |at: u32| if at as usize % WIDTH < 35 { at + 20 * WIDTH as u32 - 12 } else { at + 20 * WIDTH as u32 + 12 };
        let matches = targets.iter().map(|at| Match { source: source(*at), distance: 40 }).collect();
        (field, targets, matches)
    }

    #[test]
    fn facets_of_different_brightness_meet_and_keep_their_texture() {
        let (mut field, targets, matches) = facets();
        let truth = field.clone();
        let confidence = vec![1.0; targets.len()];
        let voters =
            Voters { radius: 1, targets: &targets, matches: &matches, confidence: &confidence, votes: Votes::Sharp };
        let jump = |field: &Field, x: usize| {
            let steps = (1..19).map(|y| field.pixels[y * WIDTH + x][0] - truth.pixels[y * WIDTH + x][0]);
            let before = (1..19).map(|y| field.pixels[y * WIDTH + x - 1][0] - truth.pixels[y * WIDTH + x - 1][0]);
            steps.zip(before).map(|(a, b)| (a - b).abs()).max().unwrap()
        };
        pollster::block_on(vote(&mut field, voters, &Unpaced)).unwrap();
        let middle = (34..37).map(|x| jump(&field, x)).max().unwrap();
        assert!(middle > 60 && jump(&field, 25) > 60, "{middle} {}", jump(&field, 25));
        pollster::block_on(reconcile(&mut field, voters, &Unpaced)).unwrap();
        for x in 25..46 {
            assert!(jump(&field, x) < 40, "{} at {x}", jump(&field, x));
        }
        assert!((0..WIDTH * HEIGHT).all(|i| truth.states[i] == State::Target || field.pixels[i] == truth.pixels[i]));
    }
}
