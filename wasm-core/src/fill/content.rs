//! What kind of picture surrounds a hole, and what kind of hole it is: different means suit.

use super::field::{Field, STEPS, State};
use super::pyramid::depths;

/// Holes whose pixels are no deeper than this are thin.
const THIN: u32 = 16;
/// On a screen or in a drawing a larger share of neighbours than this are equal but for a level.
const FLAT: f32 = 0.75;
/// Smooth photographs have that too. But there more than this share of the pixels that bend at all, bend by [`GRAIN`] at most; on screens
/// those are few beside hard edges, and gradients do not bend.
const MOST_GRAIN: f32 = 0.65;
/// Second differences in levels: below, rounding alone may have made them; above, only an edge.
const GRAIN: std::ops::RangeInclusive<u32> = 3..=12;

/// The answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Content {
    /// No target is far from what is known.
    pub(super) is_thin: bool,
    /// Most of it has no texture: its edges matter.
    pub(super) is_flat: bool,
    /// And what is not flat are hard edges: a screen or a drawing, nothing with grain.
    pub(super) is_drawn: bool,
}

impl Content {
    pub(super) fn of(field: &Field) -> Self {
        let far = depths(field).into_iter().zip(&field.states).find(|(depth, s)| *depth > THIN && **s == State::Target);
        let is_thin = far.is_none();
        let known = |at: usize| field.states[at] == State::Known;
        let steps = STEPS.unsigned_abs();
        let (mut equal, mut all, mut grain, mut bent) = (0u32, 0u32, 0u32, 0u32);
        for at in 0..field.pixels.len() {
            let room = (field.width - 1 - at % field.width, (field.pixels.len() - 1 - at) / field.width);
            for (step, room) in [(1, room.0), (field.width, room.1)] {
                if room < 1 || !known(at) || !known(at + step) {
                    continue;
                }
                let (a, b) = (field.pixels[at], field.pixels[at + step]);
                all += 1;
                equal += u32::from(a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= steps));
                if room >= 2 && known(at + 2 * step) {
                    let c = field.pixels[at + 2 * step];
                    let bend = |i: usize| (i32::from(a[i]) - 2 * i32::from(b[i]) + i32::from(c[i])).unsigned_abs();
                    let most = (0..4).map(bend).max().unwrap_or(0) / u32::from(steps);
                    bent += u32::from(most >= *GRAIN.start());
                    grain += u32::from(GRAIN.contains(&most));
                }
            }
        }
        let is_flat = equal as f32 >= FLAT * all as f32;
        Self { is_thin, is_flat, is_drawn: is_flat && (grain as f32) < MOST_GRAIN * bent as f32 }
    }
}

#[cfg(test)]
mod tests {
    use super::super::patch_match::Random;
    use super::*;

    fn field(hole: usize, colour: impl Fn(usize, usize, &mut Random) -> i16) -> Field {
        let (width, height) = (97, 83);
        let mut random = Random::new(2);
        Field {
            width,
            height,
            pixels: (0..width * height).map(|i| [colour(i % width, i / width, &mut random) * STEPS; 4]).collect(),
            states: (0..width * height)
                .map(|i| if (20..20 + hole).contains(&(i % width)) { State::Target } else { State::Known })
                .collect(),
        }
    }

    #[test]
    fn photographs_smooth_ones_and_screens_are_told_apart() {
        let kind = |hole: usize, colour: fn(usize, usize, &mut Random) -> i16| {
            let Content { is_thin, is_flat, is_drawn } = Content::of(&field(hole, colour));
            [is_thin, is_flat, is_drawn]
        };
        let grain = |_: usize, _: usize, random: &mut Random| 90 + random.below(20) as i16;
        let smooth = |x: usize, _: usize, random: &mut Random| x as i16 + 4 * i16::from(random.below(30) == 0);
        let screen = |x: usize, y: usize, _: &mut Random| if x % 25 == 3 || y % 19 == 5 { 60 } else { 240 };
        assert_eq!(kind(12, grain), [true, false, false]);
        assert_eq!(kind(12, smooth), [true, true, false]);
        assert_eq!(kind(40, screen), [false, true, true]);
    }
}
