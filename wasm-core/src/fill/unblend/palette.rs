//! Finds a mark on drawn content, where colours are few: under a mark of colour `c` every colour `P` of the page becomes `s * P + (1 - s) * c`, rounded.
//!
//! The colours around the mask are the palette. The colours inside are a mixture of the palette, of what a mark makes of it, and of the mark's
//! antialiased edge. How likely the colours inside are under such a mixture is computed exactly, rounding included, for many marks; no pixel has to
//! be known as covered or bare for that. A palette colour and a colour that is seen inside more often than outside fix a mark for each transparency;
//! the colours that lie on the same mark's other pairs decide between them.

use super::colour::Rgb;
use super::graph::{Graph, Site};
use super::labels::{FULL, LABELS, Labels};
use super::mark::Mark;
use super::pieces::falling;
use super::scene::Scene;
use crate::{Pacer, Result};

/// Width of the surroundings whose colours are the palette, in pixels around the mask.
const MARGIN: u32 = 160;
/// Maximum number of pixels whose colours are counted, outside and inside; of more, every n-th row is.
const MAX_COUNTED: usize = 1 << 20;
/// Maximum number of colours of the palette, and of those that marks are compared with at first.
const MAX_COLOURS: usize = 2048;
const MAX_FIRST: usize = 384;
/// Minimum share of the pixels outside that the palette has to cover, and minimum share of them that have the colour of their neighbour to the
/// right. A photograph's colours are nearly all different; those of a grey or a smooth one are few, but change from pixel to pixel.
const MIN_COVERED: f32 = 0.9;
const MIN_EQUAL: f32 = 0.6;
/// The gradients of drawings are dithered: if at least this share of the pixels differ by at most one level from their neighbour, fewer of them have
/// to have its colour. Differences are either that small or those of edges there; of photographs' differences, more than one in 30 is in between.
const MIN_ALIKE: f32 = 0.7;
const MIDDLING: std::ops::RangeInclusive<u8> = 3..=8;
const MAX_MIDDLING: f32 = 0.02;
/// Number of palette colours, and of colours inside, that are combined to marks.
const BARE_STARTS: usize = 8;
const SEEN_STARTS: usize = 6;
/// Covers of the marks that are tried: from almost invisible to where unblending amplifies rounding fourfold. The step moves no colour by more than half a level.
const MIN_COVER: f32 = 0.06;
const MAX_COVER: f32 = 0.76;
const COVER_STEP: f32 = 0.004;
/// Number of marks that are refined, largest and smallest step in which that is done, in [`COVER_STEP`]s, and number of frequent colours that stay
/// in place by turns.
const REFINED: usize = 8;
const MAX_STEP: f32 = 4.0;
const MIN_STEP: f32 = 0.125;
const PIVOTS: usize = 5;
/// Rounds in which the shares of bare, covered and other pixels are estimated.
const MIXING: u32 = 3;
/// Probability of any one colour at the mark's edge, which may show every mixture.
const ANY: f64 = 1e-6;
/// The same where pixels are labelled, more of which have a colour of their own among texture.
const UNLISTED: f32 = 1e-4;
/// Tolerance of a mark's colour beyond the gamut, in levels.
const BEYOND: f32 = 3.0;
/// Minimum gain in likelihood, in nats for each covered pixel, and the same for all pixels but those of the mark's most frequent colour: an opaque
/// mark has just one.
const MIN_GAIN: f64 = 3.0;
const MIN_GAIN_OF_OTHERS: f64 = 300.0;
/// Maximum share of pixels that neither the palette nor the mark explain.
const MAX_UNEXPLAINED: f64 = 0.5;

/// Numbers of pairs of neighbours by how much they differ.
#[derive(Default)]
struct Neighbours {
    equal: f32,
    alike: f32,
    middling: f32,
}

impl Neighbours {
    fn note(&mut self, a: [u8; 3], b: [u8; 3]) {
        let apart = a.iter().zip(b).map(|(a, b)| a.abs_diff(b)).max().unwrap_or(0);
        let count = |is: bool| f32::from(u8::from(is));
        self.equal += count(apart == 0);
        self.alike += count(apart <= 1);
        self.middling += count(MIDDLING.contains(&apart));
    }

    /// Whether these are the neighbours of so many pixels of a drawing.
    fn are_drawn(&self, pixels: f32) -> bool {
        self.equal >= MIN_EQUAL * pixels || self.alike >= MIN_ALIKE * pixels && self.middling <= MAX_MIDDLING * pixels
    }
}

/// A colour and how many pixels have it.
#[derive(Clone, Copy)]
struct Counted {
    colour: u32,
    pixels: u32,
}

