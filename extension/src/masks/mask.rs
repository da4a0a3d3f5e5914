//! What is painted: coverage of every image pixel, and the operations that make it.

use super::runs::packed;
use super::stroke::Stamp;
use crate::protocol::{Point, Rect};
use serde::{Deserialize, Serialize};

/// How far the coverage reaches beyond what is painted, image pixels, so that the anti-aliased edge of an object is erased with
/// it. The user sees it, because the coverage is what is shown.
pub const GROWTH: f64 = 3.0;
/// Width of the soft edge, image pixels.
const FEATHER: f64 = 2.0;

/// One step of painting. Replaying the steps gives the mask: undo needs nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum MaskOp {
    /// A brush stroke; `erase` takes paint away.
    Stroke {
        /// Smoothed stamps, joined by capsules.
        stamps: Vec<Stamp>,
        /// Takes away instead of adding.
        erase: bool,
    },
    /// An upright rectangle between two corners.
    Rectangle(Point, Point),
    /// The inside of a closed outline, by the even-odd rule.
    Lasso(Vec<Point>),
    /// Whole pixels of a rectangle, as runs (see [`crate::masks::runs`]).
    Region(Rect, Vec<u32>),
    /// The same pixels, of a thing that was selected.
    Along(Rect, Vec<u32>),
    /// The same, and nothing of what was painted before.
    Instead(Rect, Vec<u32>),
    /// Takes away the same pixels.
    Without(Rect, Vec<u32>),
    /// Paints words of text that were selected, or takes them away.
    Words(Words),
    /// Takes everything away.
    Clear,
    /// Swaps painted and unpainted.
    Invert,
}

impl MaskOp {
    /// What `coverage` covers of a rectangle.
    pub fn region(rect: Rect, coverage: &[u8]) -> Self {
        Self::Region(rect, packed(coverage))
    }

    /// A thing that was selected, added to what is painted, in its place, or taken away from it.
    pub fn selected(rect: Rect, coverage: &[u8], how: Taking) -> Self {
        let runs = packed(coverage);
        match how {
            Taking::Instead => Self::Instead(rect, runs),
            Taking::Along => Self::Along(rect, runs),
            Taking::Away => Self::Without(rect, runs),
        }
    }

    /// Whether it paints a thing that was selected.
    pub fn is_selection(&self) -> bool {
        matches!(self, Self::Along(..) | Self::Instead(..) | Self::Words(Words { away: false, .. }))
    }
}

/// Words of text. Only their strokes are painted, so that the ground between them stays; where [`Mask::whole_words`] is set, their boxes are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Words {
    /// A box for each word.
    pub boxes: Vec<Rect>,
    /// The rectangle around all of them.
    pub rect: Rect,
    /// Their strokes in it, as runs (see [`crate::masks::runs`]).
    pub runs: Vec<u32>,
    /// They are taken away.
    pub away: bool,
}

/// What a selected thing does to what is painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taking {
    /// It takes its place.
    Instead,
    /// It is added.
    Along,
    /// It is taken away.
    Away,
}

/// Coverage in image pixels: 0 keeps, 255 erases.
#[derive(Clone, Debug)]
pub struct Mask {
    width: u32,
    height: u32,
    coverage: Vec<u8>,
    /// Contains every covered pixel; may be larger than needed.
    extent: Option<Rect>,
    /// Words that are painted from now on are painted as a whole: strokes that are covered in black, and nothing else, could still be read.
    pub whole_words: bool,
}

