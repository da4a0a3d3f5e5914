//! The nearest-neighbour field of patches: PatchMatch (Barnes, Shechtman, Finkelstein, Goldman 2009).

use super::field::{FIXED_POINT_SCALE, Field, Patches};
use super::offsets::{Offset, dominant};
use super::random::Random;
use crate::{Pacer, Result};

/// The source patch that a target patch resembles most, as far as it has been found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Match {
    /// Centre of the source patch, as an index into the field.
    pub(super) source: u32,
    /// Sum of squared differences over the patch, in squared steps, plus the penalty for how far away the source is.
    pub(super) distance: u32,
}

/// The penalty for a source as far away as the side of a square of the field's area: that of a difference of this many levels in every pixel,
/// summed over its channels. What is near is more often lit alike, equally large and equally sharp (after Herling and Broll 2014).
const FAR: i16 = 15;
/// Dominant offsets are counted among at most this many matches, evenly spaced in raster order.
const MAX_OFFSETS: usize = 50_000;
/// Stands for "no target patch" in [`PatchMatch::target_at`].
const NO_TARGET: u32 = u32::MAX;
/// Patches between two checkpoints: a few milliseconds of work.
const CHECKPOINT: usize = 2048;

/// Radius of a patch in pixels: patches are squares of 5 or 7 pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Radius {
    Two = 2,
    Three = 3,
}

/// Levels with more target patches than this are large.
pub(super) const LARGE: usize = 60_000;
/// In large levels one target patch in so many is looked for along both axes, and in levels four times as large one in the second of these. Patches
/// overlap so much that every pixel still gets votes from five to a dozen of them, and searching and voting take a quarter of the time or less.
const SPACING: [usize; 2] = [2, 3];

/// The search in one level of a field's pyramid.
#[derive(Clone)]
pub(super) struct PatchMatch {
    pub(super) radius: Radius,
    /// Distance in pixels between neighbouring targets, along both axes.
    spacing: usize,
    width: usize,
    height: usize,
    pub(super) patches: Patches,
    /// `matches[i]` belongs to `patches.targets[i]`.
    pub(super) matches: Vec<Match>,
    /// For every pixel of the field, the position in `patches.targets` of the patch around it, or [`NO_TARGET`].
    target_at: Vec<u32>,
    /// Penalty for each pixel of distance to the source.
    penalty: f32,
    /// Offsets that every target tries.
    dominant: Vec<Offset>,
}

impl PatchMatch {
    /// A search in which no patch has been compared yet. None when there is nothing to copy from, or nothing to fill. With `is_local`, far
    /// sources are penalised. Every target patch is looked for.
    pub(super) fn new(field: &Field, radius: Radius, is_local: bool) -> Option<Self> {
        Self::of(field, field.patches(radius as usize), radius, 1, is_local)
    }

    /// [`PatchMatch::new`], but in a large level not every target patch is looked for.
    pub(super) fn sparse(field: &Field, radius: Radius, is_local: bool) -> Option<Self> {
        let mut patches = field.patches(radius as usize);
        let spacing = match patches.targets.len() {
            0..=LARGE => 1,
            count if count <= 4 * LARGE || radius == Radius::Two => SPACING[0],
            _ => SPACING[1],
        };
        if spacing > 1 {
            let (first, width, height) = (radius as usize, field.width, field.height);
            // The last row and column as well: no other patch reaches the border there.
            let is_kept =
                |place: usize, length: usize| (place - first).is_multiple_of(spacing) || place + first + 1 == length;
            patches.targets.retain(|at| {
                let (x, y) = (*at as usize % width, *at as usize / width);
                is_kept(x, width) && is_kept(y, height)
            });
        }
        Self::of(field, patches, radius, spacing, is_local)
    }

    /// Whether the level is so large that not every target patch is looked for.
    pub(super) fn is_sparse(&self) -> bool {
        self.spacing > 1
    }

