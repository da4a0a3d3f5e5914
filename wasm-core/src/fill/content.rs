//! Classifies a hole and its surroundings; the ways to fill depend on it.

use super::field::{FIXED_POINT_SCALE, Field, Pixel, State, apart};
use crate::{Pacer, Result};

/// Largest depth of a thin hole, in pixels from the rim.
const THIN: u32 = 16;
/// Largest depth of a fine hole, in pixels from the rim.
const FINE: u32 = 8;
/// In flat surroundings, at least this share of the pairs of neighbours differ by at most one level. Screens, drawings and smooth photographs
/// are flat.
const FLAT: f32 = 0.75;
/// Magnitudes of second differences, in levels, that come from grain: smaller ones may come from rounding, larger ones only from edges.
const GRAIN: std::ops::RangeInclusive<u32> = 3..=12;
/// In photographs, at least this share of the second differences that are no rounding lie within [`GRAIN`]. On screens, hard edges outnumber
/// them, and gradients have none.
const MAX_GRAIN: f32 = 0.65;

/// In drawings that lost a little, at least this share of the second differences lie within [`GRAIN`], and this share of the pairs of neighbours
/// differ by one level.
const LOSSY: f32 = 0.2;
const UNEQUAL: f32 = 0.01;

/// Radius of the near surroundings, in pixels along both axes.
const NEAR: usize = 32;
/// In drawings, at least this share of the pairs of neighbours are exactly equal, unless they have gradients.
const EQUAL: f32 = 0.6;

/// Maximum number of pixels whose neighbours are looked at; of more, every n-th row is.
const MAX_TALLIED: usize = 1 << 19;
/// Rows between two checkpoints: a few milliseconds of work.
const ROWS: usize = 128;

/// The class of a hole and of its surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Content {
    /// No target is deeper than [`THIN`].
    pub(super) is_thin: bool,
    /// No target is deeper than [`FINE`], where patches hardly disagree about brightness.
    pub(super) is_fine: bool,
    /// Most of the surroundings, or of the near ones, have no texture.
    pub(super) is_flat: bool,
    /// The surroundings are flat but for hard edges, without grain: a screen or a drawing.
    pub(super) is_drawn: bool,
    /// Drawn, and scaled or compressed with losses afterwards: beside edges, colours differ a little from what they were.
    pub(super) is_lossy: bool,
}

impl Content {
    /// Classifies the targets of a field and what is known around them.
    ///
    /// # Errors
    /// [`Error::Cancelled`](crate::Error::Cancelled) from `pacer`.
    pub(super) async fn of(field: &Field, pacer: &dyn Pacer) -> Result<Self> {
        let depth_of_targets = field.depths().into_iter().zip(&field.states).filter(|(_, s)| **s == State::Target);
        let deepest = depth_of_targets.map(|(depth, _)| depth).max().unwrap_or(0);
        pacer.checkpoint().await?;
        let is_near = field.near_targets(NEAR);
        let mut tallies = [Tally::default(), Tally::default()];
        let step = field.pixels.len() / MAX_TALLIED + 1;
        for y in (0..field.height).step_by(step) {
            if y % ROWS < step {
                pacer.checkpoint().await?;
            }
            tally_row(field, y, &is_near, &mut tallies);
        }
        let [all, near] = tallies;
        // A page may show photographs, in which few neighbours are exactly equal.
        let is_drawn = all.is_drawn() || (near.is_drawn() && near.is_even());
        Ok(Self {
            is_thin: deepest <= THIN,
            is_fine: deepest <= FINE,
            is_flat: all.is_flat() || is_drawn,
            is_drawn,
            is_lossy: is_drawn && all.is_lossy(),
        })
    }
}

