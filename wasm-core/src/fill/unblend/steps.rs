//! Finds marks by the steps at their edges, before any pixel is known as covered or bare.
//!
//! Two pixels a few apart, one on each side of the mark's edge, show `P` and nearly `s * P + (1 - s) * c`, whatever the picture shows there. Other
//! pairs differ as the picture around the mask does. How likely all pairs are under the mixture of both kinds tells how good a mark is, also where
//! it covers a small part of what is painted, and whatever the shape of either.

use super::colour::{Rgb, squared};
use super::mark::Mark;
use super::scene::{APART, Scene};
use crate::{Pacer, Result};

/// Maximum number of pairs; of more, an even sample is taken.
const MAX_STEPS: usize = 16_000;
/// Pixels between two checkpoints: a few milliseconds of work.
const CHECKPOINT: usize = 1 << 17;
/// Transparencies at which marks are looked for, from `MIN_CLEAR` in steps of `CLEAR_STEP`.
const MIN_CLEAR: f32 = 0.2;
const CLEAR_STEP: f32 = 0.05;
const CLEAR_STEPS: u32 = 14;
/// The transparencies that refining may lead to.
const CLEAR: std::ops::RangeInclusive<f32> = 0.1..=0.9;
/// Side of the boxes in which paint is counted, in levels, and number of boxes in a row: one below black.
const BOX: f32 = 10.0;
const BOXES: usize = 28;
/// Number of full boxes that become marks at each transparency, of marks that are refined, of rounds in which that is done, and of results.
const PEAKS: usize = 4;
const REFINED: usize = 12;
const ROUNDS: usize = 6;
const RESULTS: usize = 4;
/// Minimum difference of a pair that is counted, over the usual one.
const STRIKING: f32 = 1.5;
/// Usual differences over their mean: of the heavy-tailed distribution that the differences of photographs have. At least this many levels.
const SCALE: f32 = 0.7;
const MIN_SCALE: f32 = 1.5;
/// Share of pairs across the mark's edge that is assumed at first, and bounds for it.
const SHARE: f32 = 0.05;
const SHARES: std::ops::RangeInclusive<f32> = 0.01..=0.3;
/// Two marks are the same when their transparencies and the levels of their colours differ less.
const SAME_CLEAR: f32 = 0.02;
const SAME_COLOUR: f32 = 12.0;

/// Two pixels that lie [`APART`].
struct Step {
    from: Rgb,
    to: Rgb,
    /// Scale of the differences around here, in levels.
    scale: f32,
    /// Inverse of the density of the pair's difference without a mark.
    rarity: f32,
    /// Place of `to` in the window.
    place: (u32, u32),
}

/// What a mark does: it shows `clear * P + paint` for `P`; and how well that explains the steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Veil {
    clear: f32,
    paint: Rgb,
    /// Share of pairs across the mark's edge.
    share: f32,
    /// Log-likelihood ratio against no mark, in nats a pair.
    pub(super) score: f32,
}

/// The pairs of pixels of which at least one is masked.
pub(super) struct Steps(Vec<Step>);

/// Student's distribution with three degrees of freedom of the root mean square difference over the channels, up to a constant.
fn density(squared: f32, scale: f32) -> f32 {
    let tail = 1.0 + squared / (9.0 * scale * scale);
    1.0 / (scale * tail * tail)
}

impl Step {
    /// How much likelier the pair is across the edge of a mark than without one, and its squared distance from what the mark makes of it over the
    /// expected one.
    #[inline(always)]
    fn ratio(&self, clear: f32, paint: Rgb) -> (f32, f32) {
        let off: Rgb = std::array::from_fn(|i| self.to[i] - clear * self.from[i] - paint[i]);
        let off = off.iter().map(|v| v * v).sum::<f32>();
        let variance = clear * clear * self.scale * self.scale + 1.0;
        let tail = 1.0 + off / (9.0 * variance);
        (self.rarity / (variance.sqrt() * tail * tail), off / (9.0 * variance))
    }
}

impl Steps {
    /// Collects the pairs around the masked pixels of a scene.
    pub(super) async fn new(scene: &Scene<'_>, pacer: &dyn Pacer) -> Result<Self> {
        let window = scene.pieces.window;
        let pixels: usize = scene.pieces.list.iter().map(|piece| piece.pixels).sum();
        let every = (4 * pixels / MAX_STEPS).max(1) as u32;
        let (mut steps, mut count) = (vec![], 0u32);
        for (at, label) in scene.pieces.labels.iter().enumerate() {
            if at.is_multiple_of(CHECKPOINT) {
                pacer.checkpoint().await?;
            }
            if *label == 0 {
                continue;
            }
            let (x, y) = (at as u32 % window.width, at as u32 / window.width);
            for (dx, dy) in [(APART, 0), (-APART, 0), (0, APART), (0, -APART)] {
                count += 1;
                // A multiplicative hash of the number: an even sample would fall into step with rows.
                if !(count.wrapping_mul(0x9E37_79B1) >> 8).is_multiple_of(every) {
                    continue;
                }
                let (u, v) = (i64::from(x) + dx, i64::from(y) + dy);
                if scene.pieces.label(u, v).is_none() {
                    continue;
                }
                let (from, to) = (scene.colour(u as u32, v as u32), scene.colour(x, y));
                let scale = (SCALE * scene.far_grains.at(x, y).mean).max(MIN_SCALE);
                let rarity = 1.0 / density(squared(from, to), scale);
                steps.push(Step { from, to, scale, rarity, place: (x, y) });
            }
        }
        Ok(Self(steps))
    }

