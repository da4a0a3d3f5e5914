//! Corrects the low frequencies of the fill in thin holes. Across a few pixels, those of the [`biharmonic`] interpolation between the two sides are
//! nearer the truth than those of patches from elsewhere. High frequencies, which the interpolation lacks, stay those of the patches.

use super::biharmonic;
use super::field::{Field, State, Window, quantised};
use super::membrane::Value;
use crate::{Pacer, Result};

/// The share of the difference by which low frequencies are moved; less than all of it, because patches see more of the texture than the two sides.
const SHARE: f32 = 0.5;
/// Binomial weights, close to a Gaussian with a standard deviation of one pixel.
const LOW_PASS: [f32; 5] = [0.0625, 0.25, 0.375, 0.25, 0.0625];

/// Moves the low frequencies of the targets towards the biharmonic interpolation of what is known.
pub(super) async fn temper(field: &mut Field, pacer: &dyn Pacer) -> Result<()> {
    let mut smooth = field.clone();
    biharmonic::interpolate(&mut smooth, |_| true, pacer).await?;
    let window = Window::of_targets(field, 0);
    let mut change: Vec<Value> = window
        .pixels()
        .map(|at| std::array::from_fn(|i| f32::from(smooth.pixels[at][i] - field.pixels[at][i])))
        .collect();
    blur(&mut change, window.width, window.height);
    for (at, change) in window.pixels().zip(change) {
        if field.states[at] == State::Target {
            let pixel = field.pixels[at].map(f32::from);
            field.pixels[at] = quantised(std::array::from_fn(|i| pixel[i] + SHARE * change[i]));
        }
    }
    Ok(())
}

/// Convolves `[height, width]` values with [`LOW_PASS`] along both axes; values outside are zero.
fn blur(values: &mut [Value], width: usize, height: usize) {
    for (across, step, along) in [(true, 1, width), (false, width, height)] {
        let before = values.to_vec();
        for (at, value) in values.iter_mut().enumerate() {
            let place = if across { at % width } else { at / width };
            *value = [0.0; 4];
            for (tap, weight) in LOW_PASS.iter().enumerate() {
                if (2..along + 2).contains(&(place + tap)) {
                    let from = &before[at + tap * step - 2 * step];
                    for i in 0..4 {
                        value[i] += weight * from[i];
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unpaced;

    /// A ramp with a hole in which the fill is `off` too bright and has stripes.
    fn scene(width: usize, height: usize, hole: std::ops::Range<usize>, off: i16) -> Field {
        let state = |i: usize| if hole.contains(&(i % width)) { State::Target } else { State::Known };
        let stripe = |i: usize| if (i / width).is_multiple_of(2) { 40 } else { -40 };
        let pixel = |i: usize| match state(i) {
            State::Target => [500 + 8 * (i % width) as i16 + off + stripe(i); 4],
            _ => [500 + 8 * (i % width) as i16; 4],
        };
        Field {
            width,
            height,
            pixels: (0..width * height).map(pixel).collect(),
            states: (0..width * height).map(state).collect(),
        }
    }

    #[test]
    fn low_frequencies_follow_the_two_sides_and_texture_stays() {
        let before = scene(33, 27, 14..21, 100);
        let mut field = before.clone();
        pollster::block_on(temper(&mut field, &Unpaced)).unwrap();
        let ((x, y), width) = ((17, 13), field.width);
        let (above, below) = (field.pixels[y * width + x][1], field.pixels[(y + 1) * width + x][1]);
        let mean = f32::from(above + below) / 2.0 - (500 + 8 * x) as f32;
        assert!((20.0..60.0).contains(&mean), "{mean} of 100 left");
        assert!((above - below).abs() >= 70, "{above} {below}");
        for (at, state) in field.states.iter().enumerate() {
            assert!(*state == State::Target || field.pixels[at] == before.pixels[at]);
        }
    }

    #[test]
    fn a_hole_one_pixel_wide_is_no_exception() {
        let mut field = scene(21, 17, 9..10, 64);
        pollster::block_on(temper(&mut field, &Unpaced)).unwrap();
        assert!(field.pixels[8 * 21 + 9][0] < 500 + 72 + 64 + 40);
    }
}
