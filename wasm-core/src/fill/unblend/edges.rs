//! Finds marks by what is seen on both sides of sharp edges.
//!
//! Across the edge of a mark, the picture shows `P` on one side and `s * P + (1 - s) * c` on the other, with the same `s` and `c` all along. Other edges
//! do so by chance only, and how often is told by those around the mask. Only places are looked at where the picture changes more than texture
//! makes it change, so that a small mark in a large mask counts as much as one that fills it. Texture is mostly one of brightness: a difference
//! is measured in brightness and in two opponent colours, each against how much it varies close by.

use super::colour::{Rgb, add, median};
use super::mark::Mark;
use super::scene::Scene;
use crate::pixels::Rect;
use crate::{Pacer, Result};

/// Distances of both sides from the middle of an edge, in pixels: the width of an antialiased edge, and that of a soft or a compressed one.
const BESIDE: [u32; 2] = [2, 4];
/// Width of the surroundings that other edges are taken from, in pixels around the mask.
const MARGIN: u32 = 100;
/// Maximum number of pixels that are looked at for each axis; of more, every n-th row is.
const MAX_AREA: usize = 1 << 20;
/// Minimum change at an edge, in scales of texture; and the same of the edges that suggest marks.
const MIN_CHANGE: f32 = 2.0;
const STRIKING: f32 = 2.5;
/// Maximum number of edges inside and outside; and of those that marks are compared on at first.
const MAX_EDGES: usize = 5000;
const FIRST_EDGES: usize = 2000;
/// Fewer edges outside tell nothing.
const MIN_OUTSIDE: usize = 50;
/// Side of the cells in which texture is measured, in pixels, and distance of the pixels that are measured.
const CELL: u32 = 12;
const EVERY: usize = 3;
/// Standard deviation of a normal distribution over its median absolute deviation, and minimum scale of texture, in levels: of rounding.
const OF_MEDIAN: f32 = 1.0 / 0.6745;
const MIN_SCALE: f32 = 1.2;
/// Variance of what two sides of a mark's edge show of the picture, over that of texture; and variance of rounding.
const SAME_PICTURE: f32 = 0.7;
const ROUNDING: f32 = 0.5;
/// Scale of the change at any other edge, over that of texture.
const OTHER_EDGE: f32 = 4.0;
/// Degrees of freedom of the heavy-tailed distributions.
const TAIL: f32 = 4.0;
/// Transparencies at which marks are looked for.
const MIN_CLEAR: f32 = 0.2;
const MAX_CLEAR: f32 = 0.88;
const CLEAR_STEP: f32 = 0.05;
const CLEAR_STEPS: u32 = 14;
/// Side of the boxes in which paint is counted, in levels, number of boxes in a row, and of full boxes that become marks at each transparency.
const BOX: f32 = 10.0;
const BOXES: usize = 30;
const PEAKS: usize = 6;
/// Number of marks that are refined, and of results.
const REFINED: usize = 8;
const RESULTS: usize = 3;
/// Largest and smallest step of the refinement, and what a step is: of transparency, and of paint in levels.
const MAX_STEP: f32 = 1.0;
const MIN_STEP: f32 = 0.2;
const OF_CLEAR: f32 = 0.04;
const OF_PAINT: f32 = 6.0;
/// Rounds in which the share of the mark's edges is estimated, and the share at first.
const ROUNDS: usize = 5;
const SHARE: f32 = 0.05;
/// Minimum share of edges outside that look like the mark's by chance, and maximum share of any.
const BY_CHANCE: f32 = 0.002;
const MAX_SHARE: f32 = 0.7;
/// Minimum contrast of a mark, in levels: less is made up of noise.
const MIN_CONTRAST: f32 = 7.0;
/// Minimum likelihood of a mark by the sharp edges that replaces one by the strongest, in nats.
const MIN_POLISHED: f32 = 40.0;
/// Minimum share of the edges that are a mark's over that of those outside that look alike.
pub(super) const MIN_SURPLUS: f32 = 1.7;
/// Minimum step of the cover at an edge of the mark.
const STEP: f32 = 0.3;
/// Two marks are the same when their transparencies and paints, in levels, differ less.
const SAME_CLEAR: f32 = 0.03;
const SAME_PAINT: f32 = 5.0;