impl Mask {
    /// Nothing painted.
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, height, coverage: vec![0; width as usize * height as usize], extent: None, whole_words: false }
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Coverage at a pixel, 0 outside.
    pub fn at(&self, x: i64, y: i64) -> u8 {
        let inside = (0..i64::from(self.width)).contains(&x) && (0..i64::from(self.height)).contains(&y);
        if inside { self.coverage[y as usize * self.width as usize + x as usize] } else { 0 }
    }

    /// True where at least half of a pixel is painted.
    pub fn is_painted(&self, x: i64, y: i64) -> bool {
        self.at(x, y) >= 128
    }

    /// A rectangle that contains everything painted; none when nothing is.
    pub fn extent(&self) -> Option<Rect> {
        self.extent
    }

    /// The smallest rectangle around what is painted, with its coverage; none when nothing is. It is found sooner the next time.
    pub fn cut(&mut self) -> Option<(Rect, Vec<u8>)> {
        let cut = self.part();
        self.extent = cut.as_ref().map(|(rect, _)| *rect);
        cut
    }

    /// The smallest rectangle around what is painted, with its coverage; none when nothing is.
    pub fn part(&self) -> Option<(Rect, Vec<u8>)> {
        let extent = self.extent?;
        let row = |y: u32| {
            let start = y as usize * self.width as usize + extent.x as usize;
            &self.coverage[start..start + extent.width as usize]
        };
        let rows = extent.y..extent.y + extent.height;
        let top = rows.clone().find(|y| row(*y).iter().any(|c| *c > 0))?;
        let bottom = rows.clone().rev().find(|y| row(*y).iter().any(|c| *c > 0)).unwrap_or(top);
        let first = rows.clone().filter_map(|y| row(y).iter().position(|c| *c > 0)).min().unwrap_or(0) as u32;
        let last = rows.filter_map(|y| row(y).iter().rposition(|c| *c > 0)).max().unwrap_or(0) as u32;
        let tight = Rect { x: extent.x + first, y: top, width: last - first + 1, height: bottom - top + 1 };
        let mut coverage = Vec::with_capacity(tight.width as usize * tight.height as usize);
        for y in tight.y..tight.y + tight.height {
            let start = y as usize * self.width as usize + tight.x as usize;
            coverage.extend_from_slice(&self.coverage[start..start + tight.width as usize]);
        }
        Some((tight, coverage))
    }

    /// True when every pixel is covered.
    pub fn is_whole(&self) -> bool {
        self.coverage.iter().all(|c| *c > 0)
    }

    /// Starts with nothing painted and does these steps.
    pub fn replay<'a>(&mut self, ops: impl IntoIterator<Item = &'a MaskOp>) {
        self.clear();
        for op in ops {
            self.apply(op);
        }
    }

    /// Does one step.
    pub fn apply(&mut self, op: &MaskOp) {
        match op {
            MaskOp::Stroke { stamps, erase } => {
                if let [only] = stamps[..] {
                    self.capsule(only, only, *erase);
                }
                for pair in stamps.windows(2) {
                    self.capsule(pair[0], pair[1], *erase);
                }
            }
            MaskOp::Rectangle(a, b) => self.rectangle(*a, *b),
            MaskOp::Lasso(outline) => self.lasso(outline),
            MaskOp::Region(rect, runs) | MaskOp::Along(rect, runs) => self.region(*rect, runs, 255),
            MaskOp::Instead(rect, runs) => {
                self.clear();
                self.region(*rect, runs, 255);
            }
            MaskOp::Without(rect, runs) => self.region(*rect, runs, 0),
            MaskOp::Words(words) => self.words(words),
            MaskOp::Clear => self.clear(),
            MaskOp::Invert => {
                for c in &mut self.coverage {
                    *c = 255 - *c;
                }
                self.extent = Some(Rect { x: 0, y: 0, width: self.width, height: self.height });
            }
        }
    }

    fn clear(&mut self) {
        if self.extent.take().is_some() {
            self.coverage.fill(0);
        }
    }

    /// Paints the way of the brush from one stamp to the next: all points that are nearer to the segment than the radius.
    pub fn capsule(&mut self, from: Stamp, to: Stamp, erase: bool) {
        let growth = if erase { 0.0 } else { GROWTH };
        let reach = from.radius.max(to.radius) + growth + FEATHER;
        let (dx, dy) = (to.at.x - from.at.x, to.at.y - from.at.y);
        let squared = dx * dx + dy * dy;
        let left = from.at.x.min(to.at.x) - reach;
        let right = from.at.x.max(to.at.x) + reach;
        let top = from.at.y.min(to.at.y) - reach;
        let bottom = from.at.y.max(to.at.y) + reach;
        self.paint(left, top, right, bottom, erase, |x, y| {
            let along = if squared > 0.0 { ((x - from.at.x) * dx + (y - from.at.y) * dy) / squared } else { 0.0 };
            let along = along.clamp(0.0, 1.0);
            let distance = (x - from.at.x - along * dx).hypot(y - from.at.y - along * dy);
            from.radius + (to.radius - from.radius) * along + growth - distance
        });
    }

    fn rectangle(&mut self, a: Point, b: Point) {
        let (left, right) = (a.x.min(b.x) - GROWTH, a.x.max(b.x) + GROWTH);
        let (top, bottom) = (a.y.min(b.y) - GROWTH, a.y.max(b.y) + GROWTH);
        self.paint(left - FEATHER, top - FEATHER, right + FEATHER, bottom + FEATHER, false, |x, y| {
            (x - left).min(right - x).min(y - top).min(bottom - y)
        });
    }

    fn words(&mut self, Words { boxes, rect, runs, away }: &Words) {
        let value = if *away { 0 } else { 255 };
        if !self.whole_words {
            return self.region(*rect, runs, value);
        }
        for word in boxes {
            self.region(*word, &[0, word.width.saturating_mul(word.height)], value);
        }
    }

    fn region(&mut self, rect: Rect, runs: &[u32], value: u8) {
        let (mut at, width) = (0u64, u64::from(rect.width).max(1));
        let end = width * u64::from(rect.height);
        for (number, run) in runs.iter().enumerate() {
            for i in (at..(at + u64::from(*run)).min(end)).filter(|_| number % 2 == 1) {
                let (x, y) = (u64::from(rect.x) + i % width, u64::from(rect.y) + i / width);
                if x < u64::from(self.width) && y < u64::from(self.height) {
                    self.coverage[y as usize * self.width as usize + x as usize] = value;
                }
            }
            at += u64::from(*run);
        }
        if value == 0 {
            return;
        }
        let [left, top, w, h] = [rect.x, rect.y, rect.width, rect.height].map(f64::from);
        self.include(left, top, left + w - 1.0, top + h - 1.0);
    }

    fn lasso(&mut self, outline: &[Point]) {
        if outline.len() < 3 {
            return;
        }
        let (left, top, right, bottom) = super::outline::bounds(outline);
        let reach = GROWTH + FEATHER;
        // Fill the inside row by row, then run a capsule of the growth's width along the outline.
        let rows = clipped(top, bottom, self.height);
        for y in rows {
            let line = f64::from(y) + 0.5;
            let mut crossings: Vec<f64> = edges(outline)
                .filter(|(a, b)| (a.y <= line) != (b.y <= line))
                .map(|(a, b)| a.x + (line - a.y) / (b.y - a.y) * (b.x - a.x))
                .collect();
            crossings.sort_by(f64::total_cmp);
            for pair in crossings.chunks_exact(2) {
                for x in clipped(pair[0] - 0.5, pair[1] - 0.5, self.width) {
                    self.coverage[y as usize * self.width as usize + x as usize] = 255;
                }
            }
        }
        self.include(left - reach, top - reach, right + reach, bottom + reach);
        for (a, b) in edges(outline) {
            // A capsule adds the growth by itself.
            let stamp = |at| Stamp { at, radius: 0.0 };
            self.capsule(stamp(a), stamp(b), false);
        }
    }

    /// Paints a shape between these bounds. `depth` gives how far inside the shape a point lies, image pixels; the soft edge is
    /// centred on depth 0.
    fn paint(&mut self, left: f64, top: f64, right: f64, bottom: f64, erase: bool, depth: impl Fn(f64, f64) -> f64) {
        for y in clipped(top, bottom, self.height) {
            for x in clipped(left, right, self.width) {
                let pixel = &mut self.coverage[y as usize * self.width as usize + x as usize];
                if *pixel == if erase { 0 } else { 255 } {
                    continue;
                }
                let depth = depth(f64::from(x) + 0.5, f64::from(y) + 0.5);
                let cover = ((depth / FEATHER + 0.5) * 255.0).clamp(0.0, 255.0) as u8;
                *pixel = if erase { (*pixel).min(255 - cover) } else { (*pixel).max(cover) };
            }
        }
        if !erase {
            self.include(left, top, right, bottom);
        }
    }

    fn include(&mut self, left: f64, top: f64, right: f64, bottom: f64) {
        let (columns, rows) = (clipped(left, right, self.width), clipped(top, bottom, self.height));
        if columns.is_empty() || rows.is_empty() {
            return;
        }
        let old = self.extent.unwrap_or(Rect { x: columns.start, y: rows.start, width: 0, height: 0 });
        let (x, y) = (old.x.min(columns.start), old.y.min(rows.start));
        let right = (old.x + old.width).max(columns.end);
        let bottom = (old.y + old.height).max(rows.end);
        self.extent = Some(Rect { x, y, width: right - x, height: bottom - y });
    }
}

