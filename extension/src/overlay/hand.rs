//! What the user works with: the tool, the size of the brush, the pointer and the keyboard's brush.

use super::gesture::{Gesture, KEYBOARD};
use super::tool::{Drag, TOOLS, Tool};
use crate::masks::stroke::Stamp;
use crate::protocol::{Point, Rect};

/// The smallest radius of the brush, image pixels.
const MIN_RADIUS: f64 = 0.5;
/// Radius of the first brush, as a part of the picture's shorter side.
const FIRST_RADIUS: f64 = 0.03;

/// See the module.
#[derive(Clone, Debug)]
pub struct Hand {
    /// The tool that is chosen.
    pub tool: &'static Tool,
    radius: f64,
    max_radius: f64,
    /// What it is in the middle of.
    pub gesture: Gesture,
    /// The space bar is held: dragging moves the picture.
    pub space_held: bool,
    /// Where the keyboard paints, image pixels; none until an arrow key is pressed.
    pub cursor: Option<Point>,
    /// Where the pointer is, CSS pixels; none outside of the overlay.
    pub pointer: Option<Point>,
    /// How often the user has changed the size of the brush.
    sizings: u32,
    /// The last change is so recent that the size shows.
    pub sizing: bool,
}

impl Default for Hand {
    fn default() -> Self {
        Self {
            tool: &TOOLS[0],
            radius: 1.0,
            max_radius: 4.0,
            gesture: Gesture::None,
            space_held: false,
            cursor: None,
            pointer: None,
            sizings: 0,
            sizing: false,
        }
    }
}

impl Hand {
    /// A picture of this size (pixels) is there: the brush gets a size that fits it.
    pub fn fit(&mut self, width: u32, height: u32) {
        let short = f64::from(width.min(height));
        self.max_radius = short.max(8.0) / 2.0;
        self.set_radius((short * FIRST_RADIUS).max(1.0));
    }

    /// Radius of the brush, image pixels.
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// Diameter in whole image pixels, as people read it.
    pub fn pixels(&self) -> String {
        format!("{:.0}", self.radius * 2.0)
    }

    /// Sets the radius (image pixels), within what the picture allows.
    pub fn set_radius(&mut self, radius: f64) {
        self.radius = radius.clamp(MIN_RADIUS, self.max_radius);
    }

    /// Sets the radius by the slider, from 0 to 1; the scale is logarithmic.
    pub fn set_radius_along(&mut self, along: f64) {
        self.set_radius(MIN_RADIUS * (self.max_radius / MIN_RADIUS).powf(along));
    }

    /// Where the slider stands, from 0 to 1.
    pub fn radius_along(&self) -> f64 {
        (self.radius / MIN_RADIUS).ln() / (self.max_radius / MIN_RADIUS).ln()
    }

    /// The user changed the size, which shows from now on. Gives the number of the change, for [`Self::size_shown`].
    pub fn size_changed(&mut self) -> u32 {
        self.sizings += 1;
        self.sizing = true;
        self.sizings
    }

    /// The size has shown for a while since that change. It goes on to show if there was another.
    pub fn size_shown(&mut self, change: u32) {
        self.sizing &= change != self.sizings;
    }

    /// The centre of the ring that shows the brush: in image pixels for the keyboard's brush, else in CSS pixels for the pointer. At
    /// most one of the two is given.
    pub fn ring(&self) -> (Option<Point>, Option<Point>) {
        match self.cursor {
            Some(cursor) => (Some(cursor), None),
            None => (None, self.pointer.filter(|_| self.tool.ring && !self.space_held)),
        }
    }

    /// Moves the keyboard's brush within a part of the picture, by image pixels, from its middle at first.
    pub fn move_cursor(&mut self, x: f64, y: f64, part: Rect) -> Point {
        let [left, top, width, height] = [part.x, part.y, part.width, part.height].map(f64::from);
        let from = self.cursor.unwrap_or(Point { x: left + width / 2.0, y: top + height / 2.0 });
        let within = |at: f64, start: f64, length: f64| at.clamp(start, start + length);
        let to = Point { x: within(from.x + x, left, width), y: within(from.y + y, top, height) };
        self.cursor = Some(to);
        to
    }

    /// The keyboard's brush goes down at the cursor. Whatever tool is chosen, it paints or takes paint away; but with the one that crops, a corner
    /// goes down.
    pub fn put_brush_down(&mut self) -> Option<(Stamp, bool)> {
        let stamp = Stamp { at: self.cursor?, radius: self.radius };
        let erase = self.tool.erases();
        let drag = if self.tool.drag == Drag::Crop { Drag::Crop } else { Drag::Stroke { erase } };
        self.gesture = Gesture::begin(drag, KEYBOARD, stamp);
        Some((stamp, erase))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slider_and_the_brush_agree() {
        let mut hand = Hand::default();
        hand.fit(1000, 400);
        assert_eq!(hand.radius(), 12.0);
        for along in [0.0, 0.3, 1.0] {
            hand.set_radius_along(along);
            assert!((hand.radius_along() - along).abs() < 1e-9);
        }
        assert!((hand.radius() - 200.0).abs() < 1e-9, "half of the shorter side");
        hand.set_radius(1e9);
        assert_eq!(hand.radius(), 200.0);
        hand.fit(1, 1);
        assert_eq!(hand.radius(), 1.0, "a tiny picture has a brush, too");
    }

    #[test]
    fn the_size_shows_for_a_while_after_the_last_change() {
        let mut hand = Hand::default();
        assert!(!hand.sizing, "nobody has changed it");
        let (first, second) = (hand.size_changed(), hand.size_changed());
        hand.size_shown(first);
        assert!(hand.sizing, "it was changed again meanwhile");
        hand.size_shown(second);
        assert!(!hand.sizing);
    }

    #[test]
    fn the_ring_shows_where_something_would_be_painted() {
        let mut hand = Hand { pointer: Some(Point { x: 5.0, y: 6.0 }), ..Hand::default() };
        assert_eq!(hand.ring(), (None, Some(Point { x: 5.0, y: 6.0 })));
        hand.space_held = true;
        assert_eq!(hand.ring(), (None, None), "the picture is being moved");
        hand.space_held = false;
        hand.tool = TOOLS.iter().find(|tool| tool.drag == Drag::Lasso).expect("a lasso");
        assert_eq!(hand.ring(), (None, None), "a lasso has no width");
        hand.cursor = Some(Point { x: 1.0, y: 2.0 });
        assert_eq!(hand.ring().0, hand.cursor, "the keyboard always paints with the brush");
    }

    #[test]
    fn the_keyboard_paints_inside_the_picture_only() {
        let mut hand = Hand::default();
        assert!(hand.put_brush_down().is_none(), "it is nowhere yet");
        let all = Rect { x: 0, y: 0, width: 100, height: 60 };
        assert_eq!(hand.move_cursor(0.0, 0.0, all), Point { x: 50.0, y: 30.0 });
        let left = Rect { x: 60, y: 5, width: 30, height: 20 };
        assert_eq!(hand.move_cursor(0.0, 0.0, left), Point { x: 60.0, y: 25.0 }, "what is left of it");
        assert_eq!(hand.move_cursor(1e6, -1e6, all), Point { x: 100.0, y: 0.0 });
        hand.tool = TOOLS.iter().find(|tool| tool.erases()).expect("an eraser");
        assert_eq!(
            hand.put_brush_down().map(|(stamp, erase)| (stamp.at, erase)),
            Some((Point { x: 100.0, y: 0.0 }, true))
        );
        assert_eq!(hand.gesture.stroke(), Some(true));
    }
}
