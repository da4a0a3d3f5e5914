//! The plain form of a guided step of the sampler.

/// The latents after a step, and the finished ones that it predicts. `predicted` is the unconditional branch's noise, then the conditional
/// one's, or without guidance the latter alone; `k` are the roots of `abar_t` and `1 - abar_t`, and how much the result has of the prediction, of the noise and of `before`, which is
/// what the step before predicted.
pub fn sampler_step(predicted: &[f32], x: &[f32], guidance: f32, k: [f32; 5], before: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let (unconditional, conditional) = (&predicted[..x.len()], &predicted[predicted.len() - x.len()..]);
    let [a, b, clean, noisy, last] = k.map(f64::from);
    let of = |i: usize| {
        let (u, c) = (f64::from(unconditional[i]), f64::from(conditional[i]));
        let e = u + f64::from(guidance) * (c - u);
        let x0 = (f64::from(x[i]) - b * e) / a;
        let more = if last == 0.0 { 0.0 } else { last * f64::from(before[i]) };
        ((clean * x0 + noisy * e + more) as f32, x0 as f32)
    };
    (0..x.len()).map(of).unzip()
}
