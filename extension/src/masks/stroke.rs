//! Brush strokes: smoothing and pressure.

use crate::protocol::Point;
use serde::{Deserialize, Serialize};

/// A brush stamp's place and size, image pixels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stamp {
    /// Centre.
    pub at: Point,
    /// Radius.
    pub radius: f64,
}

/// Radius of a brush at a pen pressure between 0 and 1. Mice report 0.5 while pressed and get the full size.
pub fn pressed_radius(radius: f64, pressure: f64, is_pen: bool) -> f64 {
    if is_pen { radius * (0.3 + 0.7 * pressure.clamp(0.0, 1.0)) } else { radius }
}

/// The stamps between the last two points of a stroke, ending exactly on the last: a Catmull-Rom curve whose
/// missing fourth point is taken as the continuation of the last step, so that paint never lags behind the pointer.
pub fn smoothed(points: &[Stamp], out: &mut Vec<Stamp>) {
    let Some((last, before)) = points.split_last() else { return };
    let Some((from, before)) = before.split_last() else {
        out.push(*last);
        return;
    };
    let previous = before.last().copied().unwrap_or(*from);
    let beyond = Point { x: 2.0 * last.at.x - from.at.x, y: 2.0 * last.at.y - from.at.y };
    let length = (last.at.x - from.at.x).hypot(last.at.y - from.at.y);
    // Capsules join the stamps, so a stamp every half radius is enough.
    let steps = (length / (last.radius.max(1.0) * 0.5)).ceil().clamp(1.0, 64.0) as usize;
    for step in 1..=steps {
        let t = step as f64 / steps as f64;
        let axis = |p0: f64, p1: f64, p2: f64, p3: f64| {
            0.5 * (2.0 * p1
                + (p2 - p0) * t
                + (2.0 * p0 - 5.0 * p1 + 4.0 * p2 - p3) * t * t
                + (3.0 * p1 - p0 - 3.0 * p2 + p3) * t * t * t)
        };
        out.push(Stamp {
            at: Point {
                x: axis(previous.at.x, from.at.x, last.at.x, beyond.x),
                y: axis(previous.at.y, from.at.y, last.at.y, beyond.y),
            },
            radius: from.radius + (last.radius - from.radius) * t,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(x: f64, y: f64) -> Stamp {
        Stamp { at: Point { x, y }, radius: 4.0 }
    }

    #[test]
    fn paint_ends_under_the_pointer() {
        let mut out = Vec::new();
        smoothed(&[stamp(0.0, 0.0), stamp(50.0, 10.0), stamp(60.0, 80.0)], &mut out);
        let last = out.last().expect("stamps");
        assert!((last.at.x - 60.0).abs() < 1e-9 && (last.at.y - 80.0).abs() < 1e-9);
        assert!(out.len() > 10);
    }

    #[test]
    fn straight_strokes_stay_straight_and_single_points_are_kept() {
        let mut out = Vec::new();
        smoothed(&[stamp(0.0, 5.0), stamp(20.0, 5.0), stamp(60.0, 5.0)], &mut out);
        assert!(out.iter().all(|s| (s.at.y - 5.0).abs() < 1e-9));
        out.clear();
        smoothed(&[stamp(3.0, 3.0)], &mut out);
        assert_eq!(out, [stamp(3.0, 3.0)]);
    }

    #[test]
    fn only_pens_change_the_size() {
        assert_eq!(pressed_radius(10.0, 0.5, false), 10.0);
        assert_eq!(pressed_radius(10.0, 0.0, true), 3.0);
        assert_eq!(pressed_radius(10.0, 1.0, true), 10.0);
    }
}
