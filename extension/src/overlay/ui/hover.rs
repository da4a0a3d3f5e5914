//! Where the pointer, or the keyboard's brush, points at things, and whether the engine is being asked what lies there.

use crate::protocol::Point;
use std::cell::Cell;

/// See the module.
#[derive(Default)]
pub(super) struct Hover {
    /// Image pixels; none where nothing is pointed at.
    at: Cell<Option<Point>>,
    /// How often that has changed.
    moves: Cell<u32>,
    asks: Cell<bool>,
}

impl Hover {
    /// Points there from now on.
    pub(super) fn point(&self, at: Option<Point>) {
        if self.at.replace(at) != at {
            self.moves.set(self.moves.get().wrapping_add(1));
        }
    }

    /// Where it points, with the number of this place, by which it is known whether it has moved since.
    pub(super) fn at(&self) -> (Option<Point>, u32) {
        (self.at.get(), self.moves.get())
    }

    /// Somebody asks from now on, or nobody does; says whether somebody did.
    pub(super) fn asks(&self, asks: bool) -> bool {
        self.asks.replace(asks)
    }
}
