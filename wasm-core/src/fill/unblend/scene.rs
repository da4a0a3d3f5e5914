//! The picture around the mask: what is known, how textured it is, and a membrane over the rest.

use super::arithmetic::{add, distance};
use super::{CELL, FEWEST_SITES, MARGIN, Rgb};
use crate::fill::membrane;
use crate::pixels::{Component, Components, Image, Mask, Rect};
use crate::{Pacer, Result};

/// How neighbouring pixels differ around a place, by root mean square over the channels, in levels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Grain {
    /// Mean difference, at least 0.7.
    pub(super) mean: f32,
    /// Share of neighbours that differ by a level at most: near 1 on screens and skies.
    pub(super) equal: f32,
    /// Mean difference of the others.
    pub(super) heavy: f32,
}

/// A connected part of the mask.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    /// Bounds in the window.
    pub(super) rect: Rect,
    pub(super) pixels: usize,
    /// Offsets at which the mask has the same shape again.
    pub(super) copies: Vec<(i32, i32)>,
}

/// The mask, divided.
pub(super) struct Pieces {
    /// The part of the picture that is looked at; everything else counts from its corner.
    pub(super) window: Rect,
    pub(super) list: Vec<Piece>,
    /// `[window.height, window.width]`: 0 where the picture is known, else 1 + the place in `list`.
    pub(super) labels: Vec<u32>,
}

pub(super) struct Scene<'a> {
    pub(super) image: &'a Image,
    pub(super) pieces: Pieces,
    /// `[window.height, window.width]`: a membrane through what is known around the mask.
    pub(super) guess: Vec<membrane::Value>,
    pub(super) grains: Grains,
}

/// In a mask that spans more pixels than this, strokes that cover less than so much of their own rectangle follow wires, and are no marks. A
/// scene takes about 30 bytes for each pixel spanned.
const SPAN: usize = 4_000_000;
const SPARSE: usize = 50;
/// Rows between two checkpoints: a few milliseconds of work.
const ROWS: u32 = 256;

impl<'a> Scene<'a> {
    /// None for masks that are too small, for scribbles across a large picture, and for pictures with transparency: there `I` has another
    /// meaning.
    pub(super) async fn new(image: &'a Image, mask: &Mask, pacer: &dyn Pacer) -> Result<Option<Self>> {
        let window = mask.rect().grown(MARGIN, &image.bounds());
        let is_scribble = |part: &Component| part.pixels * SPARSE < part.rect.area();
        if window.area() > SPAN && Components::of(mask).list().iter().all(is_scribble) {
            return Ok(None);
        }
        let pieces = Pieces::new(mask, window, pacer).await?;
        if pieces.list.iter().map(|p| p.pixels).sum::<usize>() < FEWEST_SITES {
            return Ok(None);
        }
        let mut opaque = true;
        let mut guess: Vec<membrane::Value> = Vec::with_capacity(window.area());
        for y in window.y..window.bottom() {
            if y % ROWS == 0 {
                pacer.checkpoint().await?;
            }
            for x in window.x..window.right() {
                let [r, g, b, a] = image.pixel(x, y);
                opaque &= a == 255;
                guess.push([r, g, b, a].map(f32::from));
            }
        }
        let given: Vec<bool> = pieces.labels.iter().map(|l| *l == 0).collect();
        if !opaque || !given.contains(&true) {
            return Ok(None);
        }
        pacer.checkpoint().await?;
        let grains = Grains::new(&guess, &given, window.width as usize);
        pacer.checkpoint().await?;
        membrane::fill(window.width as usize, window.height as usize, &mut guess, &given, pacer).await?;
        Ok(Some(Self { image, pieces, guess, grains }))
    }

    /// A pixel of the window.
    pub(super) fn colour(&self, x: u32, y: u32) -> Rgb {
        let [r, g, b, _] = self.image.pixel(x + self.pieces.window.x, y + self.pieces.window.y);
        [r, g, b].map(f32::from)
    }
}

