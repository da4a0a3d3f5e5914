//! The picture around the mask: what is known, how textured it is, and a first guess of what the mask hides.

use super::colour::{Rgb, add, distance, weighted_squared};
use super::pieces::Pieces;
use crate::fill::membrane;
use crate::fill::summed_area::SummedArea;
use crate::pixels::{Component, Components, Image, Mask};
use crate::{Pacer, Result};

/// Distance between the pixels of a pair: more than twice the width of an antialiased edge.
pub(super) const APART: i64 = 5;

/// Width of the surroundings that texture is measured on, in pixels around the mask.
const MARGIN: u32 = 24;
/// Side of the cells in which texture is measured, in pixels.
pub(super) const CELL: usize = 8;
/// Minimum number of masked pixels; fewer are no evidence of anything.
const MIN_SITES: usize = 120;

/// How neighbouring pixels differ around a place. A difference is the root mean square over the channels, in levels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Grain {
    /// Mean difference, at least 0.7.
    pub(super) mean: f32,
    /// Share of the differences that are at most one level: near 1 on screens and skies.
    pub(super) equal: f32,
    /// Mean of the other differences.
    pub(super) heavy: f32,
    /// [`Self::heavy`] with hues weighted as in [`Scene::hue`].
    pub(super) weighted: f32,
}

/// A mask and the picture around it.
pub(super) struct Scene<'a> {
    pub(super) image: &'a Image,
    pub(super) pieces: Pieces,
    /// `[window.height, window.width]`: the picture, and under the mask a membrane through what is known around it.
    pub(super) guess: Vec<membrane::Value>,
    /// `[window.height, window.width]`: steps along rows and columns to the nearest pixel that is known, at most 255.
    pub(super) depths: Vec<u8>,
    pub(super) grains: Grains,
    /// Differences of pixels that lie [`APART`] instead of those of neighbours.
    pub(super) far_grains: Grains,
    /// Weight of the square of a difference in hue, against 1 for one in brightness: texture is mostly one of brightness.
    pub(super) hue: f32,
}

/// Scribbles that follow wires are no marks: in a mask whose window has more than `SPAN` pixels, strokes that cover less than 1 in `SPARSE`
/// pixels of their own rectangle. A scene takes about 30 bytes for each pixel of the window.
const SPAN: usize = 4_000_000;
const SPARSE: usize = 50;
/// Rows between two checkpoints: a few milliseconds of work.
const ROWS: u32 = 256;

