//! Connected components of a mask.

use super::{Mask, Rect};

/// A connected component of a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component {
    /// Bounding rectangle of its masked pixels. Pixels of other components may lie in it too.
    pub rect: Rect,
    /// Number of masked pixels.
    pub pixels: usize,
}

/// A mask divided into components. Connectedness is judged on cells of 16x16 pixels, which are connected if they touch, also at a corner.
#[derive(Clone, Debug)]
pub struct Components {
    list: Vec<Component>,
    bounds: Rect,
    columns: u32,
    /// For every cell of the mask's rectangle, the component of its masked pixels, or [`NONE`].
    labels: Vec<u32>,
}

/// Side of a cell in pixels. Strokes closer than this always belong together.
const CELL: u32 = 16;
/// Label of cells without a masked pixel.
const NONE: u32 = u32::MAX;

impl Components {
    /// Divides `mask`.
    pub fn of(mask: &Mask) -> Self {
        let bounds = mask.rect();
        let (columns, rows) = (bounds.width.div_ceil(CELL), bounds.height.div_ceil(CELL));
        let cells: Vec<Option<Component>> = (0..rows)
            .flat_map(|row| (0..columns).map(move |column| (column, row)))
            .map(|(column, row)| cell(mask, bounds.x + column * CELL, bounds.y + row * CELL))
            .collect();
        let mut labels = vec![NONE; cells.len()];
        let mut list = vec![];
        for start in 0..cells.len() {
            if cells[start].is_none() || labels[start] != NONE {
                continue;
            }
            let label = list.len() as u32;
            let mut group: Option<Component> = None;
            labels[start] = label;
            let mut open = vec![start];
            while let Some(at) = open.pop() {
                let Some(cell) = cells[at] else { continue };
                group = Some(group.map_or(cell, |group| group.with(cell)));
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
            list.extend(group);
        }
        Self { list, bounds, columns, labels }
    }

    /// The components, in the order of their labels.
    pub fn list(&self) -> &[Component] {
        &self.list
    }

    /// The label of a masked pixel of the picture: the position of its component in the list.
    pub fn label(&self, x: u32, y: u32) -> u32 {
        let (column, row) = ((x - self.bounds.x) / CELL, (y - self.bounds.y) / CELL);
        self.labels[(row * self.columns + column) as usize]
    }
}

impl Component {
    /// The union of two components.
    fn with(self, other: Self) -> Self {
        Self { rect: self.rect.union(&other.rect), pixels: self.pixels + other.pixels }
    }
}

/// The masked pixels of the cell with this top left corner; none if it has none.
fn cell(mask: &Mask, left: u32, top: u32) -> Option<Component> {
    let bounds = mask.rect();
    let mut found: Option<Component> = None;
    for y in top..(top + CELL).min(bounds.bottom()) {
        for x in left..(left + CELL).min(bounds.right()) {
            if mask.at(x, y) > 0 {
                let pixel = Component { rect: Rect { x, y, width: 1, height: 1 }, pixels: 1 };
                found = Some(found.map_or(pixel, |found| found.with(pixel)));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Components of a mask of these pixels in a picture of 200 x 200.
    fn of(pixels: &[(u32, u32)]) -> Components {
        let bounds = Rect::of_size(200, 200);
        let mut coverage = vec![0; bounds.area()];
        for (x, y) in pixels {
            coverage[(y * bounds.width + x) as usize] = 255;
        }
        Components::of(&Mask::new(bounds, coverage).unwrap())
    }

    #[test]
    fn strokes_that_go_on_are_one_in_every_direction() {
        let line = |place: &dyn Fn(u32) -> (u32, u32)| of(&(0..150).map(place).collect::<Vec<_>>());
        for (found, rect) in [
            (line(&|i| (i + 7, 20)), Rect { x: 7, y: 20, width: 150, height: 1 }),
            (line(&|i| (20, i + 7)), Rect { x: 20, y: 7, width: 1, height: 150 }),
            (line(&|i| (i + 7, i + 7)), Rect { x: 7, y: 7, width: 150, height: 150 }),
            (line(&|i| (i + 7, 190 - i)), Rect { x: 7, y: 41, width: 150, height: 150 }),
        ] {
            assert_eq!(found.list(), [Component { rect, pixels: 150 }]);
        }
    }

    #[test]
    fn what_lies_apart_is_told_apart() {
        let found = of(&[(5, 5), (60, 5), (60, 120), (61, 121)]);
        assert_eq!(found.list().iter().map(|component| component.pixels).collect::<Vec<_>>(), [1, 1, 2]);
        assert_eq!([found.label(5, 5), found.label(60, 5), found.label(61, 121)], [0, 1, 2]);
    }
}
