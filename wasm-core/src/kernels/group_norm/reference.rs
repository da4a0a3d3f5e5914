//! The plain form of group normalisation.

/// `x` and the result are `[B, C, pixels]`, `weight` and `bias` `[C]`; everything is in f64.
pub fn group_norm(
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    [batch, channels, pixels]: [usize; 3],
    groups: usize,
    epsilon: f64,
) -> Vec<f32> {
    let per_group = channels / groups;
    let mut y = vec![0.0; x.len()];
    for b in 0..batch {
        for group in 0..groups {
            let members = group * per_group..(group + 1) * per_group;
            let at = |c: usize, p: usize| (b * channels + c) * pixels + p;
            let count = (per_group * pixels) as f64;
            let mut sum = 0.0;
            for c in members.clone() {
                for p in 0..pixels {
                    sum += f64::from(x[at(c, p)]);
                }
            }
            let mean = sum / count;
            let mut squares = 0.0;
            for c in members.clone() {
                for p in 0..pixels {
                    squares += (f64::from(x[at(c, p)]) - mean).powi(2);
                }
            }
            let deviation = (squares / count + epsilon).sqrt();
            for c in members {
                for p in 0..pixels {
                    let normal = (f64::from(x[at(c, p)]) - mean) / deviation;
                    y[at(c, p)] = (normal * f64::from(weight[c]) + f64::from(bias[c])) as f32;
                }
            }
        }
    }
    y
}
