//! The plain form of the depthwise convolution.

/// `scale * conv(x) + bias`: `x` and the result are `[B, C, H, W]`, `weights` is `[C, 12]` as the kernel takes it; sums in f64.
pub fn depthwise_conv(x: &[f32], weights: &[f32], [batch, channels, height, width]: [usize; 4]) -> Vec<f32> {
    let mut y = vec![];
    for b in 0..batch {
        for c in 0..channels {
            let plane = &x[(b * channels + c) * height * width..][..height * width];
            let weights = &weights[12 * c..][..12];
            for row in 0..height {
                for column in 0..width {
                    let mut sum = 0.0;
                    for dy in 0..3 {
                        for dx in 0..3 {
                            // One more than the pixel's place, so that it cannot be negative.
                            let (at_row, at_column) = (row + dy, column + dx);
                            if (1..=height).contains(&at_row) && (1..=width).contains(&at_column) {
                                let value = plane[(at_row - 1) * width + at_column - 1];
                                sum += f64::from(weights[3 * dy + dx]) * f64::from(value);
                            }
                        }
                    }
                    y.push((f64::from(weights[9]) * sum + f64::from(weights[10])) as f32);
                }
            }
        }
    }
    y
}

/// `v[f] * silu(v[F + f])`: `v` is `[B, 2F, pixels]`, the result `[B, F, pixels]`.
pub fn gate(v: &[f32], [batch, doubled, pixels]: [usize; 3]) -> Vec<f32> {
    let half = doubled / 2 * pixels;
    let mut y = vec![];
    for b in 0..batch {
        let sample = &v[b * 2 * half..][..2 * half];
        for i in 0..half {
            let (value, gate) = (f64::from(sample[i]), f64::from(sample[half + i]));
            y.push((value * gate / (1.0 + (-gate).exp())) as f32);
        }
    }
    y
}