/// The distinct colours, by colour.
fn counted(mut colours: Vec<u64>) -> Vec<Counted> {
    colours.sort_unstable();
    let mut list: Vec<Counted> = vec![];
    for colour in colours {
        match list.last_mut() {
            Some(last) if u64::from(last.colour) == colour => last.pixels += 1,
            _ => list.push(Counted { colour: colour as u32, pixels: 1 }),
        }
    }
    list
}

fn packed([r, g, b]: [u8; 3]) -> u32 {
    u32::from(r) << 16 | u32::from(g) << 8 | u32::from(b)
}

fn unpacked(colour: u32) -> Rgb {
    [colour >> 16, colour >> 8 & 255, colour & 255].map(|v| v as f32)
}

/// What a mark does: it shows `clear * P + paint` for `P`.
#[derive(Clone, Copy)]
struct Veil {
    clear: f32,
    paint: Rgb,
}

impl Veil {
    /// The veil of this transparency that makes `seen` of `bare`; none when its colour is out of gamut.
    fn through(bare: Rgb, seen: Rgb, clear: f32) -> Option<Self> {
        let veil = Self { clear, paint: std::array::from_fn(|i| seen[i] - clear * bare[i]) };
        veil.is_possible().then_some(veil)
    }

    fn is_possible(&self) -> bool {
        (1.0 - MAX_COVER..=1.0 - MIN_COVER).contains(&self.clear)
            && self.paint.iter().all(|p| (-BEYOND..=255.0 + BEYOND).contains(&(p / (1.0 - self.clear))))
    }

    /// The colour that is seen for a palette colour.
    fn over(&self, colour: u32) -> u32 {
        let bare = unpacked(colour);
        packed(std::array::from_fn(|i| (self.clear * bare[i] + self.paint[i] + 0.5) as u8))
    }
}

/// A veil with the likelihood of the colours inside under it.
#[derive(Clone, Copy)]
struct Scored {
    veil: Veil,
    /// Log-likelihood in nats, all pixels together.
    likelihood: f64,
    /// Shares of bare, of covered and of other pixels.
    shares: [f64; 3],
}

/// The colours around the mask and inside of it.
pub(super) struct Palette {
    /// The most frequent colours outside, the most frequent first, and the share of each.
    bare: Vec<(u32, f64)>,
    /// The colours inside, by colour.
    seen: Vec<Counted>,
    /// The share that each colour inside has outside.
    outside: Vec<f64>,
    /// Positions in `seen` by a hash of the colour.
    table: Vec<u16>,
}

const TABLE_BITS: u32 = 15;
const MAX_SEEN: usize = 1 << (TABLE_BITS - 1);
const EMPTY: u16 = u16::MAX;

fn slot(colour: u32) -> usize {
    (colour.wrapping_mul(0x9E37_79B1) >> (32 - TABLE_BITS)) as usize
}

impl Palette {
    /// Counts colours; none where they are too many for a drawing.
    pub(super) fn new(scene: &Scene<'_>) -> Option<Self> {
        let window = scene.pieces.window;
        let around = window.grown(MARGIN, &scene.image.bounds());
        let step = (around.area() / MAX_COUNTED + 1) as u32;
        let (mut outside, mut inside) = (vec![], vec![]);
        let mut last = None;
        let mut neighbours = Neighbours::default();
        for y in (around.y..around.bottom()).step_by(step as usize) {
            for x in around.x..around.right() {
                let [r, g, b, _] = scene.image.pixel(x, y);
                let label = scene.pieces.label(i64::from(x) - i64::from(window.x), i64::from(y) - i64::from(window.y));
                let is_inside = label.is_some_and(|l| l != 0);
                if is_inside { &mut inside } else { &mut outside }.push(u64::from(packed([r, g, b])));
                let colour = (!is_inside).then_some([r, g, b]);
                if let (Some(last), Some(colour)) = (last, colour) {
                    neighbours.note(last, colour);
                }
                last = colour;
            }
        }
        let total = outside.len() as f64;
        let list = counted(outside);
        let most = falling(list.iter().map(|c| c.pixels)).into_iter().take(MAX_COLOURS);
        let bare: Vec<(u32, f64)> = most.map(|at| (list[at].colour, f64::from(list[at].pixels) / total)).collect();
        let seen = counted(inside);
        let covered = bare.iter().map(|b| b.1 as f32).sum::<f32>();
        if covered < MIN_COVERED || !neighbours.are_drawn(total as f32) || seen.len() > MAX_SEEN {
            return None;
        }
        let mut palette = Self { outside: vec![0.0; seen.len()], bare, seen, table: vec![EMPTY; 1 << TABLE_BITS] };
        for (at, seen) in palette.seen.iter().enumerate() {
            let mut slot = slot(seen.colour);
            while palette.table[slot] != EMPTY {
                slot = (slot + 1) % palette.table.len();
            }
            palette.table[slot] = at as u16;
        }
        for i in 0..palette.bare.len() {
            let (colour, share) = palette.bare[i];
            if let Some(at) = palette.find(colour) {
                palette.outside[at] = share;
            }
        }
        Some(palette)
    }

