//! Continues regular patterns in phase: dots, crosses, graph paper, hatching, halftone, checkers.
//!
//! Such surroundings equal themselves when they are shifted by a vector of a lattice. The vectors are those shifts of the autocorrelation that
//! bring edges onto equal edges, in two directions at least. Each target gets what is known at such shifts from it. A period need not be a whole
//! number of pixels: of its multiples, those that nearly are fit best.

use super::field::{FAINT, FIXED_POINT_SCALE, Field, Pixel, State, Window, apart};
use super::random::Random;
use crate::{Pacer, Result};

/// Margin around the hole in which edges are compared, in pixels.
const MARGIN: usize = 48;
/// Minimum difference of two neighbours at an edge, in steps.
const EDGE: u16 = 5 * FIXED_POINT_SCALE.unsigned_abs();
/// Minimum and maximum number of edges that are compared.
const EDGES: std::ops::RangeInclusive<usize> = 48..=2048;
/// After so many edges a shift that does not fit is given up; after a quarter of them one that misses twice as much as it may, as most do.
const TRIAL: usize = 32;
/// Longest shift in x or y, in pixels.
const MAX_REACH: usize = 320;
/// Maximum share of the edges, weighed by their contrast, that a shift does not bring onto equal ones: halftone dots of 10 pixels that grow by half
/// a pixel from place to place miss a third. Half is too much: the rules of a table are then taken for a lattice.
const MISFIT: f32 = 0.4;
/// Number of shifts that are kept: what the longest of them do not reach is filled from what they do reach.
const SHIFTS: usize = 1024;
/// Shifts whose misfits differ by less are taken by length.
const SAME: f32 = 0.02;
/// Shifts are further apart than this in x or y, in pixels: what does not belong to the pattern must not fool several witnesses.
const APART: isize = 10;
/// Minimum sine of the angle between two shifts of different directions.
const TURN: f32 = 0.25;
/// Number of places that are asked for the colour of a pixel, which is robust against what does not belong to the pattern.
const WITNESSES: usize = 7;
/// Distance from the hole within which the pattern has to predict what is known, in pixels, and the minimum share of the pixels that it does.
const NEAR: usize = 12;
const PREDICTED: f32 = 0.75;
/// The same share of all that is near, ground included, has to be predicted within so many steps: rules of tables are a lattice, but the tints
/// of their rows are none. Across a pattern on a gradient, the ground differs by a few.
const EVEN: u16 = 4 * FIXED_POINT_SCALE.unsigned_abs();
/// If fewer of the targets differ from the pattern, then a part of the pattern itself is to go.
const ADDED: f32 = 0.01;

/// A shift in x and y, in pixels, and the share of edges that it misses.
type Shift = ([isize; 2], f32);

/// Two neighbours that differ.
type Edge = [usize; 2];

/// Fills what a regular pattern has in the hole, marks it known and returns its indices; empty without a pattern.
pub(super) async fn fill(field: &mut Field, pacer: &dyn Pacer) -> Result<Vec<usize>> {
    let shifts = shifts(field, pacer).await?;
    let turn = |[a, b]: [isize; 2], [c, d]: [isize; 2]| {
        (a * d - b * c).abs() as f32 / (((a * a + b * b) * (c * c + d * d)) as f32).sqrt()
    };
    let mut filled = vec![];
    if !shifts.iter().any(|(way, _)| turn(*way, shifts[0].0) > TURN) {
        return Ok(filled);
    }
    let Some(stray) = stray(field, &shifts) else { return Ok(filled) };
    stray.iter().for_each(|at| field.states[*at] = State::Excluded);
    loop {
        pacer.checkpoint().await?;
        let targets = Window::of_targets(field, 0).pixels().filter(|at| field.states[*at] == State::Target);
        let found: Vec<_> = targets.filter_map(|at| Some((at, predicted(field, &shifts, at)?))).collect();
        if found.is_empty() {
            break;
        }
        for (at, colour) in found {
            field.settle(at, colour);
            filled.push(at);
        }
    }
    stray.into_iter().for_each(|at| field.states[at] = State::Known);
    Ok(filled)
}

