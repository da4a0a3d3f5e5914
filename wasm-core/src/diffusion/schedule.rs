//! The schedule of a run: timesteps and coefficients of the sampler, deterministic DDIM or DPM-Solver++(2M), with classifier-free guidance.
//!
//! Song, Meng, Ermon, "Denoising Diffusion Implicit Models" (arXiv:2010.02502), equation 12 with sigma = 0; Ho,
//! Salimans, "Classifier-Free Diffusion Guidance" (arXiv:2207.12598). The table of alphas is the "scaled linear"
//! one of latent diffusion (arXiv:2112.10752): roots of beta in equal steps, over 1000 timesteps. Everything is
//! rounded to f32 where the reference rounds, so that both have the same numbers.
//!
//! DPM-Solver++ is Lu et al., arXiv:2211.01095; its multistep form of second order takes the change of the prediction from the last step to
//! this one into account, and needs half as many steps for the same error.

use crate::{Error, Result};

/// Timesteps that the network was trained with.
pub const TRAINED_STEPS: u32 = 1000;

/// Beta of the first and of the last timestep.
const BETAS: (f64, f64) = (0.00085, 0.012);

/// The steps of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    start: Start,
    steps: Vec<Step>,
}

/// The latents before the first step: `image * z + noise * n`, z being the picture's latents and n Gaussian noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Start {
    /// Factor of the picture's latents: `sqrt(abar_t)`.
    pub image: f32,
    /// Factor of the noise: `sqrt(1 - abar_t)`.
    pub noise: f32,
}

/// One step: from the latents at a timestep, and the noise that the network predicts in them, to the latents at the next timestep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The network's time input, between 999 and 0.
    pub timestep: u32,
    /// `abar_t`.
    pub alpha: f32,
    /// `abar` of the next timestep, 1 after the last.
    pub alpha_prev: f32,
    /// `sqrt(abar_t)`.
    pub sqrt_alpha: f32,
    /// `sqrt(1 - abar_t)`.
    pub sqrt_noise: f32,
    /// `sqrt(abar_prev)`.
    pub sqrt_alpha_prev: f32,
    /// `sqrt(1 - abar_prev)`.
    pub sqrt_noise_prev: f32,
    /// How much of the finished latents that this step predicts the next latents have, beside `sqrt_noise_prev` of the predicted noise.
    pub clean: f32,
    /// How much they have of those that the step before predicted; 0 in DDIM.
    pub clean_before: f32,
    /// Whether the noise comes from both branches of classifier-free guidance, or from the conditional one alone.
    pub is_guided: bool,
}

/// Where a fast schedule begins, as the usual one does: the start must not show more of what is to be erased.
const FAST_START: u32 = 900;
/// Timestep below which a fast schedule goes without guidance (Kynkäänniemi et al., arXiv:2404.07724): so late, it hardly changes the result, and a step
/// without it is half the work.
const FAST_GUIDANCE_END: u32 = 300;

impl Schedule {
    /// Spaces `steps` over the whole range of timesteps, and runs the last `floor(steps * strength)` of them. A run with a
    /// strength below 1 begins with the picture's latents under noise, a run with strength 1 with noise alone.
    ///
    /// # Errors
    /// [`Error::Argument`] for steps outside 1..=1000, a strength outside (0, 1], and where no step remains.
    pub fn new(steps: u32, strength: f64) -> Result<Self> {
        if !(1..=TRAINED_STEPS).contains(&steps) {
            return Err(Error::Argument(format!(
                "the number of steps lies between 1 and {TRAINED_STEPS}, not at {steps}"
            )));
        }
        if !(strength > 0.0 && strength <= 1.0) {
            return Err(Error::Argument(format!("the strength lies above 0 and up to 1, not at {strength}")));
        }
        // Truncated, as in the reference: a strength of 0.99 drops one step of any number up to 100.
        let kept = (f64::from(steps) * strength) as u32;
        if kept == 0 {
            return Err(Error::Argument(format!(
                "{steps} steps at a strength of {strength} leave nothing to do; ask for more steps"
            )));
        }
        let alphas = alphas_cumprod(&betas());
        // The spacing is a whole number: 30 steps are 33 apart, and the first of 29 is at 924.
        let apart = TRAINED_STEPS / steps;
        let steps: Vec<Step> = (0..kept)
            .rev()
            .map(|i| {
                let alpha = alphas[(i * apart) as usize];
                let alpha_prev = if i == 0 { 1.0 } else { alphas[((i - 1) * apart) as usize] };
                Step::new(i * apart, alpha, alpha_prev)
            })
            .collect();
        let start = match steps.first() {
            Some(first) if strength < 1.0 => Start { image: first.sqrt_alpha, noise: first.sqrt_noise },
            _ => Start { image: 0.0, noise: 1.0 },
        };
        Ok(Self { start, steps })
    }

