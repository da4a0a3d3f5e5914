//! A part of a picture with round corners.

use super::rect::Rect;
use std::ops::Range;

/// A quarter of an ellipse that rounds a corner, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Corner {
    /// Middle of the ellipse.
    pub x: f64,
    /// See `x`.
    pub y: f64,
    /// Its radius across; negative where the corner is on the left.
    pub across: f64,
    /// Its radius downwards; negative where the corner is at the top.
    pub down: f64,
}

/// A rectangle, less what lies outside of round corners. A pixel is in it where its middle is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cutout {
    /// The rectangle.
    pub rect: Rect,
    /// What cuts its corners off, or an edge near them.
    pub corners: Vec<Corner>,
}

impl From<Rect> for Cutout {
    fn from(rect: Rect) -> Self {
        Self { rect, corners: vec![] }
    }
}

impl Cutout {
    /// The columns of a row that are in it. They may be none.
    pub fn row(&self, y: u32) -> Range<u32> {
        let rect = &self.rect;
        if !(rect.y..rect.bottom()).contains(&y) {
            return 0..0;
        }
        let (mut left, mut right) = (f64::from(rect.x), f64::from(rect.right()));
        for corner in &self.corners {
            let down = (f64::from(y) + 0.5 - corner.y) / corner.down;
            if down <= 0.0 {
                continue;
            }
            let edge = corner.x + (1.0 - down * down).max(0.0).sqrt() * corner.across;
            if edge.is_nan() {
                return 0..0;
            } else if corner.across < 0.0 {
                left = left.max((edge - 0.5).ceil());
            } else {
                right = right.min((edge - 0.5).floor() + 1.0);
            }
        }
        if left < right { left as u32..right as u32 } else { 0..0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_pixel_is_in_it_where_no_corner_cuts_its_middle_off(
            rect in (0u32..9, 0u32..9, 1u32..20, 1u32..20),
            corners in prop::collection::vec((-2.0..24.0f64, -2.0..24.0f64, 0.1..12.0f64, 0.1..12.0f64, any::<[bool; 2]>()), 0..4),
        ) {
            let (x, y, width, height) = rect;
            let rect = Rect { x, y, width, height };
            let corners: Vec<Corner> = corners
                .into_iter()
                .map(|(x, y, across, down, [left, top])| Corner {
                    x, y, across: if left { -across } else { across }, down: if top { -down } else { down },
                })
                .collect();
            let cutout = Cutout { rect, corners: corners.clone() };
            for (column, row) in Rect::of_size(32, 32).places() {
                let (px, py) = (f64::from(column) + 0.5, f64::from(row) + 0.5);
                let cut = |corner: &Corner| {
                    let (u, v) = ((px - corner.x) / corner.across, (py - corner.y) / corner.down);
                    // Beside a corner, its side is the edge.
                    v > 0.0 && (u > 1.0 || (u > 0.0 && u * u + v * v > 1.0)) || (v > 1.0 && u > 0.0)
                };
                let is_in = (x..x + width).contains(&column) && (y..y + height).contains(&row) && !corners.iter().any(cut);
                prop_assert_eq!(cutout.row(row).contains(&column), is_in, "{} {}", column, row);
            }
        }
    }

    #[test]
    fn what_is_no_number_leaves_nothing() {
        let corner = Corner { x: f64::NAN, y: 0.0, across: 1.0, down: 1.0 };
        let cutout = Cutout { rect: Rect::of_size(4, 4), corners: vec![corner] };
        assert!(cutout.row(2).is_empty());
    }
}
