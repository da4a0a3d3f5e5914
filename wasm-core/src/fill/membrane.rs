//! Membrane interpolation: the solution of Laplace's equation inside a hole with the values around it given.

use crate::{Pacer, Result};
use std::ops::Range;

/// Four channels of anything that can be interpolated: colours, errors, changes.
pub(crate) type Value = [f32; 4];

/// Sweeps of successive over-relaxation after the pull-push guess. Relaxation converges slowly at low frequencies, which the guess already has.
const SWEEPS: usize = 24;
/// The same in holes of more than [`MANY`] pixels, where the guess is good farther from what is given than relaxation reaches.
const SWEEPS_OF_MANY: usize = 8;
const MANY: usize = 200_000;
const OVER_RELAXATION: f32 = 1.7;
/// Pixels between two checkpoints: a few milliseconds of work.
const CHECKPOINT: usize = 1 << 18;

/// Fills the `values` (`[height, width]`) that are not `given` with a membrane through those that are. The border is free (Neumann). Without any
/// given value nothing changes.
///
/// # Errors
/// [`Error::Cancelled`](crate::Error::Cancelled) from `pacer`.
pub(crate) async fn fill(
    width: usize,
    height: usize,
    values: &mut [Value],
    given: &[bool],
    pacer: &dyn Pacer,
) -> Result<()> {
    if !given.contains(&true) {
        return Ok(());
    }
    pull_push(width, height, values, given);
    let holes: Vec<Run> = (0..height).flat_map(|y| runs(&given[y * width..][..width], y)).collect();
    let count: usize = holes.iter().map(|run| run.columns.len()).sum();
    for _ in 0..if count > MANY { SWEEPS_OF_MANY } else { SWEEPS } {
        let mut room = 0;
        for run in &holes {
            if room < run.columns.len() {
                pacer.checkpoint().await?;
                room = CHECKPOINT;
            }
            room = room.saturating_sub(run.columns.len());
            relax(width, height, values, run);
        }
    }
    Ok(())
}

/// [`fill`] without the relaxation: smooth, and in places a little off.
pub(super) fn rough(width: usize, height: usize, values: &mut [Value], given: &[bool]) {
    if given.contains(&true) {
        pull_push(width, height, values, given);
    }
}

/// Neighbours in a row that are to be filled.
struct Run {
    row: usize,
    columns: Range<usize>,
}

/// The runs of one row.
fn runs(given: &[bool], row: usize) -> impl Iterator<Item = Run> {
    let mut start = 0;
    given.chunk_by(|a, b| a == b).filter_map(move |same| {
        let columns = start..start + same.len();
        start = columns.end;
        (!same[0]).then_some(Run { row, columns })
    })
}

/// One sweep over some of the pixels to be filled.
fn relax(width: usize, height: usize, values: &mut [Value], Run { row: y, columns }: &Run) {
    let y = *y;
    if (1..height.saturating_sub(1)).contains(&y) && columns.start > 0 && columns.end < width {
        return relax_inner(width, values, y * width + columns.start..y * width + columns.end);
    }
    for x in columns.clone() {
        let at = y * width + x;
        let mut sum = [0.0; 4];
        let mut count = 0.0;
        let mut add = |neighbour: usize| {
            for (s, v) in sum.iter_mut().zip(values[neighbour]) {
                *s += v;
            }
            count += 1.0;
        };
        if x > 0 {
            add(at - 1);
        }
        if x + 1 < width {
            add(at + 1);
        }
        if y > 0 {
            add(at - width);
        }
        if y + 1 < height {
            add(at + width);
        }
        for (v, s) in values[at].iter_mut().zip(sum) {
            *v += OVER_RELAXATION * (s / count - *v);
        }
    }
}

/// [`relax`] where no pixel lies on the border.
#[inline(never)]
fn relax_inner(width: usize, values: &mut [Value], holes: Range<usize>) {
    let (above, rest) = values[holes.start - width..holes.end + width].split_at_mut(width - 1);
    let (row, below) = rest.split_at_mut(width);
    let count = holes.len();
    let (above, row, below) = (&above[..count], &mut row[..count + 2], &below[1..][..count]);
    for x in 0..count {
        let neighbours = [row[x], row[x + 2], above[x], below[x]];
        for (i, value) in row[x + 1].iter_mut().enumerate() {
            let sum: f32 = neighbours.iter().map(|neighbour| neighbour[i]).sum();
            *value += OVER_RELAXATION * (sum / 4.0 - *value);
        }
    }
}