    /// DPM-Solver++(2M) with `steps` steps, in even steps of the log signal-to-noise ratio from timestep 900 to 0. The first and the last step are
    /// of first order. The late steps go without guidance.
    ///
    /// # Errors
    /// [`Error::Argument`] for fewer than two steps, or so many that some would fall together.
    pub fn fast(steps: u32) -> Result<Self> {
        let alphas = alphas_cumprod(&betas());
        let ratio = |alpha: f32| 0.5 * libm::log(f64::from(alpha) / (1.0 - f64::from(alpha)));
        let (first, last) = (ratio(alphas[FAST_START as usize]), ratio(alphas[0]));
        let near = |wanted: f64| {
            let distance = |t: &u32| (ratio(alphas[*t as usize]) - wanted).abs();
            (0..=FAST_START).min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(0)
        };
        let apart = (last - first) / f64::from(steps.max(2) - 1);
        let times: Vec<u32> = (0..steps).map(|i| near(first + apart * f64::from(i))).collect();
        if steps < 2 || times.windows(2).any(|pair| pair[0] <= pair[1]) {
            return Err(Error::Argument(format!("a fast run has 2 to about 50 steps, not {steps}")));
        }
        let mut all: Vec<Step> = vec![];
        for (i, &time) in times.iter().enumerate() {
            let alpha_prev = times.get(i + 1).map_or(1.0, |&next| alphas[next as usize]);
            let is_guided = time >= FAST_GUIDANCE_END;
            let step = Step { is_guided, ..Step::new(time, alphas[time as usize], alpha_prev) };
            let before = all.last().filter(|_| i + 1 < times.len()).map(|before| before.alpha);
            all.push(before.map_or(step, |before| step.second_order(ratio(before), ratio)));
        }
        let start = all.first().map_or(Start { image: 0.0, noise: 1.0 }, |first| Start {
            image: first.sqrt_alpha,
            noise: first.sqrt_noise,
        });
        Ok(Self { start, steps: all })
    }

    /// The latents before the first step.
    pub fn start(&self) -> Start {
        self.start
    }

    /// At least one step, in descending order of timesteps; the last one is at 0.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

impl Step {
    fn new(timestep: u32, alpha: f32, alpha_prev: f32) -> Self {
        Self {
            timestep,
            alpha,
            alpha_prev,
            sqrt_alpha: alpha.sqrt(),
            sqrt_noise: (1.0 - alpha).sqrt(),
            sqrt_alpha_prev: alpha_prev.sqrt(),
            sqrt_noise_prev: (1.0 - alpha_prev).sqrt(),
            clean: alpha_prev.sqrt(),
            clean_before: 0.0,
            is_guided: true,
        }
    }

    /// The roots of `abar_t` and `1 - abar_t`, then how much the next latents have of the prediction, of the predicted noise, and of what the
    /// step before predicted.
    pub fn coefficients(&self) -> [f32; 5] {
        [self.sqrt_alpha, self.sqrt_noise, self.clean, self.sqrt_noise_prev, self.clean_before]
    }

    /// This step as one of second order, after a step from where the log signal-to-noise ratio was `before`; `ratio` gives it for an `abar`.
    ///
    /// With h the distance of this step in that ratio and r h that of the last, the prediction in the middle of this step is taken to be
    /// `x0 + (x0 - x0_before) / (2 r)`, which replaces `x0` in `(1 - exp(-h)) sqrt(abar_prev) x0`.
    fn second_order(self, before: f64, ratio: impl Fn(f32) -> f64) -> Self {
        let (here, next) = (ratio(self.alpha), ratio(self.alpha_prev));
        let share = (1.0 - libm::exp(here - next)) * (next - here) / (2.0 * (here - before));
        let more = (share * f64::from(self.alpha_prev).sqrt()) as f32;
        Self { clean: self.clean + more, clean_before: -more, ..self }
    }
}

/// Added noise per timestep: the squares of equal steps between the roots of 0.00085 and 0.012.
pub fn betas() -> Vec<f32> {
    let (first, last) = (BETAS.0.sqrt() as f32, BETAS.1.sqrt() as f32);
    let apart = f64::from((last - first) / (TRAINED_STEPS - 1) as f32);
    (0..TRAINED_STEPS)
        .map(|i| {
            // Computed from the nearer end, as the reference's library does.
            let root = if i < TRAINED_STEPS / 2 {
                f64::from(first) + apart * f64::from(i)
            } else {
                f64::from(last) - apart * f64::from(TRAINED_STEPS - 1 - i)
            } as f32;
            root * root
        })
        .collect()
}

/// How much of a picture is left at each timestep: `abar_t`, the product of `1 - beta` up to there.
pub fn alphas_cumprod(betas: &[f32]) -> Vec<f32> {
    // In double precision, because a rounded running product would drift.
    let left = |product: &mut f64, beta: &f32| {
        *product *= f64::from(1.0 - beta);
        Some(*product as f32)
    };
    betas.iter().scan(1.0, left).collect()
}

#[cfg(test)]
mod parity {
    use super::*;
    use safetensors::{Dtype, SafeTensors};
    use std::io::Write as _;

