//! Which parts of the mask are filled together, and how much of the picture each may look at.

use crate::pixels::{Component, Components, Mask, Rect};

/// A part of the mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cluster {
    /// Bounding rectangle of its masked pixels; those of other clusters may lie in it too.
    pub(super) hole: Rect,
    /// `hole` and the surroundings that it is filled from.
    pub(super) context: Rect,
    /// How many pixels are masked.
    pub(super) pixels: usize,
    /// Its number in [`Clusters::label`].
    pub(super) label: u32,
}

/// The mask, divided.
#[derive(Clone, Debug)]
pub(super) struct Clusters {
    pub(super) list: Vec<Cluster>,
    components: Components,
}

/// Surroundings are as wide as the hole is long, within these limits (pixels): enough texture to copy
/// from for a small hole, bounded work for a large one.
const CONTEXT: std::ops::RangeInclusive<u32> = 96..=400;

impl Clusters {
    /// Splits `mask` into its components.
    pub(super) fn new(image: Rect, mask: &Mask) -> Self {
        let components = Components::of(mask);
        let clusters = components.list().iter().zip(0..).map(|(&Component { rect: hole, pixels }, label)| {
            let margin = hole.width.max(hole.height).clamp(*CONTEXT.start(), *CONTEXT.end());
            Cluster { hole, context: hole.grown(margin, &image), pixels, label }
        });
        Self { list: clusters.collect(), components }
    }

    /// The cluster of a masked pixel of the picture.
    pub(super) fn label(&self, x: u32, y: u32) -> u32 {
        self.components.label(x, y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
            let found = Clusters::new(image, &mask);
            prop_assert_eq!(found.list.iter().map(|c| c.pixels).sum::<usize>(), masked);
            for y in 0..image.height {
                for x in 0..image.width {
                    if mask.at(x, y) > 0 {
                        let pixel = Rect { x, y, width: 1, height: 1 };
                        let cluster = found.list[found.label(x, y) as usize];
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
        assert_eq!(Clusters::new(image, &Mask::new(image, coverage).unwrap()).list.len(), 2);
    }
}