fn edges(outline: &[Point]) -> impl Iterator<Item = (Point, Point)> + '_ {
    outline.iter().zip(outline.iter().cycle().skip(1)).map(|(a, b)| (*a, *b))
}

/// Whole pixels of `from..=to` that lie in `0..length`. Casts from f64 saturate, which is what clipping wants.
fn clipped(from: f64, to: f64, length: u32) -> std::ops::Range<u32> {
    let start = from.floor().max(0.0) as u32;
    let end = if to < 0.0 { 0 } else { (to.floor() as u32).saturating_add(1) };
    start.min(length)..end.min(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_region_paints_the_pixels_that_its_coverage_covers() {
        let rect = Rect { x: 3, y: 2, width: 4, height: 3 };
        let coverage = [0, 255, 255, 0, 200, 0, 0, 127, 255, 255, 255, 255];
        let mut mask = Mask::new(10, 8);
        mask.apply(&MaskOp::region(rect, &coverage));
        let (found, painted) = mask.cut().expect("painted");
        assert_eq!(found, rect);
        assert_eq!(painted, coverage.map(|c| if c >= 128 { 255 } else { 0 }));
    }

    #[test]
    fn a_selected_thing_is_added_takes_the_place_of_others_or_is_taken_away() {
        let op = |x, how| MaskOp::selected(Rect { x, y: 1, width: 4, height: 2 }, &[255; 8], how);
        let mut mask = Mask::new(20, 8);
        let mut after = |op: MaskOp| {
            mask.apply(&op);
            mask.cut().map(|(rect, coverage)| (rect.x, coverage.iter().filter(|c| **c == 255).count()))
        };
        assert_eq!(after(op(2, Taking::Instead)), Some((2, 8)));
        assert_eq!(after(op(10, Taking::Along)), Some((2, 16)));
        assert_eq!(after(op(4, Taking::Away)), Some((2, 12)));
        assert_eq!(after(op(12, Taking::Instead)), Some((12, 8)));
        assert_eq!(after(op(12, Taking::Away)), None);
        assert_eq!(
            [Taking::Instead, Taking::Along, Taking::Away].map(|how| op(0, how).is_selection()),
            [true, true, false]
        );
        assert!(!MaskOp::region(Rect { x: 0, y: 0, width: 1, height: 1 }, &[255]).is_selection());
    }

    #[test]
    fn of_words_the_strokes_are_painted_or_the_boxes_where_they_are_hidden() {
        let boxes = vec![Rect { x: 1, y: 1, width: 3, height: 2 }, Rect { x: 6, y: 1, width: 2, height: 2 }];
        let rect = Rect { x: 1, y: 1, width: 7, height: 2 };
        let strokes = [255, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0, 255];
        let words = |away| MaskOp::Words(Words { boxes: boxes.clone(), rect, runs: packed(&strokes), away });
        let mut mask = Mask::new(10, 5);
        mask.apply(&words(false));
        assert_eq!(mask.cut(), Some((rect, strokes.to_vec())));
        mask.whole_words = true;
        mask.replay(&[words(false)]);
        let whole = [255, 255, 255, 0, 0, 255, 255].repeat(2);
        assert_eq!(mask.cut(), Some((rect, whole)));
        mask.apply(&words(true));
        assert_eq!(mask.cut(), None);
        assert!(words(false).is_selection() && !words(true).is_selection());
    }

    fn stamp(x: f64, y: f64, radius: f64) -> Stamp {
        Stamp { at: Point { x, y }, radius }
    }

    fn point() -> impl Strategy<Value = Point> {
        (-40.0..140.0f64, -40.0..120.0f64).prop_map(|(x, y)| Point { x, y })
    }

    fn op() -> impl Strategy<Value = MaskOp> {
        prop_oneof![
            (0..120u32, 0..90u32, prop::collection::vec(0..40u32, 0..9))
                .prop_map(|(x, y, runs)| MaskOp::Region(Rect { x, y, width: 13, height: 9 }, runs)),
            (0..120u32, 0..90u32, prop::collection::vec(0..40u32, 0..9))
                .prop_map(|(x, y, runs)| MaskOp::Without(Rect { x, y, width: 13, height: 9 }, runs)),
            (0..120u32, 0..90u32, prop::collection::vec(0..40u32, 0..9), any::<bool>()).prop_map(
                |(x, y, runs, away)| {
                    let rect = Rect { x, y, width: 13, height: 9 };
                    MaskOp::Words(Words { boxes: vec![rect], rect, runs, away })
                }
            ),
            (prop::collection::vec((point(), 0.0..30.0f64), 1..6), any::<bool>()).prop_map(|(stamps, erase)| {
                let stamps = stamps.into_iter().map(|(at, radius)| Stamp { at, radius }).collect();
                MaskOp::Stroke { stamps, erase }
            }),
            (point(), point()).prop_map(|(a, b)| MaskOp::Rectangle(a, b)),
            prop::collection::vec(point(), 0..7).prop_map(MaskOp::Lasso),
            Just(MaskOp::Clear),
            Just(MaskOp::Invert),
        ]
    }

    proptest! {
        #[test]
        fn the_extent_holds_everything_painted(ops in prop::collection::vec(op(), 0..6)) {
            let mut mask = Mask::new(101, 83);
            mask.replay(&ops);
            let total = mask.coverage.iter().filter(|c| **c > 0).count();
            match mask.cut() {
                None => prop_assert_eq!(total, 0),
                Some((rect, coverage)) => {
                    prop_assert_eq!(coverage.len(), rect.width as usize * rect.height as usize);
                    prop_assert_eq!(coverage.iter().filter(|c| **c > 0).count(), total);
                    let (right, bottom) = (i64::from(rect.x + rect.width), i64::from(rect.y + rect.height));
                    // Tight: each side holds a covered pixel.
                    prop_assert!((i64::from(rect.x)..right).any(|x| mask.at(x, i64::from(rect.y)) > 0));
                    prop_assert!((i64::from(rect.y)..bottom).any(|y| mask.at(right - 1, y) > 0));
                }
            }
        }

        #[test]
        fn replaying_is_painting_again(ops in prop::collection::vec(op(), 0..6)) {
            let mut painted = Mask::new(64, 48);
            for op in &ops {
                painted.apply(op);
            }
            let mut replayed = Mask::new(64, 48);
            replayed.replay(&[MaskOp::Invert]);
            replayed.replay(&ops);
            prop_assert_eq!(painted.coverage, replayed.coverage);
        }
    }

    #[test]
    fn a_dab_covers_its_radius_and_the_growth_with_a_soft_edge() {
        let mut mask = Mask::new(100, 100);
        mask.apply(&MaskOp::Stroke { stamps: vec![stamp(50.5, 50.5, 10.0)], erase: false });
        assert_eq!(mask.at(50, 50), 255);
        assert_eq!(mask.at(50 + 11, 50), 255, "grown by {GROWTH}");
        assert!((1..255).contains(&mask.at(50 + 13, 50)), "soft: {}", mask.at(63, 50));
        assert_eq!(mask.at(50 + 15, 50), 0);
    }

    #[test]
    fn the_eraser_takes_away_exactly_what_it_touches() {
        let mut mask = Mask::new(60, 60);
        mask.apply(&MaskOp::Rectangle(Point { x: 5.0, y: 5.0 }, Point { x: 55.0, y: 55.0 }));
        mask.apply(&MaskOp::Stroke { stamps: vec![stamp(30.0, 30.0, 8.0)], erase: true });
        assert_eq!((mask.at(30, 30), mask.at(10, 10)), (0, 255));
    }

    #[test]
    fn inverting_twice_changes_nothing_and_the_whole_is_known() {
        let mut mask = Mask::new(31, 17);
        assert!(!mask.is_whole() && mask.cut().is_none());
        mask.apply(&MaskOp::Invert);
        assert!(mask.is_whole());
        mask.apply(&MaskOp::Invert);
        assert!(mask.cut().is_none());
    }

    #[test]
    fn a_lasso_fills_its_inside() {
        let mut mask = Mask::new(80, 80);
        let outline = [(20.0, 20.0), (60.0, 20.0), (60.0, 60.0), (40.0, 30.0), (20.0, 60.0)];
        mask.apply(&MaskOp::Lasso(outline.map(|(x, y)| Point { x, y }).to_vec()));
        assert_eq!((mask.at(25, 45), mask.at(55, 45), mask.at(40, 50), mask.at(40, 24)), (255, 255, 0, 255));
    }
}