    fn of(field: &Field, patches: Patches, radius: Radius, spacing: usize, is_local: bool) -> Option<Self> {
        if patches.sources.is_empty() || patches.targets.is_empty() {
            return None;
        }
        let mut target_at = vec![NO_TARGET; field.pixels.len()];
        for (i, at) in patches.targets.iter().enumerate() {
            target_at[*at as usize] = i as u32;
        }
        let matches = vec![Match { source: patches.sources[0], distance: u32::MAX }; patches.targets.len()];
        let far = (FAR * FIXED_POINT_SCALE) as f32
            * (FAR * FIXED_POINT_SCALE) as f32
            * (2 * radius as usize + 1).pow(2) as f32;
        let penalty = if is_local { far / (field.pixels.len() as f32).sqrt() } else { 0.0 };
        let (width, height) = (field.width, field.height);
        Some(Self { radius, spacing, width, height, patches, matches, target_at, penalty, dominant: vec![] })
    }

    /// Gives every target a random source.
    pub(super) fn randomise(&mut self, random: &mut Random) {
        let count = self.patches.sources.len() as u32;
        for m in &mut self.matches {
            m.source = self.patches.sources[random.below(count) as usize];
        }
    }

    /// Gives every target the source that `coarse`, the search in the level of half the size, found there; a random one where there is none.
    pub(super) fn inherit(&mut self, coarse: &Self, random: &mut Random) {
        let count = self.patches.sources.len() as u32;
        for i in 0..self.matches.len() {
            self.matches[i].source = self
                .inherited(coarse, self.patches.targets[i])
                .unwrap_or_else(|| self.patches.sources[random.below(count) as usize]);
        }
    }

    /// The source of the nearest coarse match, at twice its offset; none when no coarse match close by leads to a source.
    fn inherited(&self, coarse: &Self, at: u32) -> Option<u32> {
        let (x, y) = (at as usize % self.width, at as usize / self.width);
        let (near_x, near_y) = ((x / 2).min(coarse.width - 1), (y / 2).min(coarse.height - 1));
        // The coarse hole may be a pixel smaller or larger, so that neighbours are looked at as well.
        for reach in 0..4usize {
            for cy in near_y.saturating_sub(reach)..=(near_y + reach).min(coarse.height - 1) {
                for cx in near_x.saturating_sub(reach)..=(near_x + reach).min(coarse.width - 1) {
                    let target = coarse.target_at[cy * coarse.width + cx];
                    if target == NO_TARGET {
                        continue;
                    }
                    let source = coarse.matches[target as usize].source;
                    let Offset((dx, dy)) = Offset::between((cy * coarse.width + cx) as u32, source, coarse.width);
                    if let Some(source) = self.source(x as i64 + 2 * dx, y as i64 + 2 * dy) {
                        return Some(source);
                    }
                }
            }
        }
        None
    }

    /// The source patch centred on a pixel, if there is one.
    fn source(&self, x: i64, y: i64) -> Option<u32> {
        let inside = (0..self.width as i64).contains(&x) && (0..self.height as i64).contains(&y);
        let at = y * self.width as i64 + x;
        (inside && self.patches.is_source[at as usize]).then_some(at as u32)
    }

    /// Brings the distance of every match up to date with the field.
    pub(super) async fn measure(&mut self, field: &Field, pacer: &dyn Pacer) -> Result<()> {
        for start in (0..self.matches.len()).step_by(CHECKPOINT) {
            for i in start..(start + CHECKPOINT).min(self.matches.len()) {
                let (target, source) = (self.patches.targets[i], self.matches[i].source);
                self.matches[i].distance = self.difference(field, target, source, u32::MAX) + self.cost(target, source);
            }
            pacer.checkpoint().await?;
        }
        Ok(())
    }

    /// [`distance`] for the patches of this search.
    fn difference(&self, field: &Field, target: u32, source: u32, limit: u32) -> u32 {
        match self.radius {
            Radius::Two => distance::<2>(field, target, source, limit),
            Radius::Three => distance::<3>(field, target, source, limit),
        }
    }

    /// The penalty for how far a source is from a target.
    fn cost(&self, target: u32, source: u32) -> u32 {
        if self.penalty == 0.0 {
            return 0;
        }
        let (dx, dy) = Offset::between(target, source, self.width).0;
        (self.penalty * ((dx * dx + dy * dy) as f32).sqrt()) as u32
    }