/// The known pixels around the hole that are no part of the pattern. None if the shifts do not predict what is near the hole, or what is to go is
/// itself a part of the pattern.
fn stray(field: &Field, shifts: &[Shift]) -> Option<Vec<usize>> {
    let window = Window::of_targets(field, MARGIN);
    let (ground, _) = field.most_frequent(window.pixels().filter(|at| field.states[*at] == State::Known))?;
    let near = Window::of_targets(field, NEAR);
    // Ground that agrees proves nothing: what is counted is what differs from it.
    let (mut seen, mut right, mut targets, mut added) = (0, 0, 0, 0);
    let (mut all, mut even) = (0, 0);
    let mut stray = vec![];
    for at in window.pixels().filter(|at| field.states[*at] != State::Excluded) {
        let Some(colour) = predicted(field, shifts, at) else { continue };
        let contrast = apart(colour, ground);
        let is_right = apart(colour, field.pixels[at]) <= FAINT.max(contrast / 4);
        if field.states[at] == State::Target {
            targets += 1;
            added += usize::from(!is_right);
            continue;
        }
        if !is_right {
            stray.push(at);
        }
        if !near.contains(at) {
            continue;
        }
        all += 1;
        even += usize::from(apart(colour, field.pixels[at]) <= EVEN);
        if contrast > FAINT {
            seen += 1;
            right += usize::from(is_right);
        }
    }
    let is_pattern = seen > 0 && right as f32 >= PREDICTED * seen as f32 && even as f32 >= PREDICTED * all as f32;
    (is_pattern && added as f32 > ADDED * targets as f32).then_some(stray)
}

/// The shifts under which the surroundings of the hole equal themselves, those that fit best first.
async fn shifts(field: &Field, pacer: &dyn Pacer) -> Result<Vec<Shift>> {
    let contrast = |edge: &Edge| apart(field.pixels[edge[0]], field.pixels[edge[1]]);
    let inner = Window::of_targets(field, MARGIN).pixels().filter(|at| field.is_inner(*at));
    let pairs = inner.flat_map(|at| [[at, at + 1], [at, at + field.width]]);
    let is_known = |edge: &Edge| edge.iter().all(|at| field.states[*at] == State::Known);
    let mut edges: Vec<Edge> = pairs.filter(|edge| is_known(edge) && contrast(edge) > EDGE).collect();
    let mut random = Random::new(1);
    for i in 0..edges.len().min(*EDGES.end()) {
        let other = i + random.below((edges.len() - i) as u32) as usize;
        edges.swap(i, other);
    }
    edges.truncate(*EDGES.end());
    let mut found: Vec<Shift> = vec![];
    if edges.len() < *EDGES.start() {
        return Ok(found);
    }
    pacer.checkpoint().await?;
    let deepest = field.depths().into_iter().zip(&field.states).filter(|(_, s)| **s == State::Target).map(|(d, _)| d);
    let reach = (deepest.max().unwrap_or(0) as usize + MARGIN).min(MAX_REACH) as isize;
    for dy in 0..=reach {
        pacer.checkpoint().await?;
        for dx in (if dy == 0 { 1 } else { -reach })..=reach {
            if let Some(misfit) = misfit(field, &edges, [dx, dy]) {
                found.push(([dx, dy], misfit));
            }
        }
    }
    found.sort_unstable_by_key(|([dx, dy], misfit)| ((misfit / SAME) as usize, dx * dx + dy * dy, *dx));
    let mut kept: Vec<Shift> = vec![];
    for (way, misfit) in found {
        let is_apart = |(other, _): &Shift| (0..2).any(|i| (way[i] - other[i]).abs() > APART);
        if kept.len() < SHIFTS && kept.iter().all(is_apart) {
            kept.push((way, misfit));
        }
    }
    Ok(kept)
}

/// The share of `edges` that a shift misses; none if that is too much, or too little is known.
fn misfit(field: &Field, edges: &[Edge], way: [isize; 2]) -> Option<f32> {
    let (mut sum, mut all, mut count) = (0, 0, 0);
    for [at, next] in edges {
        let Some([to, beyond]) = shifted(field, *at, way).zip(shifted(field, *next, way)).map(<[_; 2]>::from) else {
            continue;
        };
        let pixel = |at: usize| field.pixels[at];
        let contrast = apart(pixel(*at), pixel(*next));
        let off = apart(pixel(*at), pixel(to)).max(apart(pixel(*next), pixel(beyond)));
        sum += u32::from(off.min(contrast));
        all += u32::from(contrast);
        count += 1;
        let limit = if count % TRIAL == 0 { MISFIT } else { 2.0 * MISFIT };
        if count % (TRIAL / 4) == 0 && sum as f32 > limit * all as f32 {
            return None;
        }
    }
    let misfit = sum as f32 / all.max(1) as f32;
    (count >= TRIAL && count * 4 > edges.len() && misfit <= MISFIT).then_some(misfit)
}

/// The known pixel that lies a shift away from `at`.
fn shifted(field: &Field, at: usize, [dx, dy]: [isize; 2]) -> Option<usize> {
    let x = (at % field.width).checked_add_signed(dx).filter(|x| *x < field.width)?;
    let y = (at / field.width).checked_add_signed(dy).filter(|y| *y < field.height)?;
    Some(y * field.width + x).filter(|at| field.states[*at] == State::Known)
}