    /// Position of a colour in `seen`.
    fn find(&self, colour: u32) -> Option<usize> {
        let mut slot = slot(colour);
        loop {
            match self.table[slot] {
                EMPTY => return None,
                at if self.seen[at as usize].colour == colour => return Some(at as usize),
                _ => slot = (slot + 1) % self.table.len(),
            }
        }
    }

    /// The share that each colour inside has where the veil covers the `most` frequent colours of the palette. Positions whose share is more than
    /// zero are appended to `touched`.
    fn veiled(&self, veil: &Veil, most: usize, shares: &mut [f64], touched: &mut Vec<u16>) {
        touched.drain(..).for_each(|at| shares[at as usize] = 0.0);
        for (colour, share) in self.bare.iter().take(most) {
            if let Some(at) = self.find(veil.over(*colour)) {
                if shares[at] == 0.0 {
                    touched.push(at as u16);
                }
                shares[at] += share;
            }
        }
    }

    /// The mark under which the colours inside are most likely; none when it explains hardly more than an opaque one would.
    pub(super) async fn mark(&self, pacer: &dyn Pacer) -> Result<Option<Mark>> {
        let mut best: Option<Scored> = None;
        for veil in self.starts(pacer).await? {
            pacer.checkpoint().await?;
            let scored = self.refined(veil);
            if best.is_none_or(|b| scored.likelihood > b.likelihood) {
                best = Some(scored);
            }
        }
        let best = best.filter(|b| self.is_convincing(b));
        Ok(best.map(|Scored { veil, .. }| Mark::new(veil.clear, veil.paint.map(|p| p / (1.0 - veil.clear)))))
    }

    /// The most promising of the marks that make a frequent colour inside of a frequent one outside.
    async fn starts(&self, pacer: &dyn Pacer) -> Result<Vec<Veil>> {
        let pixels: f64 = self.seen.iter().map(|s| f64::from(s.pixels)).sum();
        let excess =
            self.seen.iter().zip(&self.outside).map(|(s, share)| (f64::from(s.pixels) - pixels * share) as u32);
        let frequent: Vec<u32> = falling(excess).into_iter().take(SEEN_STARTS).map(|at| self.seen[at].colour).collect();
        let (mut shares, mut touched) = (vec![0.0; self.seen.len()], vec![]);
        let mut best: Vec<(f64, Veil)> = vec![];
        for (bare, _) in self.bare.iter().take(BARE_STARTS) {
            for seen in frequent.iter().copied() {
                pacer.checkpoint().await?;
                for i in 0..((MAX_COVER - MIN_COVER) / COVER_STEP) as u32 {
                    let clear = 1.0 - MIN_COVER - i as f32 * COVER_STEP;
                    let Some(veil) = Veil::through(unpacked(*bare), unpacked(seen), clear) else { continue };
                    self.veiled(&veil, MAX_FIRST, &mut shares, &mut touched);
                    let gain = |at: &u16| {
                        let (seen, bare) = (self.seen[*at as usize].pixels, self.outside[*at as usize]);
                        f64::from(seen) * libm::log(1.0 + shares[*at as usize] / (bare + ANY))
                    };
                    let score: f64 = touched.iter().map(gain).sum();
                    let place = best.iter().take_while(|b| b.0 >= score).count();
                    if place < REFINED {
                        best.insert(place, (score, veil));
                        best.truncate(REFINED);
                    }
                }
            }
        }
        Ok(best.into_iter().map(|b| b.1).collect())
    }

    /// The likelihood under a veil, with the shares that make it largest, which are sought from those of a veil like it.
    fn scored(&self, veil: Veil, start: [f64; 3], shares: &mut [f64], touched: &mut Vec<u16>) -> Scored {
        self.veiled(&veil, MAX_COLOURS, shares, touched);
        self.mixed(veil, start, shares)
    }