/// Brightness and two opponent colours, in levels.
fn opponent([r, g, b]: Rgb) -> Rgb {
    [0.57 * (r + g + b), r - b, g - 0.5 * (r + b)]
}

/// What is seen on both sides of an edge.
#[derive(Clone, Copy)]
struct Edge {
    from: Rgb,
    to: Rgb,
    /// Variance of texture, in opponent colours.
    texture: Rgb,
    /// Inverse of the density of the change at an edge that is not the mark's.
    rarity: f32,
    /// Places of `from` and `to` in the picture.
    places: [(u32, u32); 2],
}

impl Edge {
    fn new(from: Rgb, to: Rgb, texture: Rgb, places: [(u32, u32); 2]) -> Self {
        let change = opponent(std::array::from_fn(|i| to[i] - from[i]));
        let wide = texture.map(|variance| variance * OTHER_EDGE * OTHER_EDGE);
        Self { from, to, texture, rarity: 1.0 / density(change, wide), places }
    }

    /// The square of the change over that of texture.
    fn size(&self) -> f32 {
        let change = opponent(std::array::from_fn(|i| self.to[i] - self.from[i]));
        (0..3).map(|i| change[i] * change[i] / self.texture[i]).sum()
    }

    /// How much likelier this is as an edge of the mark than as another one. Both sides carry texture, so that neither side's density is preferred:
    /// the factor is the square root of that by which unblending stretches three channels.
    #[inline(always)]
    fn ratio(&self, clear: f32, stretch: f32, paint: Rgb) -> f32 {
        let off = opponent(std::array::from_fn(|i| self.to[i] - clear * self.from[i] - paint[i]));
        let variance = self.texture.map(|texture| SAME_PICTURE * clear * clear * texture + ROUNDING);
        stretch * self.rarity * density(off, variance)
    }
}

/// Density of a difference, up to a constant.
#[inline(always)]
fn density(off: Rgb, variance: Rgb) -> f32 {
    let tail =
        1.0 + (off[0] * off[0] / variance[0] + off[1] * off[1] / variance[1] + off[2] * off[2] / variance[2]) / TAIL;
    1.0 / ((variance[0] * variance[1] * variance[2]).sqrt() * tail * tail * tail)
}

/// What a mark does, `clear * P + paint` for `P`, and how well that explains the edges.
#[derive(Clone, Copy, Debug)]
pub(super) struct Veil {
    clear: f32,
    paint: Rgb,
    /// Log-likelihood ratio against there being no mark, in nats.
    pub(super) likelihood: f32,
    /// Shares of the edges that are the mark's: inside, and outside by chance.
    pub(super) shares: [f32; 2],
    /// Root mean square difference that the mark makes at its edges, in levels.
    pub(super) contrast: f32,
    /// Standard deviation of what it lies on, in levels.
    pub(super) spread: f32,
    /// Which of the sets of edges tells this.
    set: usize,
}

impl Veil {
    /// The mark that does this.
    pub(super) fn mark(&self) -> Mark {
        Mark::new(self.clear, self.paint.map(|p| (p / (1.0 - self.clear)).clamp(0.0, 255.0)))
    }

    fn is_like(&self, other: &Self) -> bool {
        (self.clear - other.clear).abs() < SAME_CLEAR
            && self.paint.iter().zip(other.paint).all(|(a, b)| (a - b).abs() < SAME_PAINT)
    }
}

/// The edges in and around a mask: an even sample of the sharp ones, and the strongest ones.
pub(super) struct Edges {
    textures: Textures,
    sets: [Set; 2],
}

