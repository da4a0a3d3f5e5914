//! Fills thin holes in smooth surroundings: by a plane where the surroundings are one, as the gradients of screens are, otherwise by their
//! [`biharmonic`] interpolation.

use super::biharmonic;
use super::content::Content;
use super::field::{FIXED_POINT_SCALE, Field, State, Window, quantised};
use crate::{Pacer, Result};

/// Width of the band around the hole in which smoothness is measured, in pixels.
const BAND: usize = 8;
/// Surroundings are smooth up to this mean magnitude of the Laplacian, in levels; rounding to 8 bits alone makes 1.
const SMOOTH: f32 = 1.0;
/// A Laplacian above this magnitude, in levels, is an edge, which a smooth fill would lose.
const EDGE: i16 = 12;
/// Largest distance of a known pixel from the plane, in levels: half a level of rounding and a margin for the error of the fit.
const ROUNDED: f64 = 0.55;

/// Whether the hole is thin and its surroundings are smooth: without grain, without edges, and not drawn.
pub(super) fn suits(field: &Field, content: Content) -> bool {
    if !content.is_thin || content.is_drawn {
        return false;
    }
    let window = Window::of_targets(field, BAND);
    let (mut sum, mut count) = (0.0, 0.0f32);
    let known = |at: usize| field.states[at] == State::Known;
    for at in window.pixels() {
        let x = at % field.width;
        if x == 0 || x + 1 == field.width || at < field.width || at + field.width >= field.pixels.len() {
            continue;
        }
        let around = [at - 1, at + 1, at - field.width, at + field.width];
        if known(at) && around.iter().all(|next| known(*next)) {
            for channel in 0..4 {
                let bend = around.iter().map(|next| i32::from(field.pixels[*next][channel])).sum::<i32>()
                    - 4 * i32::from(field.pixels[at][channel]);
                if bend.abs() > i32::from(EDGE * FIXED_POINT_SCALE) {
                    return false;
                }
                sum += bend.abs() as f32;
            }
            count += 4.0;
        }
    }
    count > 0.0 && sum / count <= SMOOTH * f32::from(FIXED_POINT_SCALE)
}

/// Fills the targets by a plane or by biharmonic interpolation.
pub(super) async fn fill(field: &mut Field, pacer: &dyn Pacer) -> Result<()> {
    let window = Window::of_targets(field, BAND);
    let Some(plane) = plane(field, &window) else { return biharmonic::interpolate(field, |_| true, pacer).await };
    for at in window.pixels().filter(|at| field.states[*at] == State::Target) {
        let place = [1.0, (at % field.width) as f64, (at / field.width) as f64];
        // Opaque colours are rounded to whole levels, as those around them are.
        let value = plane.map(|channel| dot(channel, place));
        let is_opaque = value[3] > 254.5;
        let steps = |v: f64| {
            if is_opaque {
                level(v) as f32 * f32::from(FIXED_POINT_SCALE)
            } else {
                v as f32 * f32::from(FIXED_POINT_SCALE)
            }
        };
        field.pixels[at] = quantised(value.map(steps));
    }
    Ok(())
}

/// Constant, slope in x and slope in y of each channel, in levels (per pixel); none unless every known pixel of the window is that plane, rounded.
fn plane(field: &Field, window: &Window) -> Option<[[f64; 3]; 4]> {
    let known = || window.pixels().filter(|at| field.states[*at] == State::Known);
    // Places count from the mean place, where the least-squares equations for constant and slopes separate.
    let count = known().count().max(1) as f64;
    let mean = |place: &dyn Fn(usize) -> usize| known().map(|at| place(at) as f64).sum::<f64>() / count;
    let middle = [mean(&|at| at % field.width), mean(&|at| at / field.width)];
    let place = |at: usize| [(at % field.width) as f64 - middle[0], (at / field.width) as f64 - middle[1]];
    let value = |at: usize, channel: usize| f64::from(field.pixels[at][channel]) / f64::from(FIXED_POINT_SCALE);
    let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
    let mut sums = [[0.0; 3]; 4];
    for at in known() {
        let [x, y] = place(at);
        xx += x * x;
        xy += x * y;
        yy += y * y;
        for (channel, sums) in sums.iter_mut().enumerate() {
            let v = value(at, channel);
            sums[0] += v;
            sums[1] += v * x;
            sums[2] += v * y;
        }
    }
    let determinant = xx * yy - xy * xy;
    if determinant < 1.0 {
        return None;
    }
    let plane = sums.map(|[v, vx, vy]| {
        let (slope_x, slope_y) = ((vx * yy - vy * xy) / determinant, (vy * xx - vx * xy) / determinant);
        [v / count - slope_x * middle[0] - slope_y * middle[1], slope_x, slope_y]
    });
    let fits = |at: usize| {
        let place = [1.0, (at % field.width) as f64, (at / field.width) as f64];
        (0..4).all(|channel| (dot(plane[channel], place) - value(at, channel)).abs() < ROUNDED)
    };
    known().all(fits).then_some(plane)
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn level(value: f64) -> f64 {
    value.round().clamp(0.0, 255.0)
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;

    #[test]
    fn suits_a_sky_but_neither_grain_nor_a_deep_hole_nor_an_edge() {
        let (width, height) = (90, 70);
        let suits_where = |hole: usize, light: &dyn Fn(usize, usize) -> i16| {
            let state = |i: usize| if (20..20 + hole).contains(&(i % width)) { State::Target } else { State::Known };
            let field = Field {
                width,
                height,
                pixels: (0..width * height).map(|i| [light(i % width, i / width) * FIXED_POINT_SCALE; 4]).collect(),
                states: (0..width * height).map(state).collect(),
            };
            suits(&field, pollster::block_on(Content::of(&field, &crate::Unpaced)).unwrap())
        };
        let sky = |x: usize, y: usize| (100 + x / 3 + y / 2) as i16;
        let mut random = Random::new(4);
        let noise: Vec<i16> = (0..width * height).map(|_| random.below(8) as i16).collect();
        assert!(suits_where(9, &sky));
        assert!(!suits_where(9, &|x, y| sky(x, y) + noise[y * width + x]));
        assert!(!suits_where(40, &sky));
        assert!(!suits_where(9, &|_, y| if y > 33 { 220 } else { 40 }));
    }
}
