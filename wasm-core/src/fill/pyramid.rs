//! Halved copies of a field, and how deep they go.

use super::field::{Field, Pixel, State};
use crate::{Pacer, Result};

/// A hole is coarse enough when no target is further than this from a known pixel (pixels, city-block).
const DEPTH: u32 = 3;
/// A level is never made smaller than this on a side.
const SMALLEST: usize = 32;

/// From the field itself (first) to the coarsest level (last).
pub(super) async fn pyramid(field: Field, pacer: &dyn Pacer) -> Result<Vec<Field>> {
    let mut levels = vec![field];
    while let Some(last) = levels.last() {
        let deep = depths(last).into_iter().max().unwrap_or(0) > DEPTH;
        if !deep || last.width.min(last.height) / 2 < SMALLEST {
            break;
        }
        pacer.checkpoint().await?;
        let next = halved(last);
        pacer.checkpoint().await?;
        // Nothing known would be left to copy from.
        if !next.states.contains(&State::Known) {
            break;
        }
        levels.push(next);
    }
    Ok(levels)
}

/// City-block distance of each pixel from the nearest known one; 0 for known pixels.
pub(super) fn depths(field: &Field) -> Vec<u32> {
    let (width, height) = (field.width, field.height);
    let far = (width + height) as u32;
    let mut depth: Vec<u32> = field.states.iter().map(|s| if *s == State::Known { 0 } else { far }).collect();
    for at in 0..depth.len() {
        if !at.is_multiple_of(width) {
            depth[at] = depth[at].min(depth[at - 1] + 1);
        }
        if at >= width {
            depth[at] = depth[at].min(depth[at - width] + 1);
        }
    }
    for at in (0..depth.len()).rev() {
        if at % width + 1 < width {
            depth[at] = depth[at].min(depth[at + 1] + 1);
        }
        if at / width + 1 < height {
            depth[at] = depth[at].min(depth[at + width] + 1);
        }
    }
    depth
}

/// Half the size, from known pixels only: a cell is known when at least half of it is.
fn halved(fine: &Field) -> Field {
    let (width, height) = (fine.width.div_ceil(2), fine.height.div_ceil(2));
    let mut pixels = Vec::with_capacity(width * height);
    let mut states = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let (mut known, mut target, mut cells) = (0, 0, 0);
            let mut of_known = [0i32; 4];
            let mut of_all = [0i32; 4];
            for y in y * 2..(y * 2 + 2).min(fine.height) {
                for x in x * 2..(x * 2 + 2).min(fine.width) {
                    let at = y * fine.width + x;
                    let add = |sum: &mut [i32; 4]| {
                        sum.iter_mut().zip(fine.pixels[at]).for_each(|(s, v)| *s += i32::from(v));
                    };
                    cells += 1;
                    add(&mut of_all);
                    match fine.states[at] {
                        State::Known => {
                            known += 1;
                            add(&mut of_known);
                        }
                        State::Target => target += 1,
                        State::Excluded => {}
                    }
                }
            }
            let mean = |sum: [i32; 4], count: i32| -> Pixel { sum.map(|s| (s / count) as i16) };
            let state = match () {
                () if known * 2 >= cells => State::Known,
                () if target > 0 => State::Target,
                () => State::Excluded,
            };
            pixels.push(if known > 0 { mean(of_known, known) } else { mean(of_all, cells) });
            states.push(state);
        }
    }
    Field { width, height, pixels, states }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unpaced;

    fn field(width: usize, height: usize, target: impl Fn(usize, usize) -> bool) -> Field {
        Field {
            width,
            height,
            pixels: (0..width * height).map(|i| [(i % 1999) as i16; 4]).collect(),
            states: (0..width * height)
                .map(|i| if target(i % width, i / width) { State::Target } else { State::Known })
                .collect(),
        }
    }

    #[test]
    fn depths_count_from_the_rim() {
        let field = field(9, 9, |x, y| (2..7).contains(&x) && (2..7).contains(&y));
        let depth = depths(&field);
        assert_eq!([depth[0], depth[2 * 9 + 2], depth[4 * 9 + 4]], [0, 1, 3]);
    }

    #[test]
    fn levels_shrink_until_the_hole_is_shallow() {
        let pyramid = |field| pollster::block_on(pyramid(field, &Unpaced)).unwrap();
        let levels = pyramid(field(301, 203, |x, y| (100..180).contains(&x) && (60..140).contains(&y)));
        assert_eq!(levels.iter().map(|l| (l.width, l.height)).collect::<Vec<_>>()[..2], [(301, 203), (151, 102)]);
        assert!(levels.len() >= 3);
        assert_eq!(pyramid(field(301, 203, |x, _| x == 7)).len(), 1);
    }

    #[test]
    fn targets_never_leak_into_known_cells() {
        let mut fine = field(64, 64, |x, _| x % 2 == 1);
        for (pixel, state) in fine.pixels.iter_mut().zip(&fine.states) {
            *pixel = if *state == State::Known { [100; 4] } else { [2000; 4] };
        }
        assert!(halved(&fine).pixels.iter().all(|p| *p == [100; 4]));
    }
}