/// Edges of one width.
struct Set {
    number: usize,
    /// Those with at least the second side in the mask.
    inside: Vec<Edge>,
    /// Those with both sides outside of it.
    outside: Vec<Edge>,
}

/// Variances of the change across an edge, in opponent colours, in cells; along rows and along columns.
struct Textures {
    area: Rect,
    columns: usize,
    cells: [Vec<Rgb>; 2],
}

/// The picture's colour.
fn colour(scene: &Scene<'_>, x: u32, y: u32) -> Rgb {
    let [r, g, b, _] = scene.image.pixel(x, y);
    [r, g, b].map(f32::from)
}

/// The change across a place along an axis, in opponent colours.
fn change(scene: &Scene<'_>, (x, y): (u32, u32), axis: usize, beside: u32) -> Rgb {
    let ((x0, y0), (x1, y1)) = sides(x, y, axis, beside);
    let (from, to) = (colour(scene, x0, y0), colour(scene, x1, y1));
    opponent(std::array::from_fn(|i| to[i] - from[i]))
}

fn sides(x: u32, y: u32, axis: usize, beside: u32) -> ((u32, u32), (u32, u32)) {
    if axis == 0 { ((x - beside, y), (x + beside, y)) } else { ((x, y - beside), (x, y + beside)) }
}

impl Textures {
    #[inline(never)]
    fn new(scene: &Scene<'_>, area: Rect, beside: u32) -> Self {
        let (columns, rows) = (area.width.div_ceil(CELL) as usize, area.height.div_ceil(CELL) as usize);
        let cells = [0, 1].map(|axis| {
            let mut samples: Vec<Vec<Rgb>> = vec![vec![]; columns * rows];
            for y in (area.y..area.bottom()).step_by(EVERY) {
                for x in (area.x..area.right()).step_by(EVERY) {
                    let cell = ((y - area.y) / CELL) as usize * columns + ((x - area.x) / CELL) as usize;
                    samples[cell].push(change(scene, (x, y), axis, beside));
                }
            }
            let texture = |at: usize| -> Rgb {
                let (column, row) = (at % columns, at / columns);
                let mut near: [Vec<f32>; 3] = [vec![], vec![], vec![]];
                for row in row.saturating_sub(1)..(row + 2).min(rows) {
                    for column in column.saturating_sub(1)..(column + 2).min(columns) {
                        for sample in &samples[row * columns + column] {
                            near.iter_mut().zip(sample).for_each(|(near, v)| near.push(v.abs()));
                        }
                    }
                }
                near.map(|mut values| (median(&mut values) * OF_MEDIAN).max(MIN_SCALE).powi(2))
            };
            (0..samples.len()).map(texture).collect()
        });
        Self { area, columns, cells }
    }

    fn at(&self, x: u32, y: u32, axis: usize) -> Rgb {
        let place = |v: u32, start: u32, length: u32| (v.saturating_sub(start).min(length - 1) / CELL) as usize;
        let row = place(y, self.area.y, self.area.height);
        self.cells[axis][row * self.columns + place(x, self.area.x, self.area.width)]
    }
}

impl Edges {
    /// Collects the edges in and around the masked pixels of a scene. None in pictures of a few pixels.
    pub(super) async fn new(scene: &Scene<'_>, pacer: &dyn Pacer) -> Result<Option<Self>> {
        let bounds = scene.image.bounds();
        let wide = scene.pieces.window.grown(MARGIN, &bounds);
        let rim = BESIDE[1] + 1;
        if bounds.width <= 2 * rim || bounds.height <= 2 * rim {
            return Ok(None);
        }
        let (x, y) = (wide.x.max(rim), wide.y.max(rim));
        let (right, bottom) = (wide.right().min(bounds.width - rim), wide.bottom().min(bounds.height - rim));
        if right <= x || bottom <= y {
            return Ok(None);
        }
        let area = Rect { x, y, width: right - x, height: bottom - y };
        let (textures, sharp) = Set::new(scene, area, 0, pacer).await?;
        let (_, strong) = Set::new(scene, area, 1, pacer).await?;
        Ok(Some(Self { textures, sets: [sharp, strong] }))
    }