impl<'a> Scene<'a> {
    /// None for masks that are too small, for scribbles across a large picture, and for pictures with transparency, whose colours `I` have another
    /// meaning.
    pub(super) async fn new(image: &'a Image, mask: &Mask, pacer: &dyn Pacer) -> Result<Option<Self>> {
        let window = mask.rect().grown(MARGIN, &image.bounds());
        let is_scribble = |part: &Component| part.pixels * SPARSE < part.rect.area();
        if window.area() > SPAN && Components::of(mask).list().iter().all(is_scribble) {
            return Ok(None);
        }
        let pieces = Pieces::new(mask, window, pacer).await?;
        if pieces.count() < MIN_SITES {
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
        let depths = depths(&given, window.width as usize);
        let hue = weight_of_hue(&guess, &given, window.width as usize);
        let grains = Grains::new(&guess, &given, window.width as usize, 1, hue);
        pacer.checkpoint().await?;
        let far_grains = Grains::new(&guess, &given, window.width as usize, APART as usize, 1.0);
        pacer.checkpoint().await?;
        membrane::fill(window.width as usize, window.height as usize, &mut guess, &given, pacer).await?;
        Ok(Some(Self { image, pieces, guess, depths, grains, far_grains, hue }))
    }

    /// The colour of the picture at a place of the window.
    pub(super) fn colour(&self, x: u32, y: u32) -> Rgb {
        let [r, g, b, _] = self.image.pixel(x + self.pieces.window.x, y + self.pieces.window.y);
        [r, g, b].map(f32::from)
    }
}

/// Steps along rows and columns from each pixel to the nearest given one, at most 255.
#[inline(never)]
fn depths(given: &[bool], width: usize) -> Vec<u8> {
    let mut depths: Vec<u8> = given.iter().map(|given| if *given { 0 } else { u8::MAX }).collect();
    for row in (0..depths.len()).step_by(width) {
        for at in row..row + width {
            let before = if at > row { depths[at - 1] } else { u8::MAX };
            let above = if at >= width { depths[at - width] } else { u8::MAX };
            depths[at] = depths[at].min(before.min(above).saturating_add(1));
        }
    }
    for row in (0..depths.len()).step_by(width).rev() {
        for at in (row..row + width).rev() {
            let after = if at + 1 < row + width { depths[at + 1] } else { u8::MAX };
            let below = depths.get(at + width).copied().unwrap_or(u8::MAX);
            depths[at] = depths[at].min(after.min(below).saturating_add(1));
        }
    }
    depths
}

/// Maximum of [`Scene::hue`].
const MAX_HUE: f32 = 16.0;

/// [`Scene::hue`] by the differences of given neighbours in rows.
#[inline(never)]
fn weight_of_hue(values: &[membrane::Value], given: &[bool], width: usize) -> f32 {
    let (mut bright, mut hue) = (0.0f64, 0.0f64);
    let pairs = (0..values.len()).step_by(width).flat_map(|row| row..row + width - 1);
    for at in pairs.filter(|at| given[*at] && given[at + 1]) {
        let (a, b) = (values[at], values[at + 1]);
        let off: Rgb = std::array::from_fn(|i| a[i] - b[i]);
        let brightness = (off[0] + off[1] + off[2]).abs() / 3.0f32.sqrt();
        bright += f64::from(brightness);
        hue += f64::from(
            ((off[0] * off[0] + off[1] * off[1] + off[2] * off[2] - brightness * brightness).max(0.0) / 2.0).sqrt(),
        );
    }
    let ratio = (bright / (hue + 1e-3)) as f32;
    (ratio * ratio).clamp(1.0, MAX_HUE)
}

/// Texture, measured in square cells with a side of [`CELL`] pixels.
pub(super) struct Grains {
    columns: usize,
    cells: Vec<Grain>,
}

impl Grains {
    /// Measures `values` (`[height, width]`), of which only differences between two `given` pixels that lie `apart` in a row or a column count.
    #[inline(never)]
    fn new(values: &[membrane::Value], given: &[bool], width: usize, apart: usize, hue: f32) -> Self {
        let height = values.len() / width;
        let (columns, rows) = (width.div_ceil(CELL), height.div_ceil(CELL));
        // Sum of differences, their number, the number of those above one level, and the sum of weighted differences.
        let mut sums = vec![[0.0f32; 4]; columns * rows];
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        for (at, (x, y)) in places.enumerate().filter(|(at, _)| given[*at]) {
            for (next, inside) in [(at + apart, x + apart < width), (at + apart * width, y + apart < height)] {
                if inside && given[next] {
                    let (a, b) = (values[at], values[next]);
                    let difference = distance([a[0], a[1], a[2]], [b[0], b[1], b[2]]);
                    let cell = &mut sums[y / CELL * columns + x / CELL];
                    let large = if difference > 1.01 { 1.0 } else { 0.0 };
                    let weighted = (weighted_squared([a[0] - b[0], a[1] - b[1], a[2] - b[2]], hue) / 3.0).sqrt();
                    add(cell, [difference, 1.0, large, weighted], 1.0);
                }
            }
        }
        let mut cells = vec![Grain::default(); sums.len()];
        let mut open: Vec<usize> = (0..cells.len()).collect();
        // Wide marks have nothing known near their middle: the radius grows, in cells, until there are enough differences.
        let mut table = SummedArea::new(columns, rows);
        (0..rows).for_each(|row| table.push_row(|column| sums[row * columns + column].map(f64::from)));
        for reach in [1, 2, 4, 8, 16, 64] {
            open.retain(|at| {
                let total = table.around([at % columns, at / columns], reach).map(|sum| sum as f32);
                let enough = total[1] >= 48.0;
                if enough {
                    cells[*at] = Grain::of(total);
                }
                !enough
            });
        }
        let total = sums.iter().fold([0.0; 4], |mut total, s| {
            add(&mut total, *s, 1.0);
            total
        });
        open.iter().for_each(|at| cells[*at] = Grain::of(total));
        Self { columns, cells }
    }

    /// The texture around a place of the window.
    pub(super) fn at(&self, x: u32, y: u32) -> Grain {
        self.cells[y as usize / CELL * self.columns + x as usize / CELL]
    }
}

impl Grain {
    /// From a sum of differences, their number, and the number of those above one level.
    fn of([sum, count, large, weighted]: [f32; 4]) -> Self {
        let (mean, weighted) = (sum / count.max(1.0), weighted / count.max(1.0));
        let equal = (1.0 - large / count.max(1.0)).min(0.98);
        let heavy = |mean: f32| ((mean - 0.4 * equal) / (1.0 - equal)).max(1.5);
        Self { mean: mean.max(0.7), equal, heavy: heavy(mean), weighted: heavy(weighted) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depths_are_steps_along_rows_and_columns() {
        let mut given = vec![false; 5 * 4];
        given[7] = true;
        assert_eq!(depths(&given, 5), [3, 2, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 2, 3, 4, 3, 2, 3, 4]);
        assert_eq!(depths(&vec![false; 300], 300), [u8::MAX; 300]);
    }
}
