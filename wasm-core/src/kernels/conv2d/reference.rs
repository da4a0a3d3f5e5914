//! The plain forms of the convolutions.

/// `X` as `[B, C, H, W]` under `W` as `[M, C, K, K]`: the result of the given size, with zeros outside the map; sums in f64.
pub fn conv2d(
    w: &[f32],
    x: &[f32],
    [batch, m, c, k]: [usize; 4],
    [h, width]: [usize; 2],
    [out_h, out_w]: [usize; 2],
    stride: usize,
    pad: usize,
) -> Vec<f32> {
    let mut y = vec![];
    for b in 0..batch {
        for o in 0..m {
            for at in 0..out_h * out_w {
                let (top, left) = (at / out_w * stride, at % out_w * stride);
                let mut sum = 0.0;
                for i in 0..c {
                    for (ky, kx) in (0..k * k).map(|t| (t / k, t % k)) {
                        let (py, px) = ((top + ky).wrapping_sub(pad), (left + kx).wrapping_sub(pad));
                        if py < h && px < width {
                            let weight = f64::from(w[((o * c + i) * k + ky) * k + kx]);
                            sum += weight * f64::from(x[((b * c + i) * h + py) * width + px]);
                        }
                    }
                }
                y.push(sum as f32);
            }
        }
    }
    y
}

/// Every pixel as 2x2 pixels: planes of `[H, W]` to planes of `[2 H, 2 W]`.
pub fn upsample_nearest(x: &[f32], h: usize, w: usize) -> Vec<f32> {
    let plane = |p: &[f32]| -> Vec<f32> { (0..4 * h * w).map(|i| p[i / (2 * w) / 2 * w + i % (2 * w) / 2]).collect() };
    x.chunks(h * w).flat_map(plane).collect()
}
