//! Latents as a small picture, without the decoder: each pixel's colour is a linear function of its latent.
//!
//! Which one is found from the picture at hand: its latents are known, and so are its pixels. Least squares, with a little ridge so that
//! a flat picture, whose latents hardly vary, gives a defined answer.

use super::config::{LATENT_CHANNELS, LATENT_SCALE};
use crate::{Error, Result};

/// Latent channels and the constant.
const INPUTS: usize = LATENT_CHANNELS as usize + 1;
/// Ridge, as a share of a latent's variance of 1.
const RIDGE: f64 = 1e-3;

/// From a latent to a colour between -1 and 1.
#[derive(Clone, Debug, PartialEq)]
pub struct LatentToRgb {
    /// For each colour: four factors and a constant.
    rows: [[f64; INPUTS]; 3],
}

impl LatentToRgb {
    /// Fits latents `[4, n, n]` to the picture `[3, 8 n, 8 n]` that they were encoded from.
    ///
    /// # Errors
    /// [`Error::Shape`] if the two do not belong together.
    pub fn fit(latents: &[f32], picture: &[f32]) -> Result<Self> {
        let area = latents.len() / LATENT_CHANNELS as usize;
        let n = area.isqrt();
        let scale = LATENT_SCALE as usize;
        if n == 0 || n * n * LATENT_CHANNELS as usize != latents.len() || picture.len() != 3 * area * scale * scale {
            let what = format!("{} latents and {} colours do not belong together", latents.len(), picture.len());
            return Err(Error::Shape(what));
        }
        // Normal equations of one set of inputs and three outputs.
        let mut matrix = [[0.0; INPUTS]; INPUTS];
        let mut sums = [[0.0; INPUTS]; 3];
        for at in 0..area {
            let inputs = inputs(latents, area, at);
            for (row, input) in matrix.iter_mut().zip(inputs) {
                row.iter_mut().zip(inputs).for_each(|(cell, other)| *cell += input * other);
            }
            for (colour, sums) in sums.iter_mut().enumerate() {
                let mean = block_mean(&picture[colour * area * scale * scale..], n * scale, at / n, at % n);
                sums.iter_mut().zip(inputs).for_each(|(sum, input)| *sum += input * mean);
            }
        }
        for (at, row) in matrix.iter_mut().enumerate() {
            row[at] += RIDGE * area as f64;
        }
        Ok(Self { rows: sums.map(|sums| solved(matrix, sums)) })
    }

    /// The colours of latents `[4, n, n]`: bytes `[n, n, 3]`.
    pub fn apply(&self, latents: &[f32]) -> Vec<u8> {
        let area = latents.len() / LATENT_CHANNELS as usize;
        let colour = |inputs: &[f64; INPUTS], row: &[f64; INPUTS]| {
            let value: f64 = row.iter().zip(inputs).map(|(factor, input)| factor * input).sum();
            ((value + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8
        };
        let pixels = (0..area).map(|at| inputs(latents, area, at));
        pixels.flat_map(|inputs| self.rows.map(|row| colour(&inputs, &row))).collect()
    }
}

fn inputs(latents: &[f32], area: usize, at: usize) -> [f64; INPUTS] {
    std::array::from_fn(|i| if i + 1 == INPUTS { 1.0 } else { f64::from(latents[i * area + at]) })
}

/// Mean of the pixels under a latent one.
fn block_mean(plane: &[f32], width: usize, row: usize, column: usize) -> f64 {
    let scale = LATENT_SCALE as usize;
    let rows = (0..scale).map(|y| (row * scale + y) * width + column * scale);
    let sum: f64 = rows.flat_map(|from| &plane[from..from + scale]).map(|value| f64::from(*value)).sum();
    sum / (scale * scale) as f64
}

/// Solves a small system, symmetric and positive definite thanks to the ridge, by elimination.
fn solved(mut matrix: [[f64; INPUTS]; INPUTS], mut right: [f64; INPUTS]) -> [f64; INPUTS] {
    for at in 0..INPUTS {
        let pivot = matrix[at];
        for below in at + 1..INPUTS {
            let factor = matrix[below][at] / pivot[at];
            matrix[below].iter_mut().zip(pivot).for_each(|(cell, above)| *cell -= factor * above);
            right[below] -= factor * right[at];
        }
    }
    for at in (0..INPUTS).rev() {
        let known: f64 = (at + 1..INPUTS).map(|i| matrix[at][i] * right[i]).sum();
        right[at] = (right[at] - known) / matrix[at][at];
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Stream, gaussian};

    const N: usize = 12;

    /// Latents, and a picture whose blocks are a linear function of them, with detail that averages out.
    fn pair() -> (Vec<f32>, Vec<f32>) {
        let latents = gaussian(5, Stream::Start, 4 * N * N);
        let scale = LATENT_SCALE as usize;
        let side = N * scale;
        let mut picture = vec![0.0; 3 * side * side];
        for (i, value) in picture.iter_mut().enumerate() {
            let (colour, y, x) = (i / (side * side), i / side % side, i % side);
            let at = y / scale * N + x / scale;
            let factors = [[0.2, -0.1, 0.05, 0.0], [0.1, 0.1, 0.0, -0.2], [-0.05, 0.15, 0.1, 0.1]][colour];
            let mean: f32 = (0..4).map(|c| factors[c] * latents[c * N * N + at]).sum();
            *value = mean + 0.1 * colour as f32 + if (x + y) % 2 == 0 { 0.2 } else { -0.2 };
        }
        (latents, picture)
    }

    #[test]
    fn the_map_that_made_the_picture_is_found() {
        let (latents, picture) = pair();
        let shown = LatentToRgb::fit(&latents, &picture).unwrap().apply(&latents);
        for (i, byte) in shown.iter().enumerate() {
            let (at, colour) = (i / 3, i % 3);
            let side = N * LATENT_SCALE as usize;
            let mean = block_mean(&picture[colour * side * side..], side, at / N, at % N);
            let wanted = ((mean + 1.0) * 127.5).clamp(0.0, 255.0);
            assert!((f64::from(*byte) - wanted).abs() <= 1.5, "{byte} for {wanted}");
        }
    }

    #[test]
    fn a_flat_picture_gives_its_own_colour_and_sizes_must_fit() {
        let latents = vec![0.3; 4 * N * N];
        let picture = vec![-0.5; 3 * N * N * 64];
        let shown = LatentToRgb::fit(&latents, &picture).unwrap().apply(&latents);
        assert!(shown.iter().all(|byte| byte.abs_diff(64) <= 1), "{:?}", &shown[..3]);
        assert!(matches!(LatentToRgb::fit(&latents, &picture[1..]), Err(Error::Shape(_))));
    }
}
