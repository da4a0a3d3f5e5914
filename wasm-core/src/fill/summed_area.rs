//! Summed-area tables (Crow 1984): the sum over any rectangle of a grid from four numbers.

use std::ops::{Add, Sub};

/// Sums of `N` quantities over a grid `[height, width]`, which is given row by row. A table that outgrows integers needs elements that
/// wrap around: sums over rectangles stay exact as long as they fit themselves.
pub(super) struct SummedArea<T, const N: usize> {
    width: usize,
    /// `[rows so far + 1, width + 1]`: the sums over everything above and to the left.
    sums: Vec<[T; N]>,
}

impl<T: Copy + Default + Add<Output = T> + Sub<Output = T>, const N: usize> SummedArea<T, N> {
    /// A table without rows, with room for `height` of them.
    pub(super) fn new(width: usize, height: usize) -> Self {
        let mut sums = Vec::with_capacity((width + 1) * (height + 1));
        sums.resize(width + 1, [T::default(); N]);
        Self { width, sums }
    }

    /// Appends a row of `width` cells, given by their column.
    pub(super) fn push_row(&mut self, cell: impl Fn(usize) -> [T; N]) {
        let mut line = [T::default(); N];
        self.sums.push(line);
        for x in 0..self.width {
            let (value, above) = (cell(x), self.sums[self.sums.len() - self.width - 1]);
            line = std::array::from_fn(|i| line[i] + value[i]);
            self.sums.push(std::array::from_fn(|i| above[i] + line[i]));
        }
    }

    /// The sums over the square of side `2 * radius + 1` around a cell, as far as it lies in the grid.
    pub(super) fn around(&self, [x, y]: [usize; 2], radius: usize) -> [T; N] {
        let row = self.width + 1;
        let height = self.sums.len() / row - 1;
        let (left, right) = (x.saturating_sub(radius), (x + radius + 1).min(self.width));
        let (top, bottom) = (y.saturating_sub(radius) * row, (y + radius + 1).min(height) * row);
        let corners = [bottom + right, top + left, bottom + left, top + right].map(|at| self.sums[at]);
        std::array::from_fn(|i| corners[0][i] + corners[1][i] - corners[2][i] - corners[3][i])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::Wrapping;

    #[test]
    fn squares_are_summed_also_at_the_border_and_when_the_table_wraps_around() {
        let (width, height) = (7usize, 5usize);
        let cell = |x: usize, y: usize| [Wrapping(0x7000_0000 + (x * y) as u32), Wrapping(x as u32)];
        let mut table = SummedArea::new(width, height);
        (0..height).for_each(|y| table.push_row(|x| cell(x, y)));
        for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
            for radius in [0, 1, 9] {
                let mut sums = [Wrapping(0); 2];
                for v in y.saturating_sub(radius)..(y + radius + 1).min(height) {
                    for u in x.saturating_sub(radius)..(x + radius + 1).min(width) {
                        let cell = cell(u, v);
                        (0..2).for_each(|i| sums[i] += cell[i]);
                    }
                }
                assert_eq!(table.around([x, y], radius), sums, "{x} {y} {radius}");
            }
        }
    }
}