    /// Numbers of the sets of edges, in the order in which they are to be asked.
    pub(super) const SETS: std::ops::Range<usize> = 0..BESIDE.len();

    /// The likeliest marks by one set of edges, the best first.
    pub(super) async fn marks(&self, set: usize, pacer: &dyn Pacer) -> Result<Vec<Veil>> {
        self.sets[set].marks(pacer).await
    }

    /// A mark with the transparency and colour that the sharp edges tell, if they tell any close by: the strongest edges overstate it.
    pub(super) async fn polished(&self, veil: Veil, pacer: &dyn Pacer) -> Result<Veil> {
        let sharp = &self.sets[0];
        let found = sharp.refined(sharp.weighed(veil.clear, veil.paint, FIRST_EDGES), pacer).await?;
        let found = sharp.weighed(found.clear, found.paint, MAX_EDGES);
        Ok(if found.likelihood >= MIN_POLISHED { found } else { veil })
    }

    /// A mark with how well it explains the edges that tell another one.
    pub(super) fn weigh(&self, mark: &Mark, like: &Veil) -> Veil {
        self.sets[like.set].weighed(mark.clear, mark.colour.map(|c| c * (1.0 - mark.clear)), MAX_EDGES)
    }

    /// The middle of the edges that speak for a mark, in the window, as medians of their places.
    pub(super) fn middle(&self, veil: &Veil, window: Rect) -> Option<(u32, u32)> {
        let own = self.sets[veil.set].own(veil);
        let (mut columns, mut rows): (Vec<f32>, Vec<f32>) = own.map(|(x, y)| (x as f32, y as f32)).unzip();
        if columns.is_empty() {
            return None;
        }
        let place = |v: f32, start: u32| (v as u32).saturating_sub(start);
        Some((place(median(&mut columns), window.x), place(median(&mut rows), window.y)))
    }

    /// Places of the picture that are the covered sides of edges which are rather the mark's than others.
    pub(super) fn own(&self, mark: &Mark) -> Vec<(u32, u32)> {
        let paint = mark.colour.map(|c| c * (1.0 - mark.clear));
        self.sets.iter().flat_map(|set| set.own(&set.weighed(mark.clear, paint, MAX_EDGES))).collect()
    }

    /// Share of the mark's edges that `cover`, its share of each pixel of the window, has as well, of those whose covered side `is_asked`; without those that
    /// look alike by chance. What is left of it can still be seen where it has not. 0 where nearly all of its edges look so by chance.
    pub(super) fn found(&self, mark: &Mark, cover: &[f32], window: Rect, is_asked: impl Fn((u32, u32)) -> bool) -> f32 {
        let cover = |(x, y): (u32, u32)| {
            let is_inside = (window.x..window.right()).contains(&x) && (window.y..window.bottom()).contains(&y);
            if is_inside { cover[((y - window.y) * window.width + x - window.x) as usize] } else { 0.0 }
        };
        let paint = mark.colour.map(|c| c * (1.0 - mark.clear));
        let (mut all, mut found) = (0.0, 0.0);
        for set in &self.sets {
            let Veil { clear, shares: [own, chance], .. } = set.weighed(mark.clear, paint, MAX_EDGES);
            if own < MIN_SURPLUS * chance {
                continue;
            }
            let stretch = clear * clear.sqrt();
            for edge in set.inside.iter().filter(|edge| is_asked(edge.places[1])) {
                let ratio = own * edge.ratio(clear, stretch, paint) / (1.0 - chance);
                let weight = ratio / (1.0 + ratio);
                let [from, to] = edge.places.map(cover);
                all += weight * (1.0 - chance / own);
                found += if to - from >= STEP { weight } else { 0.0 };
            }
        }
        found / f32::max(all, 1.0)
    }

