//! The smoothest continuation that also keeps slopes: `L L u = 0` inside a hole, `L` the graph Laplacian of the pixel
//! grid with a free border (Neumann), with the two pixels around the hole given. Reproduces planes,
//! except where the hole touches the picture's border: there it levels off, which costs a ramp but keeps grain from being extrapolated.
//!
//! The equations are symmetric and positive definite; conjugate gradients (Hestenes and Stiefel 1952) solve them from
//! a [`membrane`].

use super::membrane::{self, Value};
use crate::{Pacer, Result};

/// What is needed grows with the square of a hole's depth: thin ones settle to a fraction of a level or, if they are long and wide, a few.
/// In deep ones, which only a forced route has, the low frequencies stay the membrane's.
const MOST_ITERATIONS: usize = 400;
/// Stops when the mean squared residual has fallen below this (values are [`STEPS`](super::field::STEPS) per level).
const ENOUGH: f64 = 1e-3;

/// What a pixel is to the equations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Site {
    /// Its value is used.
    Given,
    /// Its value is wanted.
    Hole,
    /// Not there at all.
    Absent,
}

/// Fills the holes of `values`, `[height, width]`, from the given pixels; nothing given, nothing changed.
///
/// # Errors
/// [`Error::Cancelled`](crate::Error::Cancelled) from `pacer`.
pub(super) async fn fill(
    [width, height]: [usize; 2],
    values: &mut [Value],
    sites: &[Site],
    pacer: &dyn Pacer,
) -> Result<()> {
    let mut grid = Grid::new(width, sites);
    if grid.holes.is_empty() || !sites.contains(&Site::Given) {
        return Ok(());
    }
    let given: Vec<bool> = sites.iter().map(|s| *s == Site::Given).collect();
    membrane::fill(width, height, values, &given, pacer).await?;
    // From the residual of the membrane on, only changes of the holes matter: they are zero elsewhere.
    let mut residual = grid.squared(values);
    residual.iter_mut().flatten().for_each(|r| *r = -*r);
    let mut direction = vec![[0.0; 4]; values.len()];
    let mut energy = [0.0f64; 4];
    let enough = ENOUGH * grid.holes.len() as f64;
    for _ in 0..MOST_ITERATIONS {
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

/// A pixel that takes part.
struct Cell {
    at: usize,
    /// Its neighbours; itself where one is missing, which adds nothing.
    around: [usize; 4],
}

/// The pixels that take part, and their neighbours.
struct Grid {
    holes: Vec<usize>,
    /// The same with their neighbours.
    hole_cells: Vec<Cell>,
    /// Those and all that touches them.
    near_cells: Vec<Cell>,
    /// The Laplacian at `near_cells`, zero elsewhere.
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
    use super::super::patch_match::Random;
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
