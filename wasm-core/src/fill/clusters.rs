//! Which parts of the mask are filled together, and how much of the picture each may look at.

use crate::pixels::{Mask, Rect};

/// A part of the mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cluster {
    /// Bounding rectangle of its masked pixels.
    pub(super) hole: Rect,
    /// `hole` and the surroundings that it is filled from.
    pub(super) context: Rect,
    /// How many pixels of `hole` are masked.
    pub(super) pixels: usize,
}

/// Side of the cells on which connectedness is judged: strokes closer than this belong together.
const CELL: u32 = 16;

/// Surroundings are as wide as the hole is long, within these limits (pixels): enough texture to copy
/// from for a small hole, bounded work for a large one.
const CONTEXT: std::ops::RangeInclusive<u32> = 96..=400;

/// Splits `mask` into clusters whose holes cover all of it and do not overlap.
pub(super) fn clusters(image: Rect, mask: &Mask) -> Vec<Cluster> {
    let mut holes: Vec<(Rect, usize)> = cells(mask);
    // Merge until nothing touches: the number of cells is small, the loop ends when no pair is left.
    loop {
        let near = |a: &Rect, b: &Rect| a.grown(CELL, &image).intersects(b);
        let pair = (0..holes.len())
            .flat_map(|i| (i + 1..holes.len()).map(move |j| (i, j)))
            .find(|&(i, j)| near(&holes[i].0, &holes[j].0));
        let Some((i, j)) = pair else { break };
        let (rect, pixels) = holes.swap_remove(j);
        holes[i] = (holes[i].0.union(&rect), holes[i].1 + pixels);
    }
    holes.sort_by_key(|(rect, _)| (rect.y, rect.x));
    holes
        .into_iter()
        .map(|(hole, pixels)| {
            let margin = hole.width.max(hole.height).clamp(*CONTEXT.start(), *CONTEXT.end());
            Cluster { hole, context: hole.grown(margin, &image), pixels }
        })
        .collect()
}

/// Connected groups (8-neighbourhood) of mask cells, as the bounding rectangle and number of their masked pixels.
fn cells(mask: &Mask) -> Vec<(Rect, usize)> {
    let bounds = mask.rect();
    let (columns, rows) = (bounds.width.div_ceil(CELL), bounds.height.div_ceil(CELL));
    let mut cells: Vec<Option<(Rect, usize)>> = (0..rows)
        .flat_map(|row| (0..columns).map(move |column| (column, row)))
        .map(|(column, row)| {
            let (x, y) = (bounds.x + column * CELL, bounds.y + row * CELL);
            let mut found: Option<(Rect, usize)> = None;
            for y in y..(y + CELL).min(bounds.bottom()) {
                for x in x..(x + CELL).min(bounds.right()) {
                    if mask.at(x, y) > 0 {
                        let pixel = Rect { x, y, width: 1, height: 1 };
                        found = Some(found.map_or((pixel, 1), |(r, n)| (r.union(&pixel), n + 1)));
                    }
                }
            }
            found
        })
        .collect();
    let mut groups = Vec::new();
    for start in 0..cells.len() {
        let Some(mut group) = cells[start].take() else { continue };
        let mut open = vec![start];
        while let Some(at) = open.pop() {
            let (column, row) = ((at as u32) % columns, (at as u32) / columns);
            for row in row.saturating_sub(1)..=(row + 1).min(rows - 1) {
                for column in column.saturating_sub(1)..=(column + 1).min(columns - 1) {
                    let next = (row * columns + column) as usize;
                    if let Some((rect, pixels)) = cells[next].take() {
                        group = (group.0.union(&rect), group.1 + pixels);
                        open.push(next);
                    }
                }
            }
        }
        groups.push(group);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_masked_pixel_is_in_exactly_one_hole(
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
            prop_assert_eq!(found.iter().map(|c| c.pixels).sum::<usize>(), masked);
            for y in 0..image.height {
                for x in 0..image.width {
                    if mask.at(x, y) > 0 {
                        let pixel = Rect { x, y, width: 1, height: 1 };
                        prop_assert_eq!(found.iter().filter(|c| c.hole.contains(&pixel)).count(), 1);
                    }
                }
            }
            for cluster in &found {
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
        assert_eq!(clusters(image, &Mask::new(image, coverage).unwrap()).len(), 2);
    }
}
