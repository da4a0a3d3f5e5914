//! Which parts of the mask are filled together, and how much of the picture each may look at.

use crate::pixels::{Mask, Rect};

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
    bounds: Rect,
    columns: u32,
    /// For every cell of the mask's rectangle: the cluster that its masked pixels belong to.
    labels: Vec<u32>,
}

/// Side of the cells on which connectedness is judged: strokes closer than this belong together.
const CELL: u32 = 16;
/// Label of cells without a masked pixel.
const NONE: u32 = u32::MAX;

/// Surroundings are as wide as the hole is long, within these limits (pixels): enough texture to copy
/// from for a small hole, bounded work for a large one.
const CONTEXT: std::ops::RangeInclusive<u32> = 96..=400;

impl Clusters {
    /// Splits `mask` into groups of cells that touch each other, also at their corners.
    pub(super) fn new(image: Rect, mask: &Mask) -> Self {
        let bounds = mask.rect();
        let (columns, rows) = (bounds.width.div_ceil(CELL), bounds.height.div_ceil(CELL));
        let cells: Vec<Option<(Rect, usize)>> = (0..rows)
            .flat_map(|row| (0..columns).map(move |column| (column, row)))
            .map(|(column, row)| cell(mask, bounds.x + column * CELL, bounds.y + row * CELL))
            .collect();
        let mut labels = vec![NONE; cells.len()];
        let mut list: Vec<Cluster> = vec![];
        for start in 0..cells.len() {
            if cells[start].is_none() || labels[start] != NONE {
                continue;
            }
            let label = list.len() as u32;
            let mut group: Option<(Rect, usize)> = None;
            labels[start] = label;
            let mut open = vec![start];
            while let Some(at) = open.pop() {
                let Some((rect, pixels)) = cells[at] else { continue };
                group = Some(group.map_or((rect, pixels), |(r, n)| (r.union(&rect), n + pixels)));
                let (column, row) = ((at as u32) % columns, (at as u32) / columns);
                for row in row.saturating_sub(1)..=(row + 1).min(rows - 1) {
                    for column in column.saturating_sub(1)..=(column + 1).min(columns - 1) {
                        let next = (row * columns + column) as usize;
                        if cells[next].is_some() && labels[next] == NONE {
                            labels[next] = label;
                            open.push(next);
                        }
                    }
                }
            }
            if let Some((hole, pixels)) = group {
                let margin = hole.width.max(hole.height).clamp(*CONTEXT.start(), *CONTEXT.end());
                list.push(Cluster { hole, context: hole.grown(margin, &image), pixels, label });
            }
        }
        Self { list, bounds, columns, labels }
    }

    /// The cluster of a masked pixel of the picture.
    pub(super) fn label(&self, x: u32, y: u32) -> u32 {
        let (column, row) = ((x - self.bounds.x) / CELL, (y - self.bounds.y) / CELL);
        self.labels[(row * self.columns + column) as usize]
    }
}

/// Bounding rectangle and number of the masked pixels of the cell with this top left corner.
fn cell(mask: &Mask, left: u32, top: u32) -> Option<(Rect, usize)> {
    let bounds = mask.rect();
    let mut found: Option<(Rect, usize)> = None;
    for y in top..(top + CELL).min(bounds.bottom()) {
        for x in left..(left + CELL).min(bounds.right()) {
            if mask.at(x, y) > 0 {
                let pixel = Rect { x, y, width: 1, height: 1 };
                found = Some(found.map_or((pixel, 1), |(r, n)| (r.union(&pixel), n + 1)));
            }
        }
    }
    found
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
