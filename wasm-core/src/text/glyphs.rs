//! The strokes in boxes, as a mask: what lies between them stays.

use super::plane::Plane;
use crate::Result;
use crate::pixels::{Image, Mask, Rect};

/// Strokes are thinner than this share of a box's height, and than so many pixels if that is more.
const THICKEST: f32 = 0.5;
const WINDOW: usize = 13;
/// The edge of a stroke is where its contrast is this share of the largest one in the box, and at least so many levels.
const EDGE: f32 = 0.15;
const FAINTEST: f32 = 8.0;
/// So many pixels around strokes are masked too: what antialiasing, compression and a thin shadow leave there.
const RIM: u32 = 2;

/// A mask of the strokes in boxes, each with whether its strokes are darker than the ground; none where there are no boxes, or nothing is in them.
///
/// # Errors
/// Never for boxes that [`find`](super::find) found in the image.
pub fn glyphs(image: &Image, boxes: &[(Rect, bool)]) -> Result<Option<Mask>> {
    let places = boxes.iter().map(|(rect, is_dark)| (rect.grown(RIM, &image.bounds()), *is_dark));
    let Some(all) = places.clone().map(|(rect, _)| rect).reduce(|all, rect| all.union(&rect)) else { return Ok(None) };
    let mut coverage = vec![0u8; all.area()];
    for (rect, is_dark) in places {
        let strokes = strokes(image, rect, is_dark);
        for ((x, y), level) in rect.places().zip(strokes) {
            let at = (y - all.y) as usize * all.width as usize + (x - all.x) as usize;
            coverage[at] = coverage[at].max(level);
        }
    }
    if coverage.iter().all(|level| *level == 0) {
        return Ok(None);
    }
    Mask::new(all, coverage)?.fitted(image).map(Some)
}

/// 255 for each pixel of a box that belongs to a stroke or its rim, row by row.
fn strokes(image: &Image, rect: Rect, is_dark: bool) -> Vec<u8> {
    let window = WINDOW.max((THICKEST * rect.height as f32) as usize);
    // Around the box, ground is needed that strokes at its edge stand out from.
    let around = rect.grown(window as u32, &image.bounds());
    let plane = Plane::of(image, around);
    let hat = if is_dark { plane } else { plane.inverted() }.thin_and_dark(window);
    let inside = |plane: &Plane| -> Vec<u8> {
        let at = |(x, y): (u32, u32)| (y - around.y) as usize * plane.width + (x - around.x) as usize;
        rect.places().map(|place| plane.levels[at(place)]).collect()
    };
    let largest = inside(&hat).into_iter().max().unwrap_or(0);
    let least = FAINTEST.max(EDGE * f32::from(largest));
    let mut ink = hat;
    ink.levels.iter_mut().for_each(|level| *level = if f32::from(*level) >= least { 255 } else { 0 });
    inside(&ink.largest_around(RIM as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strokes_are_masked_with_their_edges_and_nothing_between_them() {
        let stroke = |x: u32| x.abs_diff(30).min(x.abs_diff(50));
        let level = |x: u32| [20, 20, 120][stroke(x).min(2) as usize];
        let rgba = Rect::of_size(90, 60).places().flat_map(|(x, y)| {
            let is_in_row = (20..40).contains(&y) && stroke(x) <= 2;
            let level = if is_in_row { level(x) } else { 200 };
            [level, level, level, 255]
        });
        let image = Image::new(90, 60, rgba.collect()).unwrap();
        let mask = glyphs(&image, &[(Rect { x: 28, y: 20, width: 25, height: 20 }, true)]).unwrap().expect("strokes");
        for (x, y) in image.bounds().places() {
            let is_near = stroke(x) <= 4 && (18..42).contains(&y);
            assert_eq!(mask.at(x, y), if is_near { 255 } else { 0 }, "{x}, {y}");
        }
        assert_eq!(glyphs(&image, &[]).unwrap(), None);
        assert_eq!(glyphs(&image, &[(Rect { x: 70, y: 5, width: 9, height: 9 }, true)]).unwrap(), None);
    }
}
