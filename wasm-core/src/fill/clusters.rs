//! Which parts of the mask are filled together, and how much of the picture each may look at.

use crate::pixels::{Component, Components, Mask, Rect};
use crate::{Pacer, Result};

/// A part of the mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cluster {
    /// Bounding rectangle of its masked pixels; those of other clusters may lie in it too.
    pub(super) hole: Rect,
    /// `hole` and the surroundings that it is filled from.
    pub(super) context: Rect,
    /// How many pixels are masked; may be none.
    pub(super) pixels: usize,
    /// Its number in [`Clusters::number`].
    pub(super) number: u32,
    /// That of the first one of the same stroke. Those between are filled before it, and it goes on from them.
    pub(super) first: u32,
}

/// The mask, divided.
#[derive(Clone, Debug)]
pub(super) struct Clusters {
    pub(super) list: Vec<Cluster>,
    components: Components,
    /// One a component.
    tilings: Vec<Tiling>,
}

/// How a component is divided.
#[derive(Clone, Copy, Debug)]
struct Tiling {
    hole: Rect,
    first: u32,
    /// Side of a tile in pixels.
    side: u32,
}

impl Tiling {
    fn columns(&self) -> u32 {
        self.hole.width.div_ceil(self.side)
    }

    fn number(&self, x: u32, y: u32) -> u32 {
        self.first + (y - self.hole.y) / self.side * self.columns() + (x - self.hole.x) / self.side
    }
}

/// Of each tile the bounding rectangle of what is masked in it, and how much that is.
async fn tiles(
    mask: &Mask,
    components: &Components,
    label: u32,
    tiling: &Tiling,
    pacer: &dyn Pacer,
) -> Result<Vec<(Option<Rect>, usize)>> {
    let hole = tiling.hole;
    let mut tiles = vec![(None::<Rect>, 0); (tiling.columns() * hole.height.div_ceil(tiling.side)) as usize];
    for y in hole.y..hole.bottom() {
        if y % TILE == 0 {
            pacer.checkpoint().await?;
        }
        for x in (hole.x..hole.right()).filter(|x| mask.at(*x, y) > 0 && components.label(*x, y) == label) {
            let pixel = Rect { x, y, width: 1, height: 1 };
            let (hole, pixels) = &mut tiles[(tiling.number(x, y) - tiling.first) as usize];
            *hole = Some(hole.map_or(pixel, |hole| hole.union(&pixel)));
            *pixels += 1;
        }
    }
    Ok(tiles)
}

/// Surroundings are as wide as the hole is long, within these limits (pixels): enough texture to copy
/// from for a small hole, bounded work for a large one.
const CONTEXT: std::ops::RangeInclusive<u32> = 96..=400;

/// A scribble that spans more pixels than this, and covers less than so much of them, is filled tile by tile: work and memory are bounded by
/// the stroke, not by how far it goes.
const SPAN: usize = 1 << 20;
const SPARSE: usize = 8;
const TILE: u32 = 256;

impl Clusters {
    /// Splits `mask` into its components, and long thin ones further.
    pub(super) async fn new(image: Rect, mask: &Mask, pacer: &dyn Pacer) -> Result<Self> {
        let components = Components::of(mask);
        pacer.checkpoint().await?;
        let (mut list, mut tilings) = (vec![], vec![]);
        for (label, &Component { rect: hole, pixels }) in (0..).zip(components.list()) {
            let first = list.len() as u32;
            let is_sparse = hole.area() > SPAN && pixels * SPARSE < hole.area();
            let tiling = Tiling { hole, first, side: if is_sparse { TILE } else { hole.width.max(hole.height) } };
            let holes = if is_sparse {
                tiles(mask, &components, label, &tiling, pacer).await?
            } else {
                vec![(Some(hole), pixels)]
            };
            list.extend(holes.into_iter().zip(first..).map(|((tile, pixels), number)| {
                let hole = tile.unwrap_or(Rect { width: 0, height: 0, ..hole });
                let margin = hole.width.max(hole.height).clamp(*CONTEXT.start(), *CONTEXT.end());
                Cluster { hole, context: hole.grown(margin, &image), pixels, number, first }
            }));
            tilings.push(tiling);
        }
        Ok(Self { list, components, tilings })
    }

    /// The number of the cluster of a masked pixel of the picture, its place in the list.
    pub(super) fn number(&self, x: u32, y: u32) -> u32 {
        self.tilings[self.components.label(x, y) as usize].number(x, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unpaced;
    use proptest::prelude::*;

    fn clusters(image: Rect, mask: &Mask) -> Clusters {
        pollster::block_on(Clusters::new(image, mask, &Unpaced)).unwrap()
    }

    proptest! {
        #[test]
        fn every_masked_pixel_belongs_to_a_cluster_that_holds_it(
            spots in prop::collection::vec((0u32..300, 0u32..200, 1u32..40, 1u32..40), 1..12)
        ) {
            let image = Rect::of_size(340, 240);
            let mut coverage = vec![0u8; image.area()];
            for (x, y, w, h) in spots {
                for y in y..(y + h) {
                    for x in x..(x + w) {
                        coverage[(y * image.width + x) as usize] = 255;
                    }
                }
            }
            let masked = coverage.iter().filter(|c| **c > 0).count();
            let mask = Mask::new(image, coverage).unwrap();
            let found = clusters(image, &mask);
            prop_assert_eq!(found.list.iter().map(|c| c.pixels).sum::<usize>(), masked);
            for y in 0..image.height {
                for x in 0..image.width {
                    if mask.at(x, y) > 0 {
                        let pixel = Rect { x, y, width: 1, height: 1 };
                        let cluster = found.list[found.number(x, y) as usize];
                        prop_assert!(cluster.hole.contains(&pixel));
                    }
                }
            }
            for cluster in &found.list {
                prop_assert!(cluster.context.contains(&cluster.hole) && image.contains(&cluster.context));
            }
        }
    }

    #[test]
    fn far_apart_strokes_are_filled_apart() {
        let image = Rect::of_size(400, 50);
        let mut coverage = vec![0; image.area()];
        coverage[400 * 25 + 10] = 255;
        coverage[400 * 25 + 390] = 255;
        assert_eq!(clusters(image, &Mask::new(image, coverage).unwrap()).list.len(), 2);
    }

    #[test]
    fn a_scribble_across_a_photograph_is_filled_in_tiles() {
        let image = Rect::of_size(1500, 1300);
        let is_masked = |x: u32, y: u32| (10..1490).contains(&x) && y.abs_diff(20 + x * 5 / 6) < 6;
        let coverage: Vec<u8> =
            (0..1300).flat_map(|y| (0..1500).map(move |x| 255 * u8::from(is_masked(x, y)))).collect();
        let masked = coverage.iter().filter(|c| **c > 0).count();
        let found = clusters(image, &Mask::new(image, coverage).unwrap());
        assert_eq!(found.list.iter().map(|c| c.pixels).sum::<usize>(), masked);
        assert!(found.list.iter().all(|c| c.first == 0 && c.context.area() <= 768 * 768));
        for x in (10..1490).step_by(7) {
            let pixel = Rect { x, y: 20 + x * 5 / 6, width: 1, height: 1 };
            assert!(found.list[found.number(pixel.x, pixel.y) as usize].hole.contains(&pixel));
        }
    }
}
