//! A found thing with the soft edge that it has in the picture.

use super::raster::beside;
use crate::pixels::{Image, Mask};

/// How far the soft edge of a thing reaches, in pixels.
const RIM: u32 = 3;

/// The mask grown by the width of a soft edge, so that no seam of the thing remains where it is erased.
pub fn with_rim(mask: &Mask, image: &Image) -> Mask {
    let rect = mask.rect().grown(RIM, &image.bounds());
    let (width, height) = (rect.width as usize, rect.height as usize);
    let mut coverage: Vec<u8> = rect.places().map(|(x, y)| mask.at(x, y)).collect();
    // Only the edge: the numbers of all pixels of a large thing would take several times the memory of the thing.
    let is_edge = |at: &usize| coverage[*at] > 0 && beside(*at, width, height).any(|near| coverage[near] == 0);
    let mut front: Vec<usize> = (0..coverage.len()).filter(is_edge).collect();
    for _ in 0..RIM {
        let mut next = vec![];
        for at in front {
            for near in beside(at, width, height) {
                if coverage[near] == 0 {
                    coverage[near] = 255;
                    next.push(near);
                }
            }
        }
        front = next;
    }
    Mask::new(rect, coverage).unwrap_or_else(|_| mask.clone())
}