    /// Makes every target try the offsets that are most frequent among the matches.
    #[inline(never)]
    pub(super) fn note_dominant_offsets(&mut self) {
        let sample = self.matches.len().div_ceil(MAX_OFFSETS);
        let pairs = self.patches.targets.iter().zip(&self.matches).step_by(sample.max(1));
        self.dominant = dominant(pairs.map(|(target, m)| Offset::between(*target, m.source, self.width)));
    }

    /// One sweep of propagation and random search, in raster order or, if `backward`, in its reverse; the two should alternate. `reach` bounds the
    /// radius of the random search in pixels.
    pub(super) async fn sweep(
        &mut self,
        field: &Field,
        backward: bool,
        reach: u32,
        random: &mut Random,
        pacer: &dyn Pacer,
    ) -> Result<()> {
        let count = self.matches.len();
        for start in (0..count).step_by(CHECKPOINT) {
            for i in start..(start + CHECKPOINT).min(count) {
                self.improve(field, if backward { count - 1 - i } else { i }, backward, reach, random);
            }
            pacer.checkpoint().await?;
        }
        Ok(())
    }

    /// Replaces `best` by `source` if that is nearer.
    #[inline(never)]
    fn consider(&self, field: &Field, target: u32, best: &mut Match, source: u32) {
        if source == best.source {
            return;
        }
        let cost = self.cost(target, source);
        if cost < best.distance {
            let distance = self.difference(field, target, source, best.distance - cost) + cost;
            if distance < best.distance {
                *best = Match { source, distance };
            }
        }
    }

    /// Propagation, dominant offsets and random search for one target.
    fn improve(&mut self, field: &Field, target: usize, backward: bool, reach: u32, random: &mut Random) {
        let at = self.patches.targets[target];
        let mut best = self.matches[target];
        // Propagation: the match of a neighbour, shifted back, is likely to fit here.
        for step in [self.spacing, self.spacing * self.width] {
            let neighbour = if backward { at as usize + step } else { at as usize - step };
            let Some(&index) = self.target_at.get(neighbour).filter(|i| **i != NO_TARGET) else { continue };
            let theirs = self.matches[index as usize].source as usize;
            let shifted = if backward { theirs.checked_sub(step) } else { Some(theirs + step) };
            if let Some(source) = shifted.filter(|s| self.patches.is_source.get(*s) == Some(&true)) {
                self.consider(field, at, &mut best, source as u32);
            }
        }
        let (x, y) = ((at as usize % self.width) as i64, (at as usize / self.width) as i64);
        for Offset((dx, dy)) in &self.dominant {
            if let Some(source) = self.source(x + dx, y + dy) {
                self.consider(field, at, &mut best, source);
            }
        }
        let mut radius = reach.min(self.width.max(self.height) as u32);
        while radius >= 1 {
            let (x, y) = ((best.source as usize % self.width) as i64, (best.source as usize / self.width) as i64);
            let offset = |random: &mut Random| i64::from(random.below(2 * radius + 1)) - i64::from(radius);
            let (dx, dy) = (offset(random), offset(random));
            if let Some(source) = self.source(x + dx, y + dy) {
                self.consider(field, at, &mut best, source);
            }
            radius /= 2;
        }
        self.matches[target] = best;
    }
}

