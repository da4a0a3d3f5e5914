//! Copies of a field at halved sizes, until the hole is shallow.

use super::field::{Field, Pixel, State};
use crate::{Pacer, Result};

/// No further level is made once every target is at most this far from a known pixel (city-block distance in pixels).
const MAX_DEPTH: u32 = 3;
/// Minimum side of a level, in pixels.
const MIN_SIDE: usize = 32;
/// Rows between two checkpoints: a few milliseconds of work.
const ROWS: usize = 128;

/// The levels from the field itself (first) to the coarsest (last).
pub(super) async fn pyramid(field: Field, pacer: &dyn Pacer) -> Result<Vec<Field>> {
    let mut levels = vec![field];
    while let Some(last) = levels.last() {
        let deep = last.depths().into_iter().max().unwrap_or(0) > MAX_DEPTH;
        if !deep || last.width.min(last.height) / 2 < MIN_SIDE {
            break;
        }
        pacer.checkpoint().await?;
        let next = halved(last, pacer).await?;
        pacer.checkpoint().await?;
        // Nothing known would be left to copy from.
        if !next.states.contains(&State::Known) {
            break;
        }
        levels.push(next);
    }
    Ok(levels)
}

/// A field of half the size. Each pixel is the mean of the known ones among 2x2, and known when at least half of them are.
async fn halved(fine: &Field, pacer: &dyn Pacer) -> Result<Field> {
    let (width, height) = (fine.width.div_ceil(2), fine.height.div_ceil(2));
    let mut pixels = Vec::with_capacity(width * height);
    let mut states = Vec::with_capacity(width * height);
    for y in 0..height {
        if y.is_multiple_of(ROWS) {
            pacer.checkpoint().await?;
        }
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
    Ok(Field { width, height, pixels, states })
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
        assert!(pollster::block_on(halved(&fine, &Unpaced)).unwrap().pixels.iter().all(|p| *p == [100; 4]));
    }
}