/// Pull-push interpolation (Gortler et al. 1996): averages the given values at halved sizes until none is missing, then fills the missing ones
/// bilinearly from the coarser level.
fn pull_push(width: usize, height: usize, values: &mut [Value], given: &[bool]) {
    if given.iter().all(|g| *g) {
        return;
    }
    let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
    if (half_width, half_height) == (width, height) {
        return;
    }
    let mut coarse = vec![[0.0; 4]; half_width * half_height];
    let mut coarse_given = vec![false; coarse.len()];
    for y in 0..half_height {
        for x in 0..half_width {
            let mut sum = [0.0; 4];
            let mut count = 0.0;
            for fine_y in y * 2..(y * 2 + 2).min(height) {
                for fine_x in x * 2..(x * 2 + 2).min(width) {
                    let at = fine_y * width + fine_x;
                    if given[at] {
                        for (s, v) in sum.iter_mut().zip(values[at]) {
                            *s += v;
                        }
                        count += 1.0;
                    }
                }
            }
            if count > 0.0 {
                coarse[y * half_width + x] = sum.map(|s| s / count);
                coarse_given[y * half_width + x] = true;
            }
        }
    }
    pull_push(half_width, half_height, &mut coarse, &coarse_given);
    for (at, value) in values.iter_mut().enumerate().filter(|(at, _)| !given[*at]) {
        let (x, y) = (at % width, at / width);
        // Centre of the fine pixel among coarse centres: (x + 0.5) / 2 - 0.5.
        let axis = |fine: usize, length: usize| {
            let near = fine / 2;
            let far = if fine.is_multiple_of(2) { near.saturating_sub(1) } else { (near + 1).min(length - 1) };
            (near, far)
        };
        let ((x0, x1), (y0, y1)) = (axis(x, half_width), axis(y, half_height));
        let corner = |x: usize, y: usize| coarse[y * half_width + x];
        let (a, b, c, d) = (corner(x0, y0), corner(x1, y0), corner(x0, y1), corner(x1, y1));
        for i in 0..4 {
            value[i] = 0.5625 * a[i] + 0.1875 * (b[i] + c[i]) + 0.0625 * d[i];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unpaced;

    /// A plane is its own membrane.
    #[test]
    fn continues_a_plane_through_a_hole_of_odd_size() {
        let (width, height) = (37, 29);
        let plane = |at: usize| {
            let (x, y) = ((at % width) as f32, (at / width) as f32);
            [3.0 * x - 2.0 * y, x, y, 7.0]
        };
        let mut values: Vec<Value> = (0..width * height).map(plane).collect();
        let given: Vec<bool> =
            (0..values.len()).map(|at| !((9..26).contains(&(at % width)) && (8..21).contains(&(at / width)))).collect();
        for (value, _) in values.iter_mut().zip(&given).filter(|(_, g)| !**g) {
            *value = [999.0; 4];
        }
        pollster::block_on(fill(width, height, &mut values, &given, &Unpaced)).unwrap();
        for (at, value) in values.iter().enumerate() {
            for (seen, wanted) in value.iter().zip(plane(at)) {
                assert!((seen - wanted).abs() < 0.75, "{at}: {seen} for {wanted}");
            }
        }
    }

    #[test]
    fn pixels_inside_and_on_the_border_are_relaxed_by_the_same_rule() {
        let (width, height) = (9, 7);
        let mut random = super::super::random::Random::new(3);
        let before: Vec<Value> = (0..width * height).map(|_| [0; 4].map(|_| random.below(1000) as f32)).collect();
        for (row, columns) in [(0usize, 0usize..9), (3, 1..8), (3, 0..8), (3, 4..5), (5, 2..7), (6, 1..8)] {
            let mut expected = before.clone();
            for x in columns.clone() {
                let beside = [(x.wrapping_sub(1), row), (x + 1, row), (x, row.wrapping_sub(1)), (x, row + 1)];
                let near: Vec<Value> = beside
                    .into_iter()
                    .filter(|(x, y)| *x < width && *y < height)
                    .map(|(x, y)| expected[y * width + x])
                    .collect();
                for (i, value) in expected[row * width + x].iter_mut().enumerate() {
                    let mean = near.iter().map(|near| near[i]).sum::<f32>() / near.len() as f32;
                    *value += OVER_RELAXATION * (mean - *value);
                }
            }
            let mut values = before.clone();
            relax(width, height, &mut values, &Run { row, columns });
            assert_eq!(values, expected, "row {row}");
        }
    }

    #[test]
    fn leaves_everything_alone_when_nothing_is_given() {
        let mut values = vec![[4.0; 4]; 6];
        pollster::block_on(fill(3, 2, &mut values, &[false; 6], &Unpaced)).unwrap();
        assert_eq!(values, vec![[4.0; 4]; 6]);
    }
}