/// Sum of squared differences between the patches around two pixels, in squared steps. Stops early with some value of at least `limit` once the sum
/// has reached that.
fn distance<const RADIUS: usize>(field: &Field, a: u32, b: u32, limit: u32) -> u32 {
    let side = 2 * RADIUS + 1;
    let mut sum = 0u32;
    let first = RADIUS * field.width + RADIUS;
    let (mut a, mut b) = (a as usize - first, b as usize - first);
    for _ in 0..side {
        let row_a = field.pixels[a..a + side].as_flattened();
        let row_b = field.pixels[b..b + side].as_flattened();
        // i16 differences and pairwise i32 products: the compiler makes `i32x4.dot_i16x8_s` of this form.
        let row: i32 = row_a
            .iter()
            .zip(row_b)
            .map(|(x, y)| {
                let d = i32::from(x.wrapping_sub(*y));
                d * d
            })
            .sum();
        sum += row as u32;
        if sum >= limit {
            return sum;
        }
        a += field.width;
        b += field.width;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::super::field::State;
    use super::*;
    use crate::Unpaced;

    #[test]
    fn distance_is_the_sum_of_squares_and_stops_at_the_limit() {
        let mut random = Random::new(3);
        let (width, height) = (11, 9);
        let field = Field {
            width,
            height,
            pixels: (0..width * height).map(|_| [0; 4].map(|_: i16| random.below(2041) as i16)).collect(),
            states: vec![State::Known; width * height],
        };
        let (a, b) = (3 * width + 4, 5 * width + 7);
        let mut expected = 0i64;
        for dy in 0..5 {
            for dx in 0..5 {
                let at = |centre: usize| field.pixels[centre - 2 * width - 2 + dy * width + dx];
                for (x, y) in at(a).into_iter().zip(at(b)) {
                    expected += i64::from(x - y).pow(2);
                }
            }
        }
        assert_eq!(i64::from(distance::<2>(&field, a as u32, b as u32, u32::MAX)), expected);
        assert!(distance::<2>(&field, a as u32, b as u32, 1000) >= 1000);
    }

    /// A texture with a period of ten pixels, around a hole.
    fn periodic() -> Field {
        let (width, height) = (80, 60);
        let texture = |x: usize, y: usize| ((x % 10) * 37 + (y % 10) * 91) as i16;
        Field {
            width,
            height,
            pixels: (0..width * height).map(|i| [texture(i % width, i / width); 4]).collect(),
            states: (0..width * height)
                .map(|i| {
                    let hole = (30..50).contains(&(i % width)) && (20..40).contains(&(i / width));
                    if hole { State::Target } else { State::Known }
                })
                .collect(),
        }
    }

    fn searched(field: &Field, is_local: bool) -> PatchMatch {
        let mut search = PatchMatch::new(field, Radius::Two, is_local).expect("room for patches");
        let mut random = Random::new(1);
        search.randomise(&mut random);
        pollster::block_on(async {
            search.measure(field, &Unpaced).await.unwrap();
            for sweep in 0..6 {
                search.sweep(field, sweep % 2 == 1, 100, &mut random, &Unpaced).await.unwrap();
            }
        });
        search
    }

    #[test]
    fn finds_exact_copies_in_a_periodic_texture() {
        let search = searched(&periodic(), false);
        let exact = search.matches.iter().filter(|m| m.distance == 0).count();
        assert!(exact * 100 >= search.matches.len() * 95, "{exact} of {}", search.matches.len());
    }

    #[test]
    fn in_large_levels_patches_are_fewer_and_still_cover_every_target() {
        // The hole touches the border: only the last row and column of patches reach there.
        for (side, spacing) in [(300, 2), (560, 3)] {
            let (width, height) = (side + 41, side + 30);
            let hole = |i: usize| i % width >= width - side && i / width >= height - side;
            let states = (0..width * height).map(|i| if hole(i) { State::Target } else { State::Known }).collect();
            let field = Field { width, height, pixels: vec![[0; 4]; width * height], states };
            let search = PatchMatch::sparse(&field, Radius::Three, false).expect("room for patches");
            assert_eq!(search.spacing, spacing);
            let all = field.patches(3).targets.len();
            assert!(search.matches.len() < all * 11 / 10 / (spacing * spacing), "{} of {all}", search.matches.len());
            let mut votes = vec![0; width * height];
            for at in &search.patches.targets {
                for step in 0..49 {
                    votes[*at as usize - 3 * width - 3 + step / 7 * width + step % 7] += 1;
                }
            }
            assert!((0..votes.len()).all(|i| !hole(i) || votes[i] > 0));
        }
    }

    #[test]
    fn of_exact_copies_the_near_ones_are_taken_where_that_matters() {
        let field = periodic();
        let way = |is_local: bool| {
            let search = searched(&field, is_local);
            let ways = search.patches.targets.iter().zip(&search.matches).map(|(target, m)| {
                let Offset((dx, dy)) = Offset::between(*target, m.source, field.width);
                assert!(!is_local || m.distance >= search.cost(*target, m.source));
                dx.abs() + dy.abs()
            });
            ways.sum::<i64>() as f32 / search.matches.len() as f32
        };
        let (near, any) = (way(true), way(false));
        assert!(near < 0.8 * any, "{near} {any}");
    }
}
