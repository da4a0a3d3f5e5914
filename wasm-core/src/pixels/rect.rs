//! Rectangles of whole pixels.

/// A rectangle of pixels: left, top, width, height.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rect {
    /// Left edge.
    pub x: u32,
    /// Top edge.
    pub y: u32,
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

impl Rect {
    /// The rectangle from the origin with this size.
    pub fn of_size(width: u32, height: u32) -> Self {
        Self { x: 0, y: 0, width, height }
    }

    /// The first column to the right of it.
    pub fn right(&self) -> u32 {
        self.x + self.width
    }

    /// The first row below it.
    pub fn bottom(&self) -> u32 {
        self.y + self.height
    }

    /// The number of pixels in it.
    pub fn area(&self) -> usize {
        self.width as usize * self.height as usize
    }

    /// Its pixels, row by row: column and row of each.
    pub fn places(self) -> impl Iterator<Item = (u32, u32)> {
        (self.y..self.bottom()).flat_map(move |y| (self.x..self.right()).map(move |x| (x, y)))
    }

    /// Whether `other` lies inside. Does not overflow for any `other`.
    pub fn contains(&self, other: &Self) -> bool {
        let inside = |start: u32, length: u32, other_start: u32, other_length: u32| {
            other_start >= start
                && u64::from(other_start) + u64::from(other_length) <= u64::from(start) + u64::from(length)
        };
        inside(self.x, self.width, other.x, other.width) && inside(self.y, self.height, other.y, other.height)
    }

    /// The rectangle grown by `margin` pixels on every side and clipped to `bounds`.
    pub fn grown(&self, margin: u32, bounds: &Self) -> Self {
        let x = self.x.saturating_sub(margin).max(bounds.x);
        let y = self.y.saturating_sub(margin).max(bounds.y);
        let right = self.right().saturating_add(margin).min(bounds.right());
        let bottom = self.bottom().saturating_add(margin).min(bounds.bottom());
        Self { x, y, width: right - x, height: bottom - y }
    }

    /// The smallest rectangle that contains both.
    pub fn union(&self, other: &Self) -> Self {
        let x = self.x.min(other.x);
        let y = self.y.min(other.y);
        Self { x, y, width: self.right().max(other.right()) - x, height: self.bottom().max(other.bottom()) - y }
    }
}
