//! What kind of picture surrounds a hole, and what kind of hole it is: different means suit.

use super::field::{Field, Pixel, STEPS, State, apart};
use super::pyramid::depths;

/// Holes whose pixels are no deeper than this are thin, or even fine.
const THIN: u32 = 16;
const FINE: u32 = 8;
/// On a screen or in a drawing a larger share of neighbours than this are equal but for a level.
const FLAT: f32 = 0.75;
/// Smooth photographs have that too. But there more than this share of the pixels that bend at all, bend by [`GRAIN`] at most; on screens
/// those are few beside hard edges, and gradients do not bend.
const MOST_GRAIN: f32 = 0.65;
/// Second differences in levels: below, rounding alone may have made them; above, only an edge.
const GRAIN: std::ops::RangeInclusive<u32> = 3..=12;

/// So near to the targets, in pixels, they count for themselves, if so many are exactly equal.
const EQUAL: f32 = 0.6;
const NEAR: usize = 32;

/// The answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Content {
    /// No target is far from what is known.
    pub(super) is_thin: bool,
    /// Nor so far that patches may disagree about how light it is.
    pub(super) is_fine: bool,
    /// Most of it, or of what is near, has no texture: its edges matter.
    pub(super) is_flat: bool,
    /// And what is not flat are hard edges: a screen or a drawing, nothing with grain.
    pub(super) is_drawn: bool,
}

impl Content {
    pub(super) fn of(field: &Field) -> Self {
        let depth_of_targets = depths(field).into_iter().zip(&field.states).filter(|(_, s)| **s == State::Target);
        let deepest = depth_of_targets.map(|(depth, _)| depth).max().unwrap_or(0);
        let is_near = field.near_targets(NEAR);
        let mut tallies = [Tally::default(), Tally::default()];
        let known = |at: usize| field.states[at] == State::Known;
        for (at, is_near) in is_near.into_iter().enumerate() {
            let room = (field.width - 1 - at % field.width, (field.pixels.len() - 1 - at) / field.width);
            for (step, room) in [(1, room.0), (field.width, room.1)] {
                if room < 1 || !known(at) || !known(at + step) {
                    continue;
                }
                let next = (room >= 2 && known(at + 2 * step)).then(|| field.pixels[at + 2 * step]);
                for tally in tallies.iter_mut().take(if is_near { 2 } else { 1 }) {
                    tally.note(field.pixels[at], field.pixels[at + step], next);
                }
            }
        }
        let [all, near] = tallies;
        // A page may show photographs. But few neighbours are exactly equal in those.
        let is_drawn = all.is_drawn() || (near.is_drawn() && near.equal as f32 >= EQUAL * near.pairs as f32);
        Self { is_thin: deepest <= THIN, is_fine: deepest <= FINE, is_flat: all.is_flat() || is_drawn, is_drawn }
    }
}

/// What neighbours are like.
#[derive(Default)]
struct Tally {
    pairs: u32,
    /// But for a level, or exactly.
    alike: u32,
    equal: u32,
    bent: u32,
    grain: u32,
}

impl Tally {
    fn note(&mut self, a: Pixel, b: Pixel, next: Option<Pixel>) {
        self.pairs += 1;
        self.alike += u32::from(apart(a, b) <= STEPS.unsigned_abs());
        self.equal += u32::from(a == b);
        let Some(c) = next else { return };
        let bend = |i: usize| (i32::from(a[i]) - 2 * i32::from(b[i]) + i32::from(c[i])).unsigned_abs();
        let most = (0..4).map(bend).max().unwrap_or(0) / u32::from(STEPS.unsigned_abs());
        self.bent += u32::from(most >= *GRAIN.start());
        self.grain += u32::from(GRAIN.contains(&most));
    }

    fn is_flat(&self) -> bool {
        self.alike as f32 >= FLAT * self.pairs as f32
    }

    fn is_drawn(&self) -> bool {
        self.is_flat() && (self.grain as f32) < MOST_GRAIN * self.bent as f32
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
            let Content { is_thin, is_fine, is_flat, is_drawn } = Content::of(&field(hole, colour));
            [is_thin, is_fine, is_flat, is_drawn]
        };
        let grain = |_: usize, _: usize, random: &mut Random| 90 + random.below(20) as i16;
        let smooth = |x: usize, _: usize, random: &mut Random| x as i16 + 4 * i16::from(random.below(30) == 0);
        let screen = |x: usize, y: usize, _: &mut Random| if x % 25 == 3 || y % 19 == 5 { 60 } else { 240 };
        assert_eq!(kind(12, grain), [true, true, false, false]);
        assert_eq!(kind(20, smooth), [true, false, true, false]);
        assert_eq!(kind(40, screen), [false, false, true, true]);
    }

    #[test]
    fn a_hole_in_a_page_is_among_drawings_whatever_photograph_the_page_shows() {
        let page = |photograph: std::ops::Range<usize>| {
            field(12, move |x, y, random| match x {
                x if photograph.contains(&x) => 90 + random.below(40) as i16,
                _ if x % 25 == 3 || y % 19 == 5 => 60,
                _ => 240,
            })
        };
        assert!(Content::of(&page(66..97)).is_drawn);
        assert!(!Content::of(&page(34..97)).is_drawn);
    }
}