    /// [`scored`](Self::scored) where the share of each colour inside under the veil is given: expectation maximisation.
    fn mixed(&self, veil: Veil, start: [f64; 3], veiled: &[f64]) -> Scored {
        let mut shares = start;
        let mut likelihood = 0.0;
        for round in 0..=MIXING {
            let (mut sums, mut total) = ([0.0; 3], 0.0);
            for ((seen, outside), veiled) in self.seen.iter().zip(&self.outside).zip(veiled) {
                let terms = [shares[0] * outside, shares[1] * veiled, shares[2] * ANY];
                let sum = terms[0] + terms[1] + terms[2];
                let pixels = f64::from(seen.pixels);
                if round == MIXING {
                    likelihood += pixels * libm::log(sum);
                }
                total += pixels;
                let weight = pixels / sum;
                sums.iter_mut().zip(terms).for_each(|(s, t)| *s += weight * t);
            }
            if round < MIXING {
                shares = sums.map(|s| (s / total).max(1e-4));
            }
        }
        Scored { veil, likelihood, shares }
    }

    /// Moves transparency and colour to where the likelihood is largest, by ever smaller steps.
    fn refined(&self, veil: Veil) -> Scored {
        let (mut shares, mut touched) = (vec![0.0; self.seen.len()], vec![]);
        let mut best = self.scored(veil, [0.45, 0.45, 0.1], &mut shares, &mut touched);
        let mut step = MAX_STEP;
        while step >= MIN_STEP {
            let mut next = best;
            for sign in [step, -step] {
                for i in 0..3 {
                    let mut veil = best.veil;
                    veil.paint[i] += 0.5 * sign;
                    self.try_veil(veil, &mut next, &mut shares, &mut touched);
                }
                // A change of the transparency keeps one of the frequent colours where it is.
                let clear = best.veil.clear + sign * COVER_STEP;
                for (pivot, _) in self.bare.iter().take(PIVOTS) {
                    let pivot = unpacked(*pivot);
                    let paint = std::array::from_fn(|i| best.veil.paint[i] + (best.veil.clear - clear) * pivot[i]);
                    self.try_veil(Veil { clear, paint }, &mut next, &mut shares, &mut touched);
                }
            }
            if next.likelihood > best.likelihood {
                best = next;
            } else {
                step *= 0.5;
            }
        }
        best
    }

    /// Takes the veil if the colours inside are more likely under it.
    fn try_veil(&self, veil: Veil, best: &mut Scored, shares: &mut [f64], touched: &mut Vec<u16>) {
        if veil.is_possible() {
            let scored = self.scored(veil, best.shares, shares, touched);
            if scored.likelihood > best.likelihood {
                *best = scored;
            }
        }
    }

    /// Whether a mark explains many pixels much better than none, and not only those of one colour.
    fn is_convincing(&self, scored: &Scored) -> bool {
        let (mut veiled, mut touched) = (vec![0.0; self.seen.len()], vec![]);
        let none = self.mixed(scored.veil, scored.shares, &veiled);
        let pixels: f64 = self.seen.iter().map(|s| f64::from(s.pixels)).sum();
        self.veiled(&scored.veil, MAX_COLOURS, &mut veiled, &mut touched);
        let gain = |at: usize| {
            let base = scored.shares[0] * self.outside[at] + scored.shares[2] * ANY;
            f64::from(self.seen[at].pixels) * libm::log(1.0 + scored.shares[1] * veiled[at] / base)
        };
        let (mut sum, mut most) = (0.0, 0.0f64);
        for at in 0..self.seen.len() {
            sum += gain(at);
            most = most.max(gain(at));
        }
        scored.likelihood - none.likelihood >= MIN_GAIN * pixels * scored.shares[1]
            && sum - most >= MIN_GAIN_OF_OTHERS
            && scored.shares[2] <= MAX_UNEXPLAINED
    }
}

impl Palette {
    /// What the colours of the sites tell about their cover: factors for the probabilities of the labels of each site, and the most frequent colour
    /// of the palette that the full mark turns into the site's.
    pub(super) fn hints(&self, graph: &Graph<'_>, mark: &Mark) -> (Vec<Labels>, Vec<[Option<Rgb>; 2]>) {
        let veil = Veil { clear: mark.clear, paint: mark.colour.map(|c| c * (1.0 - mark.clear)) };
        let mut veiled = vec![0.0; self.seen.len()];
        let mut hidden: Vec<Option<u32>> = vec![None; self.seen.len()];
        for (colour, share) in &self.bare {
            if let Some(at) = self.find(veil.over(*colour)) {
                veiled[at] += share;
                hidden[at].get_or_insert(*colour);
            }
        }
        let hint = |site: &Site| {
            let at = self.find(packed(site.colour.map(|v| v as u8)));
            let mut labels = [UNLISTED; LABELS];
            if let Some(at) = at {
                labels[0] += self.outside[at] as f32;
                labels[FULL] += veiled[at] as f32;
            }
            let bare = at.filter(|at| self.outside[*at] > 0.0).map(|_| site.colour);
            (labels, [bare, at.and_then(|at| hidden[at]).map(unpacked)])
        };
        graph.sites.iter().map(hint).unzip()
    }
}