    /// A file of tensors among the fixtures.
    struct Tensors(Vec<u8>);

    impl Tensors {
        fn open(name: &str) -> Self {
            let path = format!("{}/tests/fixtures/moebius/{name}.safetensors", env!("CARGO_MANIFEST_DIR"));
            Self(std::fs::read(path).unwrap())
        }

        fn floats(&self, name: &str) -> Vec<f32> {
            self.words(name, Dtype::F32).into_iter().map(f32::from_le_bytes).collect()
        }

        fn integers(&self, name: &str) -> Vec<i32> {
            self.words(name, Dtype::I32).into_iter().map(i32::from_le_bytes).collect()
        }

        fn words(&self, name: &str, dtype: Dtype) -> Vec<[u8; 4]> {
            let file = SafeTensors::deserialize(&self.0).unwrap();
            let tensor = file.tensor(name).unwrap();
            assert_eq!(tensor.dtype(), dtype, "{name}");
            tensor.data().as_chunks().0.to_vec()
        }
    }

    fn differing(a: &[f32], b: &[f32]) -> usize {
        assert_eq!(a.len(), b.len());
        a.iter().zip(b).filter(|(a, b)| a.to_bits() != b.to_bits()).count()
    }

    #[test]
    fn the_table_of_alphas_is_the_references_to_the_bit() {
        let file = Tensors::open("ddim");
        let betas = betas();
        let wrong_betas = differing(&betas, &file.floats("betas"));
        let wrong_alphas = differing(&alphas_cumprod(&betas), &file.floats("alphas_cumprod"));
        writeln!(
            std::io::stderr(),
            "parity schedule: {wrong_betas} of 1000 betas, {wrong_alphas} of 1000 alphas differ"
        )
        .unwrap();
        assert_eq!((wrong_betas, wrong_alphas), (0, 0));
    }

    #[test]
    fn twenty_steps_run_through_the_references_times() {
        let file = Tensors::open("ddim");
        let times = |schedule: &Schedule| schedule.steps().iter().map(|s| s.timestep as i32).collect::<Vec<_>>();
        let schedule = Schedule::new(20, 0.99).unwrap();
        let alphas: Vec<f32> = schedule.steps().iter().map(|s| s.alpha).collect();
        let alphas_prev: Vec<f32> = schedule.steps().iter().map(|s| s.alpha_prev).collect();
        let wrong = differing(&alphas, &file.floats("alpha_t")) + differing(&alphas_prev, &file.floats("alpha_prev"));
        writeln!(std::io::stderr(), "parity schedule: times {:?}, {wrong} of 38 alphas differ", times(&schedule))
            .unwrap();
        assert_eq!(times(&schedule), file.integers("timesteps_kept"));
        assert_eq!(times(&Schedule::new(20, 1.0).unwrap()), file.integers("timesteps_all"));
        assert_eq!(wrong, 0);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn times_descend_to_zero_and_alphas_climb_to_one(steps in 1u32..=1000, strength in 0.001..=1.0f64) {
            let Ok(schedule) = Schedule::new(steps, strength) else {
                prop_assert!(f64::from(steps) * strength < 1.0);
                return Ok(());
            };
            let all = schedule.steps();
            prop_assert!(all.len() <= steps as usize && all[0].timestep < TRAINED_STEPS);
            prop_assert!(all.windows(2).all(|w| w[0].timestep > w[1].timestep && w[0].alpha_prev == w[1].alpha));
            prop_assert!(all.iter().all(|s| s.alpha < s.alpha_prev && s.sqrt_alpha > 0.0));
            let last = all.last().unwrap();
            prop_assert_eq!((last.timestep, last.alpha_prev, last.sqrt_noise_prev), (0, 1.0, 0.0));
        }
    }

