//! A part of a picture in one colour, reduced, and its gradients.

use crate::pixels::{Image, Rect};

/// Values of reduced pixels, `[height, width]`.
pub(super) struct Plane {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) values: Vec<f32>,
}

/// Red, green and blue of a pixel on a white ground, 0 to 255.
pub(super) fn on_white(pixel: &[u8]) -> [f32; 3] {
    let alpha = f32::from(pixel[3]) / 255.0;
    [0, 1, 2].map(|channel| 255.0 + (f32::from(pixel[channel]) - 255.0) * alpha)
}

/// How much of a colour is seen in the direction of another.
pub(super) fn seen_in(colour: [f32; 3], rgb: [f32; 3]) -> f32 {
    colour[0] * rgb[0] + colour[1] * rgb[1] + colour[2] * rgb[2]
}

impl Plane {
    /// The part `rect` of `image` in a colour: each value is the mean of `by` × `by` pixels. What is left over at the right and at the bottom is left out.
    pub(super) fn reduced(image: &Image, colour: [f32; 3], rect: Rect, by: u32) -> Self {
        let (width, height) = ((rect.width / by) as usize, (rect.height / by) as usize);
        let mut values = vec![0.0; width * height];
        let stride = image.width() as usize * 4;
        for (row, line) in values.chunks_exact_mut(width.max(1)).enumerate() {
            for down in 0..by as usize {
                let y = rect.y as usize + row * by as usize + down;
                let pixels = &image.rgba()[y * stride + rect.x as usize * 4..][..width * by as usize * 4];
                for (value, group) in line.iter_mut().zip(pixels.chunks_exact(by as usize * 4)) {
                    *value += group.chunks_exact(4).map(|pixel| seen_in(colour, on_white(pixel))).sum::<f32>();
                }
            }
        }
        let share = 1.0 / (by * by) as f32;
        values.iter_mut().for_each(|value| *value *= share);
        Self { width, height, values }
    }

    /// Half of the difference of the neighbours on both sides, across and down; 0 on the border.
    pub(super) fn gradients(&self) -> (Vec<f32>, Vec<f32>) {
        let (mut across, mut down) = (vec![0.0; self.values.len()], vec![0.0; self.values.len()]);
        for y in 1..self.height.saturating_sub(1) {
            for x in 1..self.width.saturating_sub(1) {
                let at = y * self.width + x;
                across[at] = (self.values[at + 1] - self.values[at - 1]) / 2.0;
                down[at] = (self.values[at + self.width] - self.values[at - self.width]) / 2.0;
            }
        }
        (across, down)
    }
}
