//! What is left of a picture that the user has cropped and turned. The mask, the fills and the engine know the whole picture, upright: only what
//! is seen and what is saved goes through this.

use super::affine::Affine;
use crate::protocol::engine::Framing;
use crate::protocol::{Point, Rect};

impl Framing {
    /// All of a picture of this size, upright.
    pub fn whole((width, height): (u32, u32)) -> Self {
        Self { part: Rect { x: 0, y: 0, width, height }, turns: 0 }
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        let Rect { width, height, .. } = self.part;
        if self.turns % 2 == 1 { (height, width) } else { (width, height) }
    }

    /// Whether it is what can be left of a picture of this size.
    pub fn fits(&self, (width, height): (u32, u32)) -> bool {
        let Rect { x, y, width: across, height: down } = self.part;
        let is_in =
            |at: u32, length: u32, side: u32| length > 0 && u64::from(at) + u64::from(length) <= u64::from(side);
        is_in(x, across, width) && is_in(y, down, height) && self.turns < 4
    }

    /// Pixels of the picture to pixels of what is left of it.
    pub fn map(&self) -> Affine {
        let [x, y, width, height] = [self.part.x, self.part.y, self.part.width, self.part.height].map(f64::from);
        Affine::translation(-x, -y).then(&turn(self.turns, width, height))
    }

    /// Turned once more.
    #[must_use]
    pub fn turned(self, clockwise: bool) -> Self {
        Self { turns: (self.turns + if clockwise { 1 } else { 3 }) % 4, ..self }
    }

    /// What is left of it between two corners, pixels of the picture. None where nothing is.
    pub fn cropped(self, from: Point, to: Point) -> Option<Self> {
        let axis = |a: f64, b: f64, start: u32, length: u32| {
            let (start, end) = (f64::from(start), f64::from(start + length));
            let (low, high) = (a.min(b).round().clamp(start, end), a.max(b).round().clamp(start, end));
            (high > low).then_some((low as u32, (high - low) as u32))
        };
        let (x, width) = axis(from.x, to.x, self.part.x, self.part.width)?;
        let (y, height) = axis(from.y, to.y, self.part.y, self.part.height)?;
        Some(Self { part: Rect { x, y, width, height }, ..self })
    }

    /// A way on the screen as one in the picture.
    pub fn way(&self, x: f64, y: f64) -> (f64, f64) {
        match self.turns {
            0 => (x, y),
            1 => (y, -x),
            2 => (-x, -y),
            _ => (-y, x),
        }
    }
}

/// Turns a rectangle of this size clockwise by quarters. Its new upper left corner is at the origin, as the old one was.
pub fn turn(turns: u8, width: f64, height: f64) -> Affine {
    let (a, b, c, d, e, f) = match turns {
        0 => (1.0, 0.0, 0.0, 1.0, 0.0, 0.0),
        1 => (0.0, 1.0, -1.0, 0.0, height, 0.0),
        2 => (-1.0, 0.0, 0.0, -1.0, width, height),
        _ => (0.0, -1.0, 1.0, 0.0, 0.0, width),
    };
    Affine { a, b, c, d, e, f }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::masks::outline::bounds;
    use proptest::prelude::*;

    fn at(x: f64, y: f64) -> Point {
        Point { x, y }
    }

    proptest! {
        #[test]
        fn what_is_left_begins_at_the_origin_and_has_its_size(x in 0u32..50, y in 0u32..50, width in 1u32..90, height in 1u32..90, turns in 0u8..4) {
            let framing = Framing { part: Rect { x, y, width, height }, turns };
            let part = Affine::translation(f64::from(x), f64::from(y)).then(&framing.map());
            let (across, down) = framing.size();
            let corners = part.corners(f64::from(width), f64::from(height));
            prop_assert_eq!(bounds(&corners), (0.0, 0.0, f64::from(across), f64::from(down)));
            // Clockwise, so that the first corner goes to the next one.
            let first = corners[0];
            let expected = [at(0.0, 0.0), at(f64::from(across), 0.0), at(f64::from(across), f64::from(down)), at(0.0, f64::from(down))];
            prop_assert_eq!(first, expected[usize::from(turns)]);
            // A step on the screen, and the way that it is in the picture.
            let (dx, dy) = framing.way(3.0, 4.0);
            let (a, b) = (framing.map().apply(at(9.0, 9.0)), framing.map().apply(at(9.0 + dx, 9.0 + dy)));
            prop_assert_eq!((b.x - a.x, b.y - a.y), (3.0, 4.0));
        }
    }

    #[test]
    fn a_crop_stays_in_what_is_left_and_turns_come_round() {
        let whole = Framing::whole((400, 300));
        let once = whole.cropped(at(350.4, -20.0), at(99.6, 120.0)).expect("some of it");
        assert_eq!(once, Framing { part: Rect { x: 100, y: 0, width: 250, height: 120 }, turns: 0 });
        let twice = once.turned(true).cropped(at(0.0, 0.0), at(200.0, 999.0)).expect("some of it");
        assert_eq!(twice, Framing { part: Rect { x: 100, y: 0, width: 100, height: 120 }, turns: 1 });
        assert_eq!((twice.size(), twice.turned(false).turns), ((120, 100), 0));
        assert_eq!(once.turned(false), once.turned(true).turned(true).turned(true));
        assert_eq!(twice.cropped(at(0.0, 0.0), at(100.2, 50.0)), None, "nothing of it is left");
        assert!(twice.fits((400, 300)) && !twice.fits((150, 300)) && !Framing { turns: 4, ..twice }.fits((400, 300)));
    }
}