    /// Logarithm of how much likelier two places of the picture are on both sides of an edge of the mark, `to` under a share `cover` of it, than on both
    /// sides of another edge. The places lie in a row (`axis` 0) or a column.
    pub(super) fn seam(&self, mark: &Mark, cover: f32, from: Rgb, to: Rgb, place: (u32, u32), axis: usize) -> f32 {
        let edge = Edge::new(from, to, self.textures.at(place.0, place.1, axis), [place; 2]);
        let opacity = cover * (1.0 - mark.clear);
        let clear = 1.0 - opacity;
        libm::logf(edge.ratio(clear, clear * clear.sqrt(), mark.colour.map(|c| c * opacity)) + 1e-30)
    }
}

impl Set {
    /// Collects the edges of a width in and around the masked pixels of a scene.
    async fn new(scene: &Scene<'_>, area: Rect, number: usize, pacer: &dyn Pacer) -> Result<(Textures, Self)> {
        let textures = Textures::new(scene, area, BESIDE[number]);
        pacer.checkpoint().await?;
        let (mut inside, mut outside) = (vec![], vec![]);
        let step = (area.area() / MAX_AREA + 1) as u32;
        for y in (area.y..area.bottom()).step_by(step as usize) {
            if y % 64 == 0 {
                pacer.checkpoint().await?;
            }
            for axis in [0, 1] {
                collect_row(scene, &textures, (y, axis), BESIDE[number], &mut inside, &mut outside);
            }
        }
        if number == 1 && inside.len() > MAX_EDGES {
            // The strongest inside, and those outside that are as strong.
            let mut sizes: Vec<f32> = inside.iter().map(Edge::size).collect();
            let at = inside.len() - MAX_EDGES;
            let least = *sizes.select_nth_unstable_by(at, f32::total_cmp).1;
            inside.retain(|edge| edge.size() >= least);
            outside.retain(|edge| edge.size() >= least);
        }
        Ok((textures, Self { number, inside: sample(inside), outside: sample(outside) }))
    }
}

/// The edges of a row of the area across an axis: where the change is largest, and larger than texture makes it.
#[inline(never)]
fn collect_row(
    scene: &Scene<'_>,
    textures: &Textures,
    (y, axis): (u32, usize),
    beside: u32,
    inside: &mut Vec<Edge>,
    outside: &mut Vec<Edge>,
) {
    let window = scene.pieces.window;
    let is_masked = |(x, y): (u32, u32)| {
        let label = scene.pieces.label(i64::from(x) - i64::from(window.x), i64::from(y) - i64::from(window.y));
        label.is_some_and(|label| label != 0)
    };
    for x in textures.area.x..textures.area.right() {
        let texture = textures.at(x, y, axis);
        let size = |x: u32, y: u32| {
            let change = change(scene, (x, y), axis, beside);
            (0..3).map(|i| change[i] * change[i] / texture[i]).sum::<f32>()
        };
        let here = size(x, y);
        if here < MIN_CHANGE * MIN_CHANGE {
            continue;
        }
        let (before, after) = if axis == 0 { ((x - 1, y), (x + 1, y)) } else { ((x, y - 1), (x, y + 1)) };
        if here < size(before.0, before.1) || here < size(after.0, after.1) {
            continue;
        }
        let (one, two) = sides(x, y, axis, beside);
        let masked = [is_masked(one), is_masked(two)];
        for (from, to, to_masked) in [(one, two, masked[1]), (two, one, masked[0])] {
            let edge = || Edge::new(colour(scene, from.0, from.1), colour(scene, to.0, to.1), texture, [from, to]);
            if to_masked {
                inside.push(edge());
            } else if masked == [false; 2] {
                outside.push(edge());
            }
        }
    }
}

/// An even sample of at most [`MAX_EDGES`], in an order without pattern.
fn sample(edges: Vec<Edge>) -> Vec<Edge> {
    let mut order: Vec<u64> =
        (0..edges.len() as u64).map(|at| (at as u32).wrapping_mul(0x9E37_79B1) as u64 >> 4 << 32 | at).collect();
    order.sort_unstable();
    order.into_iter().take(MAX_EDGES).map(|entry| edges[entry as u32 as usize]).collect()
}

