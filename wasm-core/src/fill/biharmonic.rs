//! Biharmonic interpolation, which continues slopes as well as values: `L L u = 0` inside a hole, where `L` is the graph Laplacian of the pixel
//! grid with a free border (Neumann) and the two pixels around the hole are given. It reproduces planes, except where the hole touches the
//! picture's border: there it levels off, so that a ramp is lost, but grain is not extrapolated.
//!
//! The equations are symmetric and positive definite. Conjugate gradients (Hestenes and Stiefel 1952) solve them, starting from a [`membrane`].

use super::field::{Field, State, Window, quantised};
use super::membrane::{self, Value};
use crate::{Pacer, Result};

/// The number of iterations that are needed grows with the square of a hole's depth. In thin holes this many leave an error of a fraction of a level,
/// in long and wide ones of a few levels. In deep holes, which only get here by a forced route, the low frequencies stay those of the membrane.
const MAX_ITERATIONS: usize = 400;
/// The iteration stops when the mean squared residual of every channel is below this, in squared steps.
const ENOUGH: f64 = 1e-3;

/// The part of a pixel in the equations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Site {
    /// Its value is given.
    Given,
    /// Its value is to be found.
    Hole,
    /// It is left out, as if the picture ended before it.
    Absent,
}

/// Replaces the targets of `field` for which `is_wanted` holds by the biharmonic interpolation of everything else in it. Excluded pixels take no
/// part.
///
/// # Errors
/// [`Error::Cancelled`](crate::Error::Cancelled) from `pacer`.
pub(super) async fn interpolate(field: &mut Field, is_wanted: impl Fn(usize) -> bool, pacer: &dyn Pacer) -> Result<()> {
    let window = Window::of_targets(field, 2);
    let mut values: Vec<Value> = window.pixels().map(|at| field.pixels[at].map(f32::from)).collect();
    let site = |at: usize| match field.states[at] {
        State::Target if is_wanted(at) => Site::Hole,
        State::Excluded => Site::Absent,
        State::Known | State::Target => Site::Given,
    };
    let sites: Vec<Site> = window.pixels().map(site).collect();
    pacer.checkpoint().await?;
    fill([window.width, window.height], &mut values, &sites, pacer).await?;
    for ((at, value), site) in window.pixels().zip(values).zip(sites) {
        if site == Site::Hole {
            field.pixels[at] = quantised(value);
        }
    }
    Ok(())
}

/// Fills the holes of `values` (`[height, width]`) from the given pixels. Without any given pixel nothing changes.
async fn fill([width, height]: [usize; 2], values: &mut [Value], sites: &[Site], pacer: &dyn Pacer) -> Result<()> {
    let mut grid = Grid::new(width, sites);
    if grid.holes.is_empty() || !sites.contains(&Site::Given) {
        return Ok(());
    }
    pacer.checkpoint().await?;
    let given: Vec<bool> = sites.iter().map(|s| *s == Site::Given).collect();
    membrane::fill(width, height, values, &given, pacer).await?;
    // The right-hand side is zero, so that the residual of the first guess `u` is `-L L u`.
    let mut residual = grid.squared(values);
    residual.iter_mut().flatten().for_each(|r| *r = -*r);
    let mut direction = vec![[0.0; 4]; values.len()];
    let mut energy = [0.0f64; 4];
    let enough = ENOUGH * grid.holes.len() as f64;
    for _ in 0..MAX_ITERATIONS {
        pacer.checkpoint().await?;
        let now = dot(residual.iter().zip(&residual));
        if now.iter().all(|e| *e < enough) {
            break;
        }
        let keep: Value = std::array::from_fn(|i| if energy[i] > 0.0 { (now[i] / energy[i]) as f32 } else { 0.0 });
        energy = now;
        for (at, r) in grid.holes.iter().zip(&residual) {
            let d = &mut direction[*at];
            *d = std::array::from_fn(|i| r[i] + keep[i] * d[i]);
        }
        let bent = grid.squared(&direction);
        let curvature = dot(grid.holes.iter().map(|at| &direction[*at]).zip(&bent));
        let step: Value =
            std::array::from_fn(|i| if curvature[i] > 0.0 { (energy[i] / curvature[i]) as f32 } else { 0.0 });
        for ((at, bent), residual) in grid.holes.iter().zip(&bent).zip(&mut residual) {
            for i in 0..4 {
                values[*at][i] += step[i] * direction[*at][i];
                residual[i] -= step[i] * bent[i];
            }
        }
    }
    Ok(())
}

fn dot<'a>(pairs: impl Iterator<Item = (&'a Value, &'a Value)>) -> [f64; 4] {
    let mut sums = [0.0; 4];
    for (a, b) in pairs {
        for i in 0..4 {
            sums[i] += f64::from(a[i]) * f64::from(b[i]);
        }
    }
    sums
}

/// A pixel of the grid.
struct Cell {
    at: usize,
    /// Indices of its four neighbours. Where one is missing, the pixel's own index stands for it and cancels out of the Laplacian.
    around: [usize; 4],
}

/// The pixels of which the Laplacian is needed.
struct Grid {
    /// Indices of the pixels to be found.
    holes: Vec<usize>,
    /// The cells of `holes`, in the same order.
    hole_cells: Vec<Cell>,
    /// The cells of `holes` and of their neighbours.
    near_cells: Vec<Cell>,
    /// The Laplacian at `near_cells`, zero elsewhere; a buffer of [`Grid::squared`].
    once: Vec<Value>,
}

