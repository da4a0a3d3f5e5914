//! Luma of a part of a picture, reduced, and its gradients.

use crate::pixels::{Image, Rect};

/// Values of reduced pixels, `[height, width]`.
pub(super) struct Plane {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) values: Vec<f32>,
}

/// Luma (ITU-R BT.601) of a pixel on a white ground, 0 to 255.
pub(super) fn luma(pixel: &[u8]) -> f32 {
    let alpha = f32::from(pixel[3]) / 255.0;
    let opaque = 0.299 * f32::from(pixel[0]) + 0.587 * f32::from(pixel[1]) + 0.114 * f32::from(pixel[2]);
    255.0 + (opaque - 255.0) * alpha
}

impl Plane {
    /// The part `rect` of `image`: each value is the mean of `by` × `by` pixels. What is left over at the right and at the bottom is left out.
    pub(super) fn reduced(image: &Image, rect: Rect, by: u32) -> Self {
        let (width, height) = ((rect.width / by) as usize, (rect.height / by) as usize);
        let mut values = vec![0.0; width * height];
        let stride = image.width() as usize * 4;
        for (row, line) in values.chunks_exact_mut(width.max(1)).enumerate() {
            for down in 0..by as usize {
                let y = rect.y as usize + row * by as usize + down;
                let pixels = &image.rgba()[y * stride + rect.x as usize * 4..][..width * by as usize * 4];
                for (value, group) in line.iter_mut().zip(pixels.chunks_exact(by as usize * 4)) {
                    *value += group.chunks_exact(4).map(luma).sum::<f32>();
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
