//! What lies around points.

use crate::protocol::Point;

/// Left, top, right and bottom of the smallest upright rectangle around points.
pub fn bounds(points: &[Point]) -> (f64, f64, f64, f64) {
    let start = (f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY);
    points.iter().fold(start, |(l, t, r, b), p| (l.min(p.x), t.min(p.y), r.max(p.x), b.max(p.y)))
}
