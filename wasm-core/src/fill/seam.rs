//! Makes the fill meet its surroundings: no step in brightness and no visible line at the rim.

use super::biharmonic;
use super::content::Content;
use super::field::{FIXED_POINT_SCALE, Field, State, Window, quantised};
use super::membrane;
use super::votes::{Ballot, Voters};
use crate::{Pacer, Result};

/// On screens, errors at the rim above this (in steps) that are found in less than half of the rim come from lines that end there. They are ignored,
/// because spread over the hole they would show as a haze.
const EDGE: f32 = 30.0 * FIXED_POINT_SCALE as f32;

/// Corrects the fill so that it meets the known pixels around it: the error of the patches at the rim is interpolated over the hole as a membrane
/// and added (Perez et al. 2003, with the fill's own gradients).
pub(super) async fn blend(field: &mut Field, content: Content, voters: Voters<'_>, pacer: &dyn Pacer) -> Result<()> {
    let window = Window::of_targets(field, 1);
    let (mut error, weights) = voters.poll(field, &window, Ballot::Rim, pacer).await?;
    for ((at, error), weight) in window.pixels().zip(&mut error).zip(weights) {
        for (error, known) in error.iter_mut().zip(field.pixels[at]) {
            *error = if weight > 0.0 { f32::from(known) - *error / weight } else { 0.0 };
        }
    }
    let is_heavy = |error: &membrane::Value| content.is_drawn && error.iter().any(|e| e.abs() > EDGE);
    let heavy = error.iter().filter(|e| is_heavy(e)).count();
    let are_lines = heavy * 2 < window.pixels().filter(|at| field.is_rim(*at)).count();
    // Beside pixels that are filled later the error is unknown.
    let is_open = |at: usize| !field.is_rim(at) && field.is_beside(at, State::Excluded);
    let is_given = |(at, error): (usize, &membrane::Value)| {
        field.states[at] == State::Known && !(are_lines && is_heavy(error)) && !is_open(at)
    };
    let given: Vec<bool> = window.pixels().zip(&error).map(is_given).collect();
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

/// The share of the biharmonic interpolation in targets of depth 1, 2 and 3.
const SHARES: [f32; 3] = [0.9, 0.4, 0.1];

/// Blends the outermost three pixels of the hole with the biharmonic interpolation between the known pixels and the fill further in. Otherwise
/// texture that is cut off at the rim shows as a line.
pub(super) async fn soften(field: &mut Field, pacer: &dyn Pacer) -> Result<()> {
    let depth = field.depths();
    pacer.checkpoint().await?;
    let mut smooth = field.clone();
    biharmonic::interpolate(&mut smooth, |at| depth[at] as usize <= SHARES.len(), pacer).await?;
    for (at, depth) in depth.into_iter().enumerate() {
        if field.states[at] == State::Target
            && let Some(share) = SHARES.get(depth as usize - 1)
        {
            let (own, smooth) = (field.pixels[at].map(f32::from), smooth.pixels[at].map(f32::from));
            field.pixels[at] = quantised(std::array::from_fn(|i| own[i] + share * (smooth[i] - own[i])));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::patch_match::Match;
    use super::super::votes::Votes;
    use super::*;
    use crate::Unpaced;

    const WIDTH: usize = 60;

    /// A hole in a ground of 800, with a line that ends at its left side, filled from elsewhere `darker` than that. On its right there is
    /// another one that is not filled yet.
    fn blended(darker: i16, is_drawn: bool) -> Field {
        let place = |i: usize| (i % WIDTH, i / WIDTH);
        let state = |i: usize| match place(i) {
            (20..30, 10..20) => State::Target,
            (30..40, 10..20) => State::Excluded,
            _ => State::Known,
        };
        let colour = |i: usize| match place(i) {
            (_, 15) if i % WIDTH < 20 => 800 - 640,
            (_, 30..) => 800 - darker,
            _ if state(i) != State::Known => 800 - darker,
            _ => 800,
        };
        let all = 0..WIDTH * 50;
        let mut field = Field {
            width: WIDTH,
            height: 50,
            pixels: all.clone().map(|i| [colour(i); 4]).collect(),
            states: all.clone().map(state).collect(),
        };
        let targets: Vec<u32> = all.filter(|i| matches!(place(*i), (19..31, 9..21))).map(|i| i as u32).collect();
        let matches: Vec<Match> =
            targets.iter().map(|at| Match { source: at + 25 * WIDTH as u32, distance: 9 }).collect();
        let confidence = vec![1.0; targets.len()];
        let voters =
            Voters { radius: 1, targets: &targets, matches: &matches, confidence: &confidence, votes: Votes::Sharp };
        let content = Content { is_thin: true, is_fine: true, is_flat: is_drawn, is_drawn, is_lossy: false };
        pollster::block_on(blend(&mut field, content, voters, &Unpaced)).unwrap();
        field
    }

    #[test]
    fn the_fill_is_lifted_to_its_surroundings_also_beside_what_is_filled_later() {
        let field = blended(80, true);
        for at in (0..field.states.len()).filter(|at| field.states[*at] == State::Target) {
            let off = field.pixels[at][0] - 800;
            assert!(off.abs() <= FIXED_POINT_SCALE, "{off} at {}, {}", at % WIDTH, at / WIDTH);
        }
    }

    #[test]
    fn a_line_that_ends_at_the_rim_of_a_hole_in_a_screen_makes_no_haze() {
        let off = |is_drawn: bool| 800 - blended(0, is_drawn).pixels[15 * WIDTH + 21][0];
        assert_eq!(off(true), 0);
        assert!(off(false) > 80);
    }

    #[test]
    fn a_step_at_the_rim_is_bridged_and_the_inside_stays() {
        let (width, height) = (41, 35);
        let state = |i: usize| match (i % width, i / width) {
            (10..31, 9..26) => State::Target,
            _ => State::Known,
        };
        let before = Field {
            width,
            height,
            pixels: (0..width * height).map(|i| [if state(i) == State::Target { 1200 } else { 800 }; 4]).collect(),
            states: (0..width * height).map(state).collect(),
        };
        let mut field = before.clone();
        pollster::block_on(soften(&mut field, &Unpaced)).unwrap();
        let at = |x: usize| field.pixels[17 * width + x][0];
        assert!((at(10) - at(9)).abs() < 200 && at(12) > at(10), "{} {} {}", at(9), at(10), at(12));
        for (i, depth) in before.depths().into_iter().enumerate() {
            assert!((1..=3).contains(&depth) || field.pixels[i] == before.pixels[i]);
        }
    }
}