/// Counts the pairs and triples that begin in row `y`: in the first tally all of them, in the second those near the targets.
#[inline(never)]
fn tally_row(field: &Field, y: usize, is_near: &[bool], tallies: &mut [Tally; 2]) {
    let known = |at: usize| field.states[at] == State::Known;
    let below = field.height - 1 - y;
    for x in 0..field.width {
        let at = y * field.width + x;
        if !known(at) {
            continue;
        }
        for (step, room) in [(1, field.width - 1 - x), (field.width, below)] {
            if room < 1 || !known(at + step) {
                continue;
            }
            let next = (room >= 2 && known(at + 2 * step)).then(|| field.pixels[at + 2 * step]);
            for tally in tallies.iter_mut().take(if is_near[at] { 2 } else { 1 }) {
                tally.note(field.pixels[at], field.pixels[at + step], next);
            }
        }
    }
}

/// Counts of pairs of neighbours and of triples in a row.
#[derive(Default)]
struct Tally {
    /// All pairs.
    pairs: u32,
    /// Pairs that differ by at most one level.
    alike: u32,
    /// Pairs that are exactly equal.
    equal: u32,
    /// Triples whose second difference is more than rounding.
    bent: u32,
    /// Triples whose second difference lies within [`GRAIN`].
    grain: u32,
}

impl Tally {
    /// Counts the pair `a`, `b` and, if there is a `next` pixel, the triple of all three.
    fn note(&mut self, a: Pixel, b: Pixel, next: Option<Pixel>) {
        self.pairs += 1;
        self.alike += u32::from(apart(a, b) <= FIXED_POINT_SCALE.unsigned_abs());
        self.equal += u32::from(a == b);
        let Some(c) = next else { return };
        let bend = |i: usize| (i32::from(a[i]) - 2 * i32::from(b[i]) + i32::from(c[i])).unsigned_abs();
        let most = (0..4).map(bend).max().unwrap_or(0) / u32::from(FIXED_POINT_SCALE.unsigned_abs());
        self.bent += u32::from(most >= *GRAIN.start());
        self.grain += u32::from(GRAIN.contains(&most));
    }

    fn is_flat(&self) -> bool {
        self.alike as f32 >= FLAT * self.pairs as f32 || self.is_even()
    }

    /// Whether most neighbours are exactly equal. Beside the edges of a drawing, losses make many unequal; in photographs they make few equal.
    fn is_even(&self) -> bool {
        self.equal as f32 >= EQUAL * self.pairs as f32
    }

    fn is_lossy(&self) -> bool {
        self.grain as f32 > LOSSY * self.bent as f32 && (self.alike - self.equal) as f32 > UNEQUAL * self.pairs as f32
    }

    fn is_drawn(&self) -> bool {
        self.is_flat() && (self.grain as f32) < MAX_GRAIN * self.bent as f32
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;
    use crate::Unpaced;

    fn of(field: &Field) -> Content {
        pollster::block_on(Content::of(field, &Unpaced)).unwrap()
    }

    fn field(hole: usize, colour: impl Fn(usize, usize, &mut Random) -> i16) -> Field {
        let (width, height) = (97, 83);
        let mut random = Random::new(2);
        Field {
            width,
            height,
            pixels: (0..width * height)
                .map(|i| [colour(i % width, i / width, &mut random) * FIXED_POINT_SCALE; 4])
                .collect(),
            states: (0..width * height)
                .map(|i| if (20..20 + hole).contains(&(i % width)) { State::Target } else { State::Known })
                .collect(),
        }
    }

    #[test]
    fn photographs_smooth_ones_and_screens_are_told_apart() {
        let kind = |hole: usize, colour: fn(usize, usize, &mut Random) -> i16| {
            let Content { is_thin, is_fine, is_flat, is_drawn, .. } = of(&field(hole, colour));
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
    fn a_table_with_many_edges_that_was_compressed_with_losses_is_still_drawn() {
        // Beside every rule, pixels are a few levels off, far more often than in a drawing without losses.
        let table = |x: usize, y: usize, random: &mut Random| match (x % 15, y % 13) {
            (3, _) | (_, 5) => 60,
            (2 | 4, _) | (_, 4 | 6) => 26 + random.below(9) as i16,
            _ => 25,
        };
        let kept = of(&field(20, table));
        assert!(kept.is_flat && kept.is_drawn, "{kept:?}");
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
        assert!(of(&page(66..97)).is_drawn);
        assert!(!of(&page(34..97)).is_drawn);
    }
}