    /// The likeliest marks, the best first.
    pub(super) async fn marks(&self, pacer: &dyn Pacer) -> Result<Vec<Veil>> {
        let mut found: Vec<Veil> = vec![];
        for i in 0..CLEAR_STEPS {
            pacer.checkpoint().await?;
            for (clear, paint) in self.peaks(MIN_CLEAR + CLEAR_STEP * i as f32) {
                pacer.checkpoint().await?;
                insert(&mut found, self.weighed(clear, paint, SHARE), REFINED);
            }
        }
        let mut best: Vec<Veil> = vec![];
        for veil in found {
            pacer.checkpoint().await?;
            let veil = self.refined(veil);
            match best.iter_mut().find(|other| veil.is_like(other)) {
                Some(other) if other.score < veil.score => *other = veil,
                Some(_) => {}
                None => insert(&mut best, veil, RESULTS),
            }
        }
        Ok(best)
    }

    /// The paint that striking pairs agree on at a transparency: the fullest boxes.
    #[inline(never)]
    fn peaks(&self, clear: f32) -> Vec<(f32, Rgb)> {
        let mut counts = vec![0u32; BOXES * BOXES * BOXES];
        let most = 255.0 * (1.0 - clear);
        for step in &self.0 {
            if squared(step.from, step.to) < 3.0 * (STRIKING * step.scale) * (STRIKING * step.scale) {
                continue;
            }
            let paint: Rgb = std::array::from_fn(|i| step.to[i] - clear * step.from[i]);
            if paint.iter().all(|v| (-8.0..most + 8.0).contains(v)) {
                let [r, g, b] = paint.map(|v| (v / BOX + 1.0) as usize);
                counts[(r * BOXES + g) * BOXES + b] += 1;
            }
        }
        let mut peaks: Vec<(u32, usize)> = vec![];
        for (at, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
            let place = peaks.iter().take_while(|peak| peak.0 >= count).count();
            if place < PEAKS {
                peaks.insert(place, (count, at));
                peaks.truncate(PEAKS);
            }
        }
        let middle = |at: usize| ((at as f32 - 0.5) * BOX).clamp(0.0, most);
        let paint = |at: usize| [at / BOXES / BOXES, at / BOXES % BOXES, at % BOXES].map(middle);
        peaks.into_iter().map(|(_, at)| (clear, paint(at))).collect()
    }

    /// A veil with its score.
    #[inline(never)]
    fn weighed(&self, clear: f32, paint: Rgb, share: f32) -> Veil {
        let gain = |step: &Step| libm::logf(1.0 - share + share * step.ratio(clear, paint).0);
        let score = self.0.iter().map(gain).sum::<f32>() / self.0.len().max(1) as f32;
        Veil { clear, paint, share, score }
    }

    /// A mark with its score, at the likeliest share of pairs across its edge.
    pub(super) fn score(&self, mark: &Mark) -> f32 {
        let paint = mark.colour.map(|c| c * (1.0 - mark.clear));
        let mut share = SHARE;
        for _ in 0..2 {
            let own = |step: &Step| {
                let gain = share * step.ratio(mark.clear, paint).0;
                gain / (1.0 - share + gain)
            };
            share = clamped(self.0.iter().map(own).sum::<f32>() / self.0.len().max(1) as f32);
        }
        self.weighed(mark.clear, paint, share).score
    }

    /// Fits transparency, paint and share by turns: expectation maximisation with a robust Deming regression, because both pixels of a pair carry
    /// the picture's texture.
    #[inline(never)]
    fn refined(&self, veil: Veil) -> Veil {
        let Veil { mut clear, mut paint, mut share, .. } = veil;
        for _ in 0..ROUNDS {
            let mut sums = Sums::default();
            let mut shares = 0.0;
            for step in &self.0 {
                let (ratio, off) = step.ratio(clear, paint);
                let own = share * ratio / (1.0 - share + share * ratio);
                shares += own;
                sums.add(step, own / ((clear * clear * step.scale * step.scale + 1.0) * (1.0 + off)));
            }
            share = clamped(shares / self.0.len().max(1) as f32);
            (clear, paint) = sums.line(clear);
        }
        self.weighed(clear, paint, share)
    }