/// Texture by cells of [`CELL`] pixels.
pub(super) struct Grains {
    pub(super) columns: usize,
    cells: Vec<Grain>,
}

impl Grains {
    /// `values` is `[height, width]`; only differences between two `given` neighbours count.
    pub(super) fn new(values: &[membrane::Value], given: &[bool], width: usize) -> Self {
        let height = values.len() / width;
        let (columns, rows) = (width.div_ceil(CELL), height.div_ceil(CELL));
        // Sum of differences, their number, and how many exceed a level.
        let mut sums = vec![[0.0f32; 3]; columns * rows];
        for at in 0..values.len() {
            let (x, y) = (at % width, at / width);
            for (next, inside) in [(at + 1, x + 1 < width), (at + width, y + 1 < height)] {
                if inside && given[at] && given[next] {
                    let (a, b) = (values[at], values[next]);
                    let difference = distance([a[0], a[1], a[2]], [b[0], b[1], b[2]]);
                    let cell = &mut sums[y / CELL * columns + x / CELL];
                    let large = if difference > 1.01 { 1.0 } else { 0.0 };
                    add(cell, [difference, 1.0, large], 1.0);
                }
            }
        }
        let mut cells = vec![Grain::default(); sums.len()];
        let mut open: Vec<usize> = (0..cells.len()).collect();
        // Wide marks have nothing known close to their middle: look further until there is enough.
        let table = summed(&sums, columns);
        for reach in [1, 2, 4, 8, 16, 64] {
            open.retain(|at| {
                let (column, row) = (at % columns, at / columns);
                let total = block(&table, columns, column, row, reach, rows);
                let enough = total[1] >= 48.0;
                if enough {
                    cells[*at] = Grain::of(total);
                }
                !enough
            });
        }
        let total = sums.iter().fold([0.0; 3], |mut total, s| {
            add(&mut total, *s, 1.0);
            total
        });
        open.iter().for_each(|at| cells[*at] = Grain::of(total));
        Self { columns, cells }
    }

    pub(super) fn at(&self, x: u32, y: u32) -> Grain {
        self.cells[y as usize / CELL * self.columns + x as usize / CELL]
    }
}

impl Grain {
    pub(super) fn of([sum, count, large]: [f32; 3]) -> Self {
        let mean = sum / count.max(1.0);
        let equal = (1.0 - large / count.max(1.0)).min(0.98);
        Self { mean: mean.max(0.7), equal, heavy: ((mean - 0.4 * equal) / (1.0 - equal)).max(1.5) }
    }
}

/// Integral image `[rows + 1, columns + 1]`. In double precision: single would lose the small differences.
pub(super) fn summed(cells: &[[f32; 3]], columns: usize) -> Vec<[f64; 3]> {
    let (rows, row) = (cells.len() / columns, columns + 1);
    let mut table = vec![[0.0; 3]; row * (rows + 1)];
    for y in 0..rows {
        let mut line = [0.0f64; 3];
        for x in 0..columns {
            for i in 0..3 {
                line[i] += f64::from(cells[y * columns + x][i]);
                table[(y + 1) * row + x + 1][i] = table[y * row + x + 1][i] + line[i];
            }
        }
    }
    table
}

/// Sum over the cells at most `reach` away from one.
pub(super) fn block(
    table: &[[f64; 3]],
    columns: usize,
    column: usize,
    row: usize,
    reach: usize,
    rows: usize,
) -> [f32; 3] {
    let (left, right) = (column.saturating_sub(reach), (column + reach + 1).min(columns));
    let (top, bottom) = (row.saturating_sub(reach), (row + reach + 1).min(rows));
    let at = |x: usize, y: usize, i: usize| table[y * (columns + 1) + x][i];
    std::array::from_fn(|i| (at(right, bottom, i) + at(left, top, i) - at(left, bottom, i) - at(right, top, i)) as f32)
}