/// Shares of edges that a ratio explains, by expectation maximisation.
fn share(ratios: &[f32], least: f32, doubt: [f32; 2]) -> f32 {
    let mut share = SHARE;
    for _ in 0..ROUNDS {
        let own = |ratio: &f32| share * ratio / (1.0 - share + share * ratio);
        let sum = ratios.iter().map(own).sum::<f32>();
        share = ((sum + doubt[0]) / (ratios.len() as f32 + doubt[1])).clamp(least, MAX_SHARE);
    }
    share
}

impl Set {
    /// Places of the picture that are the covered sides of edges which are rather the mark's than others.
    fn own(&self, veil: &Veil) -> impl Iterator<Item = (u32, u32)> + use<'_> {
        let Veil { clear, paint, shares, .. } = *veil;
        let stretch = clear * clear.sqrt();
        let is_own = move |edge: &&Edge| shares[0] * edge.ratio(clear, stretch, paint) > 1.0;
        self.inside.iter().filter(is_own).map(|edge| edge.places[1])
    }

    /// A mark with how well it explains at most so many of the edges.
    #[inline(never)]
    fn weighed(&self, clear: f32, paint: Rgb, most: usize) -> Veil {
        let stretch = clear * clear.sqrt();
        let ratios = |edges: &[Edge]| -> Vec<f32> {
            edges.iter().take(most).map(|edge| edge.ratio(clear, stretch, paint).min(1e20)).collect()
        };
        let mut inside = ratios(&self.inside);
        let outside = ratios(&self.outside);
        let chance = if outside.len() < MIN_OUTSIDE { BY_CHANCE } else { share(&outside, BY_CHANCE, [1.0, 100.0]) };
        // What is seen outside as well is no evidence.
        inside.iter_mut().for_each(|ratio| *ratio /= 1.0 - chance + chance * *ratio);
        let own = share(&inside, 0.001, [0.0, 1.0]);
        let (mut likelihood, mut sums, mut squares, mut changes) = (0.0f64, [0.0f32; 4], 0.0f32, 0.0f32);
        for (edge, ratio) in self.inside.iter().zip(&inside) {
            let gain = 1.0 - own + own * ratio;
            likelihood += f64::from(libm::logf(gain));
            let weight = own * ratio / gain;
            let [r, g, b] = edge.from;
            add(&mut sums, [1.0, r, g, b], weight);
            squares += weight * (r * r + g * g + b * b);
            let change: f32 = (0..3).map(|i| ((1.0 - clear) * edge.from[i] - paint[i]).powi(2)).sum();
            changes += weight * (change / 3.0).sqrt();
        }
        let total = sums[0] + 1e-6;
        let mean: f32 = sums[1..].iter().map(|sum| (sum / total).powi(2)).sum();
        let contrast = changes / total;
        let likelihood = if contrast < MIN_CONTRAST { 0.0 } else { likelihood as f32 };
        let spread = ((squares / total - mean) / 3.0).max(0.0).sqrt();
        Veil { clear, paint, likelihood, shares: [own, chance], contrast, spread, set: self.number }
    }

    /// The likeliest marks, the best first.
    async fn marks(&self, pacer: &dyn Pacer) -> Result<Vec<Veil>> {
        let mut first: Vec<Veil> = vec![];
        for i in 0..CLEAR_STEPS {
            pacer.checkpoint().await?;
            let clear = MIN_CLEAR + CLEAR_STEP * i as f32;
            for paint in self.peaks(clear) {
                insert(&mut first, self.weighed(clear, paint, FIRST_EDGES), REFINED);
            }
        }
        let mut best: Vec<Veil> = vec![];
        for veil in first {
            if best.iter().any(|other| veil.is_like(other)) {
                continue;
            }
            let veil = self.refined(veil, pacer).await?;
            let veil = self.weighed(veil.clear, veil.paint, MAX_EDGES);
            if !best.iter().any(|other| veil.is_like(other)) {
                insert(&mut best, veil, RESULTS);
            }
        }
        best.retain(|veil| veil.likelihood > 0.0);
        Ok(best)
    }

    /// The paints that edges inside agree on at a transparency, more than those outside do.
    #[inline(never)]
    fn peaks(&self, clear: f32) -> Vec<Rgb> {
        let counts = self.counts(&self.inside, clear);
        let usual = self.counts(&self.outside, clear);
        let scale =
            if self.outside.len() < MIN_OUTSIDE { 0.0 } else { self.inside.len() as f32 / self.outside.len() as f32 };
        let mut peaks: Vec<(f32, usize)> = vec![];
        for at in 0..counts.len() {
            let (own, usual) = (counts[at], scale * usual[at]);
            let excess = (own - usual) / (own + usual + 3.0).sqrt();
            if excess > 0.0 {
                let place = peaks.iter().take_while(|peak| peak.0 >= excess).count();
                if place < PEAKS {
                    peaks.insert(place, (excess, at));
                    peaks.truncate(PEAKS);
                }
            }
        }
        let most = 255.0 * (1.0 - clear);
        // A count is that of a box and the next ones, which meet in this corner.
        let corner = |at: usize| (at as f32 * BOX).clamp(0.0, most);
        peaks.into_iter().map(|(_, at)| [at / BOXES / BOXES, at / BOXES % BOXES, at % BOXES].map(corner)).collect()
    }

    /// Numbers of edges by their paint at a transparency, in boxes of two boxes a side; those among little texture count for more.
    fn counts(&self, edges: &[Edge], clear: f32) -> Vec<f32> {
        let mut counts = vec![0.0f32; BOXES * BOXES * BOXES];
        let most = 255.0 * (1.0 - clear);
        for edge in edges {
            let change = opponent(std::array::from_fn(|i| edge.to[i] - edge.from[i]));
            if (0..3).all(|i| change[i] * change[i] < STRIKING * STRIKING * edge.texture[i]) {
                continue;
            }
            let paint: Rgb = std::array::from_fn(|i| edge.to[i] - clear * edge.from[i]);
            if paint.iter().all(|v| (-8.0..most + 8.0).contains(v)) {
                let volume = edge.texture.iter().product::<f32>();
                let weight = (8.0 / libm::cbrtf(volume.sqrt())).min(1.0);
                let [r, g, b] = paint.map(|v| (v / BOX + 1.0) as usize);
                counts[(r * BOXES + g) * BOXES + b] += weight;
            }
        }
        for stride in [1, BOXES, BOXES * BOXES] {
            for at in 0..counts.len() - stride {
                counts[at] += counts[at + stride];
            }
        }
        counts
    }

    /// Moves transparency and paint to where the likelihood is largest, by ever smaller steps.
    async fn refined(&self, veil: Veil, pacer: &dyn Pacer) -> Result<Veil> {
        let mut best = veil;
        let mut step = MAX_STEP;
        let pivots = self.pivots();
        while step >= MIN_STEP {
            pacer.checkpoint().await?;
            let next = self.beside(&best, step, &pivots);
            if next.likelihood > best.likelihood {
                best = next;
            } else {
                step *= 0.5;
            }
        }
        Ok(best)
    }

    /// Colours that stay in place by turns while the transparency changes: a usual one, a bright one, black and white.
    fn pivots(&self) -> [Rgb; 4] {
        let channel = |i: usize, share: usize| {
            let mut values: Vec<f32> = self.inside.iter().take(FIRST_EDGES).map(|edge| edge.from[i]).collect();
            values.sort_unstable_by(f32::total_cmp);
            values.get(values.len() * share / 100).copied().unwrap_or(128.0)
        };
        [50, 85]
            .map(|share| std::array::from_fn(|i| channel(i, share)))
            .into_iter()
            .chain([[0.0; 3], [255.0; 3]])
            .collect::<Vec<_>>()
            .try_into()
            .unwrap_or([[128.0; 3]; 4])
    }

    /// The best of the marks one step away.
    #[inline(never)]
    fn beside(&self, veil: &Veil, step: f32, pivots: &[Rgb]) -> Veil {
        let mut trials: Vec<(f32, Rgb)> = vec![];
        for sign in [step, -step] {
            for i in 0..3 {
                let mut paint = veil.paint;
                paint[i] += sign * OF_PAINT;
                trials.push((veil.clear, paint));
            }
            trials.push((veil.clear, veil.paint.map(|p| p + sign * OF_PAINT)));
            let more = sign * OF_CLEAR;
            for pivot in pivots {
                trials.push((veil.clear + more, std::array::from_fn(|i| veil.paint[i] - more * pivot[i])));
            }
        }
        let mut best = *veil;
        for (clear, paint) in trials {
            let most = 255.0 * (1.0 - clear) + 2.0;
            if (MIN_CLEAR..=MAX_CLEAR).contains(&clear) && paint.iter().all(|p| (-2.0..=most).contains(p)) {
                let next = self.weighed(clear, paint, FIRST_EDGES);
                if next.likelihood > best.likelihood {
                    best = next;
                }
            }
        }
        best
    }
}

