//! The same mask on another picture: at the same pixels, at the same distance from a corner, or scaled with the picture.

use super::mask::{Mask, MaskOp, Taking};
use super::runs::{packed, unpacked};
use crate::protocol::Rect;
use serde::{Deserialize, Serialize};

/// What lies within this share of width and of height from a corner lies in that corner.
const IN_CORNER: f64 = 0.4;
/// Two pictures have the same shape if their ratios of width to height differ by less than this share: sizes are rounded to whole pixels.
const SAME_SHAPE: f64 = 0.01;
/// How far the scale between two exports of one picture is from a whole number, as a share of it.
const WHOLE: f64 = 0.01;

/// Where a picture was painted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Places {
    /// Width of the picture, pixels.
    pub width: u32,
    /// Height of the picture, pixels.
    pub height: u32,
    /// The smallest rectangle around what is painted, inside the picture.
    pub rect: Rect,
    /// The painted pixels of `rect`, as [`crate::masks::runs`].
    pub runs: Vec<u32>,
}

/// How a mask is laid on a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The picture has the size of the mask's.
    Same,
    /// As large as it was, at the same distance in pixels from the nearest corner.
    Corner,
    /// Scaled as the picture is, in width and in height.
    Scaled,
    /// At the same pixels, counted from the top left.
    Pixels,
}

impl Places {
    /// What is painted in `mask`; none where nothing is painted by half.
    pub fn of(mask: &Mask) -> Option<Self> {
        let (rect, coverage) = mask.part()?;
        let (width, height) = (mask.width(), mask.height());
        let runs = packed(&coverage);
        // Its rim may be painted by less than half.
        let mut whole = Mask::new(width, height);
        whole.apply(&MaskOp::Region(rect, runs));
        let (rect, coverage) = whole.part()?;
        Some(Self { width, height, rect, runs: packed(&coverage) })
    }

    /// The step that painted this in its own picture.
    pub fn op(&self) -> MaskOp {
        MaskOp::Along(self.rect, self.runs.clone())
    }

    /// The painted pixels of `rect`, row by row: 0 or 255.
    pub fn coverage(&self) -> Vec<u8> {
        unpacked(&self.runs, self.rect.width as usize * self.rect.height as usize)
    }

    /// The ways to lay this on a picture of this size (pixels) that paint something, each another way. The likeliest comes first:
    ///
    /// - The same picture in another density (the same shape, a whole number of times as large or as small): scaled.
    /// - Else, what is small and lies in a corner keeps size and distance: marks, clocks and avatars do.
    /// - Else scaled.
    pub fn ways(&self, size: (u32, u32)) -> Vec<Way> {
        if size == (self.width, self.height) {
            return vec![Way::Same];
        }
        let mut ways = vec![Way::Scaled, Way::Corner, Way::Pixels];
        if self.is_in_corner() && !self.is_another_density(size) && self.fits_at(self.corner(size), size) {
            ways.swap(0, 1);
        }
        let same_as_corner = self.corner(size) == (0, 0);
        ways.retain(|way| match way {
            Way::Same | Way::Scaled => true,
            Way::Corner => self.laid(Way::Corner, size).is_some(),
            Way::Pixels => !same_as_corner && self.laid(Way::Pixels, size).is_some(),
        });
        ways
    }

    /// The step that lays this on a picture of this size, pixels; none where nothing of it would be in the picture.
    pub fn laid(&self, way: Way, size: (u32, u32)) -> Option<MaskOp> {
        let (rect, coverage) = self.part(way, size)?;
        Some(MaskOp::selected(rect, &coverage, Taking::Along))
    }

    /// What that step paints: a rectangle of the picture, and 0 or 255 for each of its pixels, row by row.
    pub fn part(&self, way: Way, size: (u32, u32)) -> Option<(Rect, Vec<u8>)> {
        let (rect, coverage) = match way {
            Way::Scaled => self.scaled(size),
            Way::Same | Way::Pixels => self.moved((0, 0), size)?,
            Way::Corner => self.moved(self.corner(size), size)?,
        };
        let mut mask = Mask::new(size.0, size.1);
        mask.apply(&MaskOp::region(rect, &coverage));
        mask.part()
    }

