//! Divides the mask into clusters that are filled one after another, each from the part of the picture around it.

use crate::pixels::{Component, Components, Mask, Rect};
use crate::{Pacer, Result};

/// A part of the mask that is filled at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cluster {
    /// Bounding rectangle of its masked pixels. Pixels of other clusters may lie in it too.
    pub(super) hole: Rect,
    /// `hole` and the surroundings that it is filled from.
    pub(super) context: Rect,
    /// Number of masked pixels; 0 for tiles that the stroke does not touch.
    pub(super) pixels: usize,
    /// Its position in [`Clusters::list`].
    pub(super) number: u32,
    /// Number of the first cluster of the same stroke. The clusters from there up to this one are filled before it, and count as known for it.
    pub(super) first: u32,
}

/// The mask, divided into clusters.
#[derive(Clone, Debug)]
pub(super) struct Clusters {
    /// In the order in which they are filled.
    pub(super) list: Vec<Cluster>,
    components: Components,
    /// How each component is divided.
    tilings: Vec<Tiling>,
}

/// How a component is divided into clusters.
#[derive(Clone, Copy, Debug)]
struct Tiling {
    /// Bounding rectangle of the component.
    hole: Rect,
    /// Number of its first cluster.
    first: u32,
    /// Side of a tile in pixels.
    side: u32,
}

impl Tiling {
    fn columns(&self) -> u32 {
        self.hole.width.div_ceil(self.side)
    }

    /// The number of the cluster that holds a pixel of the component.
    fn number(&self, x: u32, y: u32) -> u32 {
        self.first + (y - self.hole.y) / self.side * self.columns() + (x - self.hole.x) / self.side
    }
}

/// For each tile of the component `label`, the bounding rectangle and the number of its masked pixels.
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

/// Range of the width of the surroundings, in pixels. Within it they are as wide as the longer side of the hole: at least enough texture to copy
/// from, at most what can be searched in reasonable time.
const CONTEXT: std::ops::RangeInclusive<u32> = 96..=400;

/// A component is divided into tiles if its rectangle has more than `SPAN` pixels, of which less than 1 in `SPARSE` is masked. Work and memory then
/// depend on the length of the stroke and not on the area that it spans.
const SPAN: usize = 1 << 20;
const SPARSE: usize = 8;
/// Side of a tile in pixels.
const TILE: u32 = 256;

impl Clusters {
    /// Divides `mask` into its components, and long thin components further into tiles.
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

    /// The number of the cluster that holds a masked pixel of the picture.
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