/// The colour that the pattern has at a pixel: of the first few that the shifts lead to, the one that differs least from the others.
fn predicted(field: &Field, shifts: &[Shift], at: usize) -> Option<Pixel> {
    let ways = shifts.iter().flat_map(|([dx, dy], _)| [[*dx, *dy], [-dx, -dy]]);
    let mut witnesses = [[0; 4]; WITNESSES];
    let mut count = 0;
    for (to, witness) in ways.filter_map(|way| shifted(field, at, way)).zip(&mut witnesses) {
        *witness = field.pixels[to];
        count += 1;
    }
    let witnesses = &witnesses[..count];
    let away = |colour: &Pixel| witnesses.iter().map(|other| u32::from(apart(*colour, *other))).sum::<u32>();
    witnesses.iter().copied().min_by_key(away)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unpaced;

    const WIDTH: usize = 150;
    const HEIGHT: usize = 120;

    /// What a hole of 50 x 34 pixels in a pattern is filled with, wherever that differs from the pattern: none when it is not filled.
    fn wrong(pattern: impl Fn(usize, usize) -> i16, over: Option<i16>) -> Option<usize> {
        let place = |i: usize| (i % WIDTH, i / WIDTH);
        let is_hole = |i: usize| matches!(place(i), (40..90, 40..74));
        let truth: Vec<Pixel> = (0..WIDTH * HEIGHT).map(|i| [pattern(place(i).0, place(i).1); 4]).collect();
        // What is to go reaches out of the hole a little.
        let is_over = |i: usize| matches!(place(i), (50..94, 50..60));
        let pixel = |i: usize| over.filter(|_| is_over(i)).map_or(truth[i], |colour| [colour; 4]);
        let mut field = Field {
            width: WIDTH,
            height: HEIGHT,
            pixels: (0..truth.len()).map(pixel).collect(),
            states: (0..truth.len()).map(|i| if is_hole(i) { State::Target } else { State::Known }).collect(),
        };
        let filled = pollster::block_on(fill(&mut field, &Unpaced)).unwrap();
        assert!(filled.is_empty() || filled.len() == 50 * 34);
        (!filled.is_empty()).then(|| filled.iter().filter(|at| field.pixels[**at] != truth[**at]).count())
    }

    fn dots(x: usize, y: usize) -> i16 {
        if (x % 11).pow(2) + (y % 11).pow(2) < 16 { 300 } else { 2000 }
    }

    #[test]
    fn patterns_go_on_in_phase() {
        let staggered = |x: usize, y: usize| dots(x + 5 * (y / 11 % 2), y);
        let paper = |x: usize, y: usize| if x % 9 == 4 || y % 9 == 2 { 1800 } else { 2000 };
        let hatching = |x: usize, y: usize| if (x + 2 * y).is_multiple_of(7) { 400 } else { 2000 };
        let checkers = |x: usize, y: usize| if (x / 8 + y / 8).is_multiple_of(2) { 500 } else { 1500 };
        let patterns: [fn(usize, usize) -> i16; 5] = [dots, staggered, paper, hatching, checkers];
        assert!(patterns.into_iter().all(|pattern| wrong(pattern, Some(900)) == Some(0)));
    }

    #[test]
    fn a_period_of_a_broken_number_of_pixels_is_no_hindrance() {
        // One pixel in three differs when such a grid is shifted by its rounded period.
        let grid = |x: usize, y: usize| if x * 3 % 28 < 6 || y * 3 % 28 < 6 { 600 } else { 1900 };
        assert_eq!(wrong(grid, Some(900)), Some(0));
    }

    #[test]
    fn halftone_whose_dots_grow_goes_on() {
        let halftone = |x: usize, y: usize| {
            let away = (x % 16).abs_diff(8).pow(2) + (y % 16).abs_diff(8).pow(2);
            // From 4 pixels on, each dot is half a pixel wider than the one before.
            if away * 144 < (48 + 3 * (x / 16)).pow(2) { 300 } else { 2000 }
        };
        assert!(wrong(halftone, Some(900)).is_some_and(|count| count < 50 * 34 / 10));
    }

    #[test]
    fn what_repeats_in_one_direction_or_nowhere_or_is_itself_to_go_is_left_to_others() {
        let column = |x: usize, y: usize| if x / 11 == 3 { dots(x, y) } else { 2000 };
        let noise = |x: usize, y: usize| ((x * 37 + y * 91 + x * y * 7) % 500) as i16;
        assert_eq!(wrong(column, Some(900)), None);
        assert_eq!(wrong(noise, Some(900)), None);
        assert_eq!(wrong(dots, None), None);
    }
}