    /// How far it moves to the right and down to keep its distance from the nearest corner, pixels.
    fn corner(&self, size: (u32, u32)) -> (i64, i64) {
        let further = |at: u32, length: u32, side: u32, new: u32| {
            let after = i64::from(side) - i64::from(at) - i64::from(length);
            if after < i64::from(at) { i64::from(new) - i64::from(side) } else { 0 }
        };
        let Rect { x, y, width, height } = self.rect;
        (further(x, width, self.width, size.0), further(y, height, self.height, size.1))
    }

    fn is_in_corner(&self) -> bool {
        let reach = |at: u32, length: u32, side: u32| {
            let after = side.saturating_sub(at).saturating_sub(length);
            f64::from(length + at.min(after)) / f64::from(side.max(1))
        };
        let Rect { x, y, width, height } = self.rect;
        reach(x, width, self.width) <= IN_CORNER && reach(y, height, self.height) <= IN_CORNER
    }

    fn is_another_density(&self, (width, height): (u32, u32)) -> bool {
        let [across, down] = [(width, self.width), (height, self.height)]
            .map(|(new, old)| f64::from(new.max(1)) / f64::from(old.max(1)));
        let times = across.max(1.0 / across);
        (across / down - 1.0).abs() < SAME_SHAPE && times > 1.5 && (times / times.round() - 1.0).abs() < WHOLE
    }

    /// Whether all of it is in the picture when it is moved by this.
    fn fits_at(&self, (right, down): (i64, i64), size: (u32, u32)) -> bool {
        let inside = |at: u32, by: i64, length: u32, side: u32| {
            let at = i64::from(at) + by;
            at >= 0 && at + i64::from(length) <= i64::from(side)
        };
        let Rect { x, y, width, height } = self.rect;
        inside(x, right, width, size.0) && inside(y, down, height, size.1)
    }

    /// What is in the picture of it, moved by this.
    fn moved(&self, (right, down): (i64, i64), size: (u32, u32)) -> Option<(Rect, Vec<u8>)> {
        let clip = |at: u32, by: i64, length: u32, side: u32| {
            let start = (i64::from(at) + by).clamp(0, i64::from(side));
            let end = (i64::from(at) + by + i64::from(length)).clamp(0, i64::from(side));
            // Both are inside of the picture, whose sides are 32 bits.
            (start as u32, (end - start) as u32)
        };
        let (x, width) = clip(self.rect.x, right, self.rect.width, size.0);
        let (y, height) = clip(self.rect.y, down, self.rect.height, size.1);
        if width == 0 || height == 0 {
            return None;
        }
        let (from, own) = (self.coverage(), self.rect.width as usize);
        // What was cut off on the left and at the top.
        let skipped = (i64::from(x) - i64::from(self.rect.x) - right) as usize;
        let above = (i64::from(y) - i64::from(self.rect.y) - down) as usize;
        let mut coverage = Vec::with_capacity(width as usize * height as usize);
        for row in 0..height as usize {
            let start = (above + row) * own + skipped;
            coverage.extend_from_slice(&from[start..start + width as usize]);
        }
        Some((Rect { x, y, width, height }, coverage))
    }

    /// Every pixel that a painted one reaches into is painted, so that thin lines stay whole in smaller pictures.
    fn scaled(&self, size: (u32, u32)) -> (Rect, Vec<u8>) {
        let (x, columns) = reached(self.rect.x, self.rect.width, self.width, size.0);
        let (y, rows) = reached(self.rect.y, self.rect.height, self.height, size.1);
        let (from, own) = (self.coverage(), self.rect.width as usize);
        let mut coverage = Vec::with_capacity(columns.len() * rows.len());
        let mut line = vec![0u8; own];
        for &(top, bottom) in &rows {
            line.fill(0);
            for row in top..bottom {
                line.iter_mut().zip(&from[row * own..]).for_each(|(here, c)| *here |= c);
            }
            coverage.extend(columns.iter().map(|&(left, right)| line[left..right].iter().fold(0, |all, c| all | c)));
        }
        (Rect { x, y, width: columns.len() as u32, height: rows.len() as u32 }, coverage)
    }
}