impl Grid {
    fn new(width: usize, sites: &[Site]) -> Self {
        let around = |at: usize| {
            let there = |inside: bool, next: usize| {
                if inside && sites.get(next).is_some_and(|s| *s != Site::Absent) { next } else { at }
            };
            let x = at % width;
            [
                there(x > 0, at.wrapping_sub(1)),
                there(x + 1 < width, at + 1),
                there(at >= width, at.wrapping_sub(width)),
                there(true, at + width),
            ]
        };
        let cell = |at: usize| Cell { at, around: around(at) };
        let is_hole = |at: &usize| sites[*at] == Site::Hole;
        let is_near = |cell: &Cell| is_hole(&cell.at) || cell.around.iter().any(is_hole);
        let holes: Vec<usize> = (0..sites.len()).filter(is_hole).collect();
        let there = (0..sites.len()).filter(|at| sites[*at] != Site::Absent);
        Self {
            hole_cells: holes.iter().map(|at| cell(*at)).collect(),
            near_cells: there.map(cell).filter(is_near).collect(),
            holes,
            once: vec![[0.0; 4]; sites.len()],
        }
    }

    /// `L L values` at the holes.
    #[inline(never)]
    fn squared(&mut self, values: &[Value]) -> Vec<Value> {
        for cell in &self.near_cells {
            self.once[cell.at] = cell.laplacian(values);
        }
        self.hole_cells.iter().map(|cell| cell.laplacian(&self.once)).collect()
    }
}

impl Cell {
    fn laplacian(&self, values: &[Value]) -> Value {
        let mut bend = values[self.at].map(|v| 4.0 * v);
        for next in self.around {
            for (b, v) in bend.iter_mut().zip(values[next]) {
                *b -= v;
            }
        }
        bend
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;
    use crate::Unpaced;

    /// The hole's equations as a dense matrix, solved by elimination.
    fn reference(width: usize, values: &[Value], sites: &[Site], channel: usize) -> Vec<f64> {
        let mut grid = Grid::new(width, sites);
        let holes = grid.holes.clone();
        let count = holes.len();
        let mut squared = |at: usize| -> Vec<f64> {
            let mut unit = vec![[0.0; 4]; sites.len()];
            unit[at][0] = 1.0;
            grid.squared(&unit).iter().map(|v| f64::from(v[0])).collect()
        };
        let mut rows = vec![vec![0.0; count + 1]; count];
        for at in (0..sites.len()).filter(|at| sites[*at] != Site::Absent) {
            for (row, v) in rows.iter_mut().zip(squared(at)) {
                match holes.iter().position(|hole| *hole == at) {
                    Some(column) => row[column] += v,
                    None => row[count] -= v * f64::from(values[at][channel]),
                }
            }
        }
        for i in 0..count {
            let pivot = rows[i].clone();
            for (_, row) in rows.iter_mut().enumerate().filter(|(j, _)| *j != i) {
                let factor = row[i] / pivot[i];
                row.iter_mut().zip(&pivot).for_each(|(r, p)| *r -= factor * p);
            }
        }
        (0..count).map(|i| rows[i][count] / rows[i][i]).collect()
    }

    #[test]
    fn solves_the_equations_on_random_shapes_also_at_the_border_and_beside_what_is_absent() {
        let mut random = Random::new(5);
        for (width, height) in [(17, 13), (9, 22), (31, 5)] {
            let sites: Vec<Site> = (0..width * height)
                .map(|i| match (i % width, i / width) {
                    (x, y) if (x + 2 * y) % 9 < 2 && x > 2 => Site::Hole,
                    (3, 2..4) => Site::Absent,
                    _ => Site::Given,
                })
                .collect();
            let mut values: Vec<Value> =
                (0..sites.len()).map(|_| [0.0; 4].map(|_: f32| random.below(2041) as f32)).collect();
            let wanted = reference(width, &values, &sites, 2);
            pollster::block_on(fill([width, height], &mut values, &sites, &Unpaced)).unwrap();
            let found = (0..sites.len()).filter(|at| sites[*at] == Site::Hole).map(|at| values[at][2]);
            for (found, wanted) in found.zip(wanted) {
                assert!((f64::from(found) - wanted).abs() < 4.0, "{width}x{height}: {found} for {wanted}");
            }
        }
    }

    #[test]
    fn keeps_planes_and_ignores_what_is_absent() {
        let (width, height) = (37, 29);
        let plane = |at: usize| [40.0 * (at % width) as f32 - 9.0 * (at / width) as f32 + 500.0; 4];
        let site = |at: usize| match (at % width, at / width) {
            (9..26, 8..21) => Site::Hole,
            (30.., _) => Site::Absent,
            _ => Site::Given,
        };
        let sites: Vec<Site> = (0..width * height).map(site).collect();
        let mut values: Vec<Value> =
            (0..sites.len()).map(|at| if sites[at] == Site::Given { plane(at) } else { [9e3; 4] }).collect();
        pollster::block_on(fill([width, height], &mut values, &sites, &Unpaced)).unwrap();
        for at in (0..sites.len()).filter(|at| sites[*at] == Site::Hole) {
            assert!((values[at][0] - plane(at)[0]).abs() < 1.0, "{at}: {} for {}", values[at][0], plane(at)[0]);
        }
    }
}