    /// The noise in `x` at `alpha`, given that pictures are one of a few points with some spread: known exactly.
    fn noise_in(x: &[f64], alpha: f64) -> Vec<f64> {
        let centre = |which: usize, i: usize| ((which * 7 + i * 3) % 11) as f64 / 4.0 - 1.2;
        let spread = alpha * 0.04 + 1.0 - alpha;
        let away = |which: usize| x.iter().enumerate().map(move |(i, x)| x - alpha.sqrt() * centre(which, i));
        let logs: Vec<f64> = (0..4).map(|w| -away(w).map(|d| d * d).sum::<f64>() / (2.0 * spread)).collect();
        let most = logs.iter().copied().fold(f64::MIN, f64::max);
        let weights: Vec<f64> = logs.iter().map(|l| (l - most).exp()).collect();
        let all: f64 = weights.iter().sum();
        let mut noise = vec![0.0; x.len()];
        for (which, weight) in weights.iter().enumerate() {
            for (sum, d) in noise.iter_mut().zip(away(which)) {
                *sum += weight / all * d / spread * (1.0 - alpha).sqrt();
            }
        }
        noise
    }

    /// Where a schedule leads from latents at timestep 900.
    fn led(schedule: &Schedule, start: &[f64]) -> Vec<f64> {
        let (mut x, mut before) = (start.to_vec(), vec![0.0; start.len()]);
        for step in schedule.steps() {
            let noise = noise_in(&x, step.alpha.into());
            let [a, b, clean, noisy, last] = step.coefficients().map(f64::from);
            let predicted: Vec<f64> = x.iter().zip(&noise).map(|(x, e)| (x - b * e) / a).collect();
            x = (0..x.len()).map(|i| clean * predicted[i] + noisy * noise[i] + last * before[i]).collect();
            before = predicted;
        }
        x
    }

    #[test]
    fn ten_fast_steps_err_less_than_nineteen_usual_ones() {
        let distance = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        let usual = Schedule::new(20, 0.99).unwrap();
        assert_eq!(usual.steps()[0].timestep, FAST_START);
        let converged = Schedule::new(500, 0.903).unwrap();
        assert_eq!(converged.steps()[0].timestep, FAST_START);
        let mut errors = [0.0; 3];
        for seed in 0..20 {
            let start: Vec<f64> = (0..48).map(|i| 1.4 * f64::from((i * 37 + seed * 101) as f32 * 1.7).sin()).collect();
            let goal = led(&converged, &start);
            for (error, schedule) in
                errors.iter_mut().zip([&usual, &Schedule::fast(10).unwrap(), &Schedule::fast(8).unwrap()])
            {
                *error += distance(&led(schedule, &start), &goal) / 20.0;
            }
        }
        let [usual, ten, eight] = errors;
        writeln!(
            std::io::stderr(),
            "distance from the converged result: DDIM 19 {usual:.3}, 2M 10 {ten:.3}, 2M 8 {eight:.3}"
        )
        .unwrap();
        assert!(ten <= usual, "{errors:?}");
    }

    #[test]
    fn a_strength_of_99_percent_drops_one_step_of_any_number_up_to_100() {
        for steps in 2..=100 {
            assert_eq!(Schedule::new(steps, 0.99).unwrap().steps().len(), steps as usize - 1, "{steps}");
        }
        assert_eq!(Schedule::new(30, 0.99).unwrap().steps()[0].timestep, 924);
    }

    #[test]
    fn full_strength_begins_with_noise_alone() {
        let schedule = Schedule::new(20, 1.0).unwrap();
        assert_eq!(schedule.start(), Start { image: 0.0, noise: 1.0 });
        assert_eq!((schedule.steps().len(), schedule.steps()[0].timestep), (20, 950));
    }

    #[test]
    fn refuses_steps_and_strengths_that_leave_nothing_to_do_or_lie_outside() {
        for (steps, strength) in
            [(1, 0.99), (0, 0.99), (1001, 0.99), (u32::MAX, 1.0), (20, 0.0), (20, -1.0), (20, 1.01), (20, f64::NAN)]
        {
            assert!(matches!(Schedule::new(steps, strength), Err(Error::Argument(_))), "{steps} {strength}");
        }
    }
}
