//! Affine maps of the plane.

use crate::protocol::Point;
use serde::{Deserialize, Serialize};

/// `x' = a x + c y + e`, `y' = b x + d y + f`: the order of CSS `matrix()`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Affine {
    /// See the type.
    pub a: f64,
    /// See the type.
    pub b: f64,
    /// See the type.
    pub c: f64,
    /// See the type.
    pub d: f64,
    /// See the type.
    pub e: f64,
    /// See the type.
    pub f: f64,
}

impl Affine {
    /// Moves nothing.
    pub const IDENTITY: Self = Self { a: 1.0, b: 0.0, c: 0.0, d: 1.0, e: 0.0, f: 0.0 };

    /// Shift by a vector.
    pub fn translation(x: f64, y: f64) -> Self {
        Self { e: x, f: y, ..Self::IDENTITY }
    }

    /// Scale about a fixed point.
    pub fn scale_about(factor: f64, fixed: Point) -> Self {
        Self { a: factor, d: factor, e: fixed.x * (1.0 - factor), f: fixed.y * (1.0 - factor), ..Self::IDENTITY }
    }

    /// First `self`, then `next`.
    pub fn then(&self, next: &Self) -> Self {
        Self {
            a: next.a * self.a + next.c * self.b,
            b: next.b * self.a + next.d * self.b,
            c: next.a * self.c + next.c * self.d,
            d: next.b * self.c + next.d * self.d,
            e: next.a * self.e + next.c * self.f + next.e,
            f: next.b * self.e + next.d * self.f + next.f,
        }
    }

    /// Where a point goes.
    pub fn apply(&self, p: Point) -> Point {
        Point { x: self.a * p.x + self.c * p.y + self.e, y: self.b * p.x + self.d * p.y + self.f }
    }

    /// The way back; none for a map that flattens the plane.
    pub fn inverse(&self) -> Option<Self> {
        let det = self.a * self.d - self.b * self.c;
        if !det.is_finite() || det.abs() < 1e-12 {
            return None;
        }
        let (a, b, c, d) = (self.d / det, -self.b / det, -self.c / det, self.a / det);
        Some(Self { a, b, c, d, e: -(a * self.e + c * self.f), f: -(b * self.e + d * self.f) })
    }

    /// Mean enlargement: the square root of the area factor.
    pub fn scale(&self) -> f64 {
        (self.a * self.d - self.b * self.c).abs().sqrt()
    }

    /// The corners of the rectangle from the origin with this size, clockwise from the origin's image.
    pub fn corners(&self, width: f64, height: f64) -> [Point; 4] {
        [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)].map(|(x, y)| self.apply(Point { x, y }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_inverse_undoes(a in -3.0..3.0f64, b in -3.0..3.0f64, c in -3.0..3.0f64, d in -3.0..3.0f64,
                              e in -900.0..900.0f64, f in -900.0..900.0f64, x in -900.0..900.0f64, y in -900.0..900.0f64) {
            let map = Affine { a, b, c, d, e, f };
            prop_assume!((a * d - b * c).abs() > 1e-2);
            let there = map.apply(Point { x, y });
            let back = map.inverse().expect("not flat").apply(there);
            prop_assert!((back.x - x).abs() < 1e-6 && (back.y - y).abs() < 1e-6);
        }

        #[test]
        fn composition_is_one_after_the_other(s in 0.1..9.0f64, tx in -9.0..9.0f64, x in -9.0..9.0f64) {
            let (one, two) = (Affine::scale_about(s, Point { x: tx, y: 1.0 }), Affine::translation(tx, s));
            let p = Point { x, y: -x };
            let (both, apart) = (one.then(&two).apply(p), two.apply(one.apply(p)));
            prop_assert!((both.x - apart.x).abs() < 1e-9 && (both.y - apart.y).abs() < 1e-9);
        }
    }

    #[test]
    fn scaling_keeps_the_fixed_point() {
        let fixed = Point { x: 3.0, y: -7.0 };
        assert_eq!(Affine::scale_about(4.0, fixed).apply(fixed), fixed);
        assert!(Affine { a: 1.0, b: 2.0, c: 2.0, d: 4.0, e: 0.0, f: 0.0 }.inverse().is_none());
    }
}