/// Inserts a veil into a list of at most `most`, sorted by falling likelihood.
fn insert(list: &mut Vec<Veil>, veil: Veil, most: usize) {
    let place = list.iter().take_while(|other| other.likelihood >= veil.likelihood).count();
    list.insert(place, veil);
    list.truncate(most);
}

#[cfg(test)]
mod tests {
    use super::super::colour::distance;
    use super::super::tests::{foliage, laid_over, letters, scene_of};
    use super::super::verdict::is_evident;
    use super::*;
    use crate::Unpaced;
    use crate::pixels::{Image, Mask};

    /// The best mark by the sharp edges, of letters in a rectangle around them.
    fn best(opacity: f32, colour: Rgb) -> Option<Veil> {
        let picture = |x, y| foliage(x, y, 7);
        let (_, marked, mask) = scene_of(picture, letters, |_, _, under, t| laid_over(under, opacity * t, colour));
        best_in(&marked, mask.rect())
    }

    fn best_in(image: &Image, rect: Rect) -> Option<Veil> {
        let mask = Mask::new(rect, vec![255; rect.area()]).unwrap();
        let scene = pollster::block_on(Scene::new(image, &mask, &Unpaced)).unwrap().unwrap();
        let edges = pollster::block_on(Edges::new(&scene, &Unpaced)).unwrap().unwrap();
        pollster::block_on(edges.marks(0, &Unpaced)).unwrap().into_iter().next()
    }

    #[test]
    fn a_mark_is_found_inside_a_rectangle_around_it() {
        for (opacity, colour) in [(0.4, [255.0; 3]), (0.3, [220.0, 40.0, 40.0]), (0.5, [50.0, 80.0, 200.0])] {
            let mark = best(opacity, colour).expect("a mark").mark();
            assert!((mark.clear + opacity - 1.0).abs() <= 0.06, "{} of {opacity}", mark.clear);
            // A little more of a colour a little nearer to the picture's looks the same.
            for level in [40.0, 100.0, 160.0] {
                let shown = |clear: f32, colour: Rgb| colour.map(|c| clear * level + (1.0 - clear) * c);
                let off = distance(shown(mark.clear, mark.colour), shown(1.0 - opacity, colour));
                assert!(off < 6.0, "{off} levels off on {level}: {mark:?}");
            }
        }
    }

    #[test]
    fn where_nothing_lies_no_mark_is_evident() {
        let (_, marked, mask) = scene_of(|x, y| foliage(x, y, 7), letters, |_, _, under, _| under);
        let found = best_in(&marked, mask.rect());
        assert!(found.is_none_or(|veil| !is_evident(&veil)), "{found:?}");
    }
}
