//! The plain form of softmax.

/// Over the last axis: `x` and the result are `[rows, length]`; everything is in f64.
pub fn softmax(x: &[f32], [rows, length]: [usize; 2]) -> Vec<f32> {
    let mut y = vec![];
    for row in 0..rows {
        let row = &x[row * length..(row + 1) * length];
        let most = row.iter().fold(f64::NEG_INFINITY, |most, &v| most.max(f64::from(v)));
        let powers: Vec<f64> = row.iter().map(|&v| (f64::from(v) - most).exp()).collect();
        let sum: f64 = powers.iter().sum();
        y.extend(powers.iter().map(|power| (power / sum) as f32));
    }
    y
}

/// Over the channels: `x` and the result are `[B, C, N]`.
pub fn softmax_columns(x: &[f32], [batch, channels, pixels]: [usize; 3]) -> Vec<f32> {
    let mut y = vec![0.0; x.len()];
    for b in 0..batch {
        for p in 0..pixels {
            let at = |c: usize| (b * channels + c) * pixels + p;
            let column: Vec<f32> = (0..channels).map(|c| x[at(c)]).collect();
            for (c, value) in softmax(&column, [1, channels]).into_iter().enumerate() {
                y[at(c)] = value;
            }
        }
    }
    y
}
