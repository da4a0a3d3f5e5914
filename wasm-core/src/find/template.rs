//! A mark at a certain size: where its edges are, and which way they go.

use super::mark::View;
use super::plane::Plane;

/// An edge point with less of the strongest one's magnitude is no edge.
const FAINT: f32 = 0.15;
/// The strongest edge of a mark that can be told from noise, levels.
const UNSEEN: f32 = 5.0;
/// Clear rows and columns around the mark, reduced pixels: nothing ends at the border of the rectangle that was painted.
pub(super) const FRAME: usize = 2;

/// A point of an edge.
#[derive(Clone, Copy)]
pub(super) struct Point {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) across: f32,
    pub(super) down: f32,
}

/// See the module.
pub(super) struct Template {
    /// With its frame, reduced pixels.
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) points: Vec<Point>,
    /// Sum of the squares of all magnitudes.
    pub(super) energy: f32,
}

impl Template {
    /// The mark `scale` times as large, in a picture that is reduced `by` this. At most `most` points, the strongest. None where nothing of it is left.
    pub(super) fn new(mark: &View, scale: f64, by: u32, most: usize) -> Option<Self> {
        let plane = resampled(mark, scale / f64::from(by))?;
        let (across, down) = plane.gradients();
        let point = |at: usize| Point { x: at % plane.width, y: at / plane.width, across: across[at], down: down[at] };
        let mut points: Vec<Point> = (0..plane.values.len()).map(point).collect();
        let strength = |point: &Point| point.across * point.across + point.down * point.down;
        points.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
        let strongest = strength(points.first()?);
        if strongest < UNSEEN * UNSEEN {
            return None;
        }
        let least = strongest * FAINT * FAINT;
        points.truncate(most);
        points.retain(|point| strength(point) > least);
        let energy = points.iter().map(strength).sum();
        // Neighbours in memory are visited one after the other.
        points.sort_by_key(|point| (point.y, point.x));
        (!points.is_empty()).then_some(Self { width: plane.width, height: plane.height, points, energy })
    }

    /// Mean square of the magnitudes.
    pub(super) fn power(&self) -> f32 {
        self.energy / self.points.len() as f32
    }
}

/// The mark, `scale` times as large, with its frame. Each value is the mean of what it covers.
fn resampled(mark: &View, scale: f64) -> Option<Plane> {
    let inner = |side: u32| (f64::from(side) * scale).ceil().max(1.0) as usize;
    let (inner_width, inner_height) = (inner(mark.width), inner(mark.height));
    let across = spans(mark.width, inner_width, scale);
    let down = spans(mark.height, inner_height, scale);
    let (width, height) = (inner_width + 2 * FRAME, inner_height + 2 * FRAME);
    let mut values = vec![0.0; width * height];
    let side = mark.width as usize;
    let mut line = vec![0.0f32; side];
    for (row, span) in down.iter().enumerate() {
        line.fill(0.0);
        for (y, weight) in span {
            for (sum, value) in line.iter_mut().zip(&mark.difference[y * side..]) {
                *sum += weight * value;
            }
        }
        for (column, span) in across.iter().enumerate() {
            let value: f32 = span.iter().map(|(x, weight)| weight * line[*x]).sum();
            values[(row + FRAME) * width + column + FRAME] = value;
        }
    }
    (values.iter().any(|value| value.abs() > 0.0)).then_some(Plane { width, height, values })
}

/// For each of `to` values, which of `from` it covers when they are `scale` times as large, and how much of each counts. Enlarged, the nearest two are
/// blended.
fn spans(from: u32, to: usize, scale: f64) -> Vec<Vec<(usize, f32)>> {
    let last = from as usize - 1;
    let span = |i: usize| {
        let (start, end) = (i as f64 / scale, (i + 1) as f64 / scale);
        if scale >= 1.0 {
            let centre = ((start + end) / 2.0 - 0.5).max(0.0);
            let (first, part) = (centre as usize, centre.fract() as f32);
            return vec![(first.min(last), 1.0 - part), ((first + 1).min(last), part)];
        }
        let whole = (end - start) as f32;
        let covered = |x: usize| (end.min(x as f64 + 1.0) - start.max(x as f64)).max(0.0) as f32 / whole;
        (start as usize..(end.ceil() as usize).min(from as usize)).map(|x| (x, covered(x))).collect()
    };
    (0..to).map(span).collect()
}