/// Along one side: the first pixel of a picture of side `new` that `length` pixels from `at` on of a picture of side `old` reach into, and for it and
/// each further one which of the `length` reach into it.
fn reached(at: u32, length: u32, old: u32, new: u32) -> (u32, Vec<(usize, usize)>) {
    let [at, length, old, new] = [at, length, old, new].map(u64::from);
    let (first, end) = (at * new / old, ((at + length) * new).div_ceil(old));
    let range = |pixel: u64| {
        let from = (pixel * old / new).max(at) - at;
        let to = ((pixel + 1) * old).div_ceil(new).min(at + length) - at;
        (from as usize, to as usize)
    };
    // `first` lies in the picture, whose sides are 32 bits.
    (first as u32, (first..end).map(range).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A whole rectangle, painted in a picture of this size.
    fn places(size: (u32, u32), rect: [u32; 4]) -> Places {
        let [x, y, width, height] = rect;
        let rect = Rect { x, y, width, height };
        Places { width: size.0, height: size.1, rect, runs: vec![0, width * height] }
    }

    fn rect(op: Option<MaskOp>) -> Option<[u32; 4]> {
        match op? {
            MaskOp::Along(rect, _) => Some([rect.x, rect.y, rect.width, rect.height]),
            _ => None,
        }
    }

    #[test]
    fn a_small_mask_in_a_corner_keeps_its_size_and_its_distance_from_that_corner() {
        for (at, wanted) in [
            ([40, 30, 100, 50], [40, 30, 100, 50]),
            ([860, 30, 100, 50], [1060, 30, 100, 50]),
            ([40, 520, 100, 50], [40, 620, 100, 50]),
            ([860, 520, 100, 50], [1060, 620, 100, 50]),
        ] {
            let mask = places((1000, 600), at);
            let (ways, size) = (mask.ways((1200, 700)), (1200, 700));
            assert_eq!(ways[..2], [Way::Corner, Way::Scaled], "{at:?}");
            assert_eq!(rect(mask.laid(Way::Corner, size)), Some(wanted));
            assert_eq!(ways.contains(&Way::Pixels), at != wanted, "at the top left, both are the same");
            assert_eq!(rect(mask.laid(Way::Pixels, size)), Some(at));
        }
    }

    #[test]
    fn what_is_large_or_lies_in_the_middle_goes_with_the_picture() {
        let bar = places((1000, 600), [0, 550, 1000, 50]);
        assert_eq!(bar.ways((1500, 600))[0], Way::Scaled);
        assert_eq!(rect(bar.laid(Way::Scaled, (1500, 600))), Some([0, 550, 1500, 50]));
        let middle = places((1000, 600), [450, 250, 100, 100]);
        assert_eq!(middle.ways((700, 900))[0], Way::Scaled);
        assert_eq!(rect(middle.laid(Way::Scaled, (2000, 1200))), Some([900, 500, 200, 200]));
    }

    #[test]
    fn the_same_picture_in_another_density_is_scaled() {
        let mark = places((1000, 600), [900, 540, 80, 40]);
        for (size, first) in [
            ((2000, 1200), Way::Scaled),
            ((500, 300), Way::Scaled),
            ((3000, 1801), Way::Scaled),
            ((1280, 768), Way::Corner),
            ((2000, 600), Way::Corner),
        ] {
            assert_eq!(mark.ways(size)[0], first, "{size:?}");
        }
    }

    #[test]
    fn in_a_picture_of_the_same_size_there_is_one_way() {
        let mark = places((1000, 600), [900, 540, 80, 40]);
        assert_eq!(mark.ways((1000, 600)), [Way::Same]);
        assert_eq!(mark.laid(Way::Same, (1000, 600)), Some(mark.op()));
    }

    #[test]
    fn what_would_lie_outside_is_no_way() {
        let mark = places((1000, 600), [900, 540, 80, 40]);
        assert_eq!(mark.ways((300, 200)), [Way::Corner, Way::Scaled]);
        assert_eq!(mark.laid(Way::Pixels, (300, 200)), None);
        // In its corner it would reach beyond the opposite side.
        assert_eq!(mark.ways((90, 80))[0], Way::Scaled);
        assert_eq!(rect(mark.laid(Way::Corner, (90, 80))), Some([0, 20, 70, 40]));
    }

    #[test]
    fn a_line_of_one_pixel_stays_whole_in_a_small_picture() {
        let line = places((1000, 600), [0, 301, 1000, 1]);
        assert_eq!(rect(line.laid(Way::Scaled, (100, 60))), Some([0, 30, 100, 1]));
    }

    #[test]
    fn a_rim_that_is_painted_by_less_than_half_does_not_count() {
        let mut mask = Mask::new(60, 40);
        mask.apply(&MaskOp::Stroke {
            stamps: vec![crate::masks::stroke::Stamp { at: crate::protocol::Point { x: 30.3, y: 20.2 }, radius: 7.4 }],
            erase: false,
        });
        let places = Places::of(&mask).expect("painted");
        let mut again = Mask::new(60, 40);
        again.apply(&places.op());
        assert_eq!(again.cut().map(|(rect, _)| rect), Some(places.rect), "the rectangle is the smallest");
        assert!((0..60).all(|x| (0..40).all(|y| again.is_painted(x, y) == mask.is_painted(x, y))));
    }

    fn some_places() -> impl Strategy<Value = Places> {
        (1..14u32, 1..14u32, prop::collection::vec(any::<bool>(), 169)).prop_filter_map("painted", |(w, h, on)| {
            let coverage: Vec<u8> = on[..(w * h) as usize].iter().map(|on| if *on { 255 } else { 0 }).collect();
            let mut mask = Mask::new(w, h);
            mask.apply(&MaskOp::region(Rect { x: 0, y: 0, width: w, height: h }, &coverage));
            Places::of(&mask)
        })
    }

    /// The painted pixels of a picture of this size.
    fn painted(op: &MaskOp, (width, height): (u32, u32)) -> Vec<(u32, u32)> {
        let mut mask = Mask::new(width, height);
        mask.apply(op);
        let all = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        all.filter(|(x, y)| mask.is_painted(i64::from(*x), i64::from(*y))).collect()
    }

    proptest! {
        #[test]
        fn every_way_that_is_offered_paints_something_in_the_picture(p in some_places(), w in 1..24u32, h in 1..24u32) {
            let ways = p.ways((w, h));
            let wanted = if (w, h) == (p.width, p.height) { Way::Same } else { Way::Scaled };
            prop_assert!(ways.contains(&wanted));
            let mut laid = vec![];
            for way in ways {
                let op = p.laid(way, (w, h));
                prop_assert!(op.is_some(), "{:?}", way);
                laid.extend(op);
            }
            for op in &laid {
                prop_assert!(!painted(op, (w, h)).is_empty());
            }
        }

        #[test]
        fn scaling_paints_exactly_what_painted_pixels_reach_into(p in some_places(), w in 1..24u32, h in 1..24u32) {
            let laid = p.laid(Way::Scaled, (w, h)).expect("always some");
            let own = painted(&p.op(), (p.width, p.height));
            let touches = |new: u32, side: u32, old: u32, of: u32| {
                // Open intervals, in units of 1 / (side * of).
                let (a, b) = (u64::from(new) * u64::from(of), u64::from(new + 1) * u64::from(of));
                let (c, d) = (u64::from(old) * u64::from(side), u64::from(old + 1) * u64::from(side));
                a < d && c < b
            };
            let wanted: Vec<(u32, u32)> = (0..h)
                .flat_map(|y| (0..w).map(move |x| (x, y)))
                .filter(|(x, y)| own.iter().any(|(a, b)| touches(*x, w, *a, p.width) && touches(*y, h, *b, p.height)))
                .collect();
            prop_assert_eq!(painted(&laid, (w, h)), wanted);
        }

        #[test]
        fn a_mask_that_is_moved_keeps_its_shape(p in some_places(), w in 1..24u32, h in 1..24u32) {
            for (way, by) in [(Way::Pixels, (0, 0)), (Way::Corner, p.corner((w, h)))] {
                let inside: Vec<(u32, u32)> = painted(&p.op(), (p.width, p.height))
                    .into_iter()
                    .map(|(x, y)| (i64::from(x) + by.0, i64::from(y) + by.1))
                    .filter(|(x, y)| (0..i64::from(w)).contains(x) && (0..i64::from(h)).contains(y))
                    .map(|(x, y)| (x as u32, y as u32))
                    .collect();
                let laid = p.laid(way, (w, h)).map(|op| painted(&op, (w, h))).unwrap_or_default();
                prop_assert_eq!(laid, inside, "{:?}", way);
            }
        }
    }
}
