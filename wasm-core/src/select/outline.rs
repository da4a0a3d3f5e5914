//! What an outline encloses, on a raster.

use super::raster::{Raster, beside};
use crate::pixels::Rect;

/// A place in the picture: column and row.
pub type Place = (f64, f64);

/// The pixels of the picture that an outline touches at most; none outside of it.
pub(super) fn bounds(outline: &[Place], picture: Rect) -> Option<Rect> {
    let (mut low, mut high) = ((f64::MAX, f64::MAX), (f64::MIN, f64::MIN));
    for (x, y) in outline {
        low = (low.0.min(*x), low.1.min(*y));
        high = (high.0.max(*x), high.1.max(*y));
    }
    let whole = |at: f64, most: u32| (at.max(0.0) as u32).min(most);
    let (x, y) = (whole(low.0, picture.width), whole(low.1, picture.height));
    let (right, bottom) = (whole(high.0.ceil(), picture.width), whole(high.1.ceil(), picture.height));
    (right > x && bottom > y).then(|| Rect { x, y, width: right - x, height: bottom - y })
}

/// Which pixels of a raster lie inside the closed outline, by the even-odd rule.
pub(super) fn inside(outline: &[Place], raster: &Raster) -> Vec<bool> {
    let (across, down) =
        (f64::from(raster.rect.width) / raster.width as f64, f64::from(raster.rect.height) / raster.height as f64);
    let points: Vec<Place> = outline
        .iter()
        .map(|(x, y)| ((x - f64::from(raster.rect.x)) / across, (y - f64::from(raster.rect.y)) / down))
        .collect();
    let mut inside = vec![false; raster.width * raster.height];
    for (row, pixels) in inside.chunks_exact_mut(raster.width).enumerate() {
        let line = row as f64 + 0.5;
        let edges = points.iter().zip(points.iter().cycle().skip(1));
        let mut crossings: Vec<f64> = edges
            .filter(|(a, b)| (a.1 <= line) != (b.1 <= line))
            .map(|(a, b)| a.0 + (line - a.1) / (b.1 - a.1) * (b.0 - a.0))
            .collect();
        crossings.sort_by(f64::total_cmp);
        for pair in crossings.chunks_exact(2) {
            let column = |at: f64| ((at + 0.5).max(0.0) as usize).min(raster.width);
            pixels[column(pair[0])..column(pair[1])].fill(true);
        }
    }
    inside
}

/// How many steps along sides each pixel is from the nearest one that is not set, up to `most`; 0 where it is more, and where it is not set. The border
/// of the raster counts as not set.
pub(super) fn depths(is_set: &[bool], width: usize, height: usize, most: u32) -> Vec<u32> {
    let mut depths = vec![0; is_set.len()];
    let is_rim = |at: usize| {
        let (x, y) = (at % width, at / width);
        x == 0 || y == 0 || x + 1 == width || y + 1 == height || beside(at, width, height).any(|near| !is_set[near])
    };
    let mut front: Vec<usize> = (0..is_set.len()).filter(|at| is_set[*at] && is_rim(*at)).collect();
    front.iter().for_each(|at| depths[*at] = 1);
    let mut depth = 1;
    while !front.is_empty() && depth < most {
        depth += 1;
        let mut next = vec![];
        for at in front {
            for near in beside(at, width, height) {
                if is_set[near] && depths[near] == 0 {
                    depths[near] = depth;
                    next.push(near);
                }
            }
        }
        front = next;
    }
    depths
}
