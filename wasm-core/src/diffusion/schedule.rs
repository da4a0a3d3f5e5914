//! The schedule of a run: timesteps and coefficients for deterministic DDIM with classifier-free guidance.
//!
//! Song, Meng, Ermon, "Denoising Diffusion Implicit Models" (arXiv:2010.02502), equation 12 with sigma = 0; Ho,
//! Salimans, "Classifier-Free Diffusion Guidance" (arXiv:2207.12598). The table of alphas is the "scaled linear"
//! one of latent diffusion (arXiv:2112.10752): roots of beta in equal steps, over 1000 timesteps. Everything is
//! rounded to f32 where the reference rounds, so that both have the same numbers.

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
}

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
        }
    }

    /// The finished latents x0 that the network predicted in this step, from the latents `before` and `after` it, of equal length.
    ///
    /// The step goes from `a x0 + b e` to `a' x0 + b' e` (a and b: roots of abar and of 1 - abar; e: the predicted noise). Without e, that is
    /// `x0 = (after - b'/b before) / (a' - a b'/b)`.
    pub fn predicted(&self, before: &[f32], after: &[f32]) -> Vec<f32> {
        let ratio = self.sqrt_noise_prev / self.sqrt_noise;
        let share = self.sqrt_alpha_prev - self.sqrt_alpha * ratio;
        after.iter().zip(before).map(|(after, before)| (after - ratio * before) / share).collect()
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

    #[test]
    fn what_a_step_predicted_is_what_it_was_made_of() {
        let schedule = Schedule::new(20, 0.99).unwrap();
        let wave = |speed: f32| (0..60).map(|i| 3.0 * (i as f32 * speed).sin()).collect::<Vec<f32>>();
        let (clean, noise) = (wave(1.7), wave(2.3));
        let mixed = |a: f32, b: f32| clean.iter().zip(&noise).map(|(x, e)| a * x + b * e).collect::<Vec<_>>();
        for step in schedule.steps() {
            let before = mixed(step.sqrt_alpha, step.sqrt_noise);
            let after = mixed(step.sqrt_alpha_prev, step.sqrt_noise_prev);
            for (found, wanted) in step.predicted(&before, &after).iter().zip(&clean) {
                assert!((found - wanted).abs() < 2e-2, "at {}: {found} for {wanted}", step.timestep);
            }
        }
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
