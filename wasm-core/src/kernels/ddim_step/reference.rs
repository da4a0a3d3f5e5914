//! The plain form of a guided DDIM step.

/// `predicted` is the unconditional branch's noise, then the conditional one's; `k` are the roots of `abar_t`, `1 - abar_t`,
/// `abar_prev` and `1 - abar_prev`.
pub fn ddim_step(predicted: &[f32], x: &[f32], guidance: f32, k: [f32; 4]) -> Vec<f32> {
    let (unconditional, conditional) = predicted.split_at(x.len());
    let k = k.map(f64::from);
    let step = |((u, c), x): ((&f32, &f32), &f32)| {
        let (u, c, x) = (f64::from(*u), f64::from(*c), f64::from(*x));
        let e = u + f64::from(guidance) * (c - u);
        (k[2] * ((x - k[1] * e) / k[0]) + k[3] * e) as f32
    };
    unconditional.iter().zip(conditional).zip(x).map(step).collect()
}