    /// The middle of the pairs that speak for a mark, as medians of their places.
    pub(super) fn middle(&self, veil: &Veil) -> Option<(u32, u32)> {
        let is_own = |step: &&Step| veil.share * step.ratio(veil.clear, veil.paint).0 > 1.0;
        let (mut columns, mut rows): (Vec<u32>, Vec<u32>) = self.0.iter().filter(is_own).map(|step| step.place).unzip();
        columns.sort_unstable();
        rows.sort_unstable();
        Some((*columns.get(columns.len() / 2)?, *rows.get(rows.len() / 2)?))
    }
}

fn clamped(share: f32) -> f32 {
    share.clamp(*SHARES.start(), *SHARES.end())
}

/// Inserts a veil into a list of at most `most`, sorted by falling scores.
fn insert(list: &mut Vec<Veil>, veil: Veil, most: usize) {
    let place = list.iter().take_while(|other| other.score >= veil.score).count();
    list.insert(place, veil);
    list.truncate(most);
}

impl Veil {
    /// The mark that does this.
    pub(super) fn mark(&self) -> Mark {
        Mark::new(self.clear, self.paint.map(|p| (p / (1.0 - self.clear)).clamp(0.0, 255.0)))
    }

    fn is_like(&self, other: &Self) -> bool {
        let (one, two) = (self.mark(), other.mark());
        (one.clear - two.clear).abs() < SAME_CLEAR
            && one.colour.iter().zip(two.colour).all(|(a, b)| (a - b).abs() < SAME_COLOUR)
    }
}

/// Weighted sums over pairs: weight, both colours, and their products summed over the channels.
#[derive(Default)]
struct Sums {
    weight: f64,
    from: [f64; 3],
    to: [f64; 3],
    products: [f64; 3],
}

impl Sums {
    fn add(&mut self, step: &Step, weight: f32) {
        let weight = f64::from(weight);
        self.weight += weight;
        for i in 0..3 {
            let (x, y) = (f64::from(step.from[i]), f64::from(step.to[i]));
            self.from[i] += weight * x;
            self.to[i] += weight * y;
            self.products[0] += weight * x * x;
            self.products[1] += weight * y * y;
            self.products[2] += weight * x * y;
        }
    }

    /// Slope and offset of the line through the pairs, whose noise is `clear` times as large in one direction as in the other.
    fn line(&self, clear: f32) -> (f32, Rgb) {
        let total = self.weight.max(1e-9);
        let (from, to) = (self.from.map(|v| v / total), self.to.map(|v| v / total));
        let spread = |product: f64, a: &[f64; 3], b: &[f64; 3]| {
            product / total - a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>()
        };
        let [xx, yy, xy] = self.products;
        let (xx, yy, xy) = (spread(xx, &from, &from), spread(yy, &to, &to), spread(xy, &from, &to));
        let noise = f64::from(clear * clear);
        let lead = yy - noise * xx;
        let slope = (lead + (lead * lead + 4.0 * noise * xy * xy).sqrt()) / (2.0 * xy.abs()).max(1e-9);
        let clear = (slope as f32).clamp(*CLEAR.start(), *CLEAR.end());
        let paint = |i: usize| (to[i] as f32 - clear * from[i] as f32).clamp(0.0, 255.0 * (1.0 - clear));
        (clear, std::array::from_fn(paint))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{foliage, laid_over, letters, scene_of};
    use super::*;
    use crate::Unpaced;
    use crate::pixels::Mask;

    #[test]
    fn a_mark_is_found_inside_a_rectangle_around_it() {
        let (opacity, colour) = (0.4, [255.0; 3]);
        let (_, marked, mask) =
            scene_of(|x, y| foliage(x, y, 7), letters, |_, _, under, cover| laid_over(under, opacity * cover, colour));
        let rect = mask.rect();
        let mask = Mask::new(rect, vec![255; rect.area()]).unwrap();
        let scene = pollster::block_on(Scene::new(&marked, &mask, &Unpaced)).unwrap().unwrap();
        let found = pollster::block_on(async { Steps::new(&scene, &Unpaced).await?.marks(&Unpaced).await }).unwrap();
        let mark = found.first().expect("a mark").mark();
        assert!((mark.clear + opacity - 1.0).abs() <= CLEAR_STEP, "{} of {opacity}", mark.clear);
        // A little more of a little darker colour looks the same.
        for level in [40.0, 100.0, 160.0] {
            let shown = |clear: f32, colour: Rgb| colour.map(|c| clear * level + (1.0 - clear) * c);
            let off = super::super::colour::distance(shown(mark.clear, mark.colour), shown(1.0 - opacity, colour));
            assert!(off < 6.0, "{off} levels off on {level}: {mark:?}");
        }
    }
}
