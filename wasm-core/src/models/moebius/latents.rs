//! The latents of a run, outside of the GPU: how far it has come.

use crate::diffusion::schedule::Schedule;

/// What a run has so far. A device that is lost takes nothing of it along: on another one, the run goes on from here.
#[derive(Clone, Debug, Default)]
pub struct Latents {
    /// Latents of the picture and of the masked picture, scaled: `[4, n, n]` each. None before they are encoded.
    pub(super) encoded: Option<[Vec<f32>; 2]>,
    /// Steps done.
    pub(super) steps: usize,
    /// Latents after them; empty before denoising begins.
    pub(super) latents: Vec<f32>,
    /// Latents before the last of them.
    pub(super) before: Vec<f32>,
}

impl Latents {
    /// Steps done.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// The picture's own latents `[4, n, n]`, once they are there.
    pub fn picture(&self) -> Option<&[f32]> {
        self.encoded.as_ref().map(|[picture, _]| picture.as_slice())
    }

    /// What the last step took for the finished latents `[4, n, n]`; none before the first.
    ///
    /// DDIM goes from `a x0 + b e` to `a' x0 + b' e` (a and b: roots of alpha and of 1 - alpha); before and after are known, so x0 is:
    /// `(after - b'/b before) / (a' - a b'/b)`.
    pub fn expected(&self, schedule: &Schedule) -> Option<Vec<f32>> {
        let step = schedule.steps().get(self.steps.checked_sub(1)?)?;
        let ratio = step.sqrt_noise_prev / step.sqrt_noise;
        let share = step.sqrt_alpha_prev - step.sqrt_alpha * ratio;
        let pairs = self.latents.iter().zip(&self.before);
        Some(pairs.map(|(after, before)| (after - ratio * before) / share).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Stream, gaussian};

    #[test]
    fn the_expected_latents_are_those_that_the_step_was_made_of() {
        let schedule = Schedule::new(20, 0.99).unwrap();
        let (clean, noise) = (gaussian(1, Stream::Start, 60), gaussian(2, Stream::Start, 60));
        let mixed = |a: f32, b: f32| clean.iter().zip(&noise).map(|(x, e)| a * x + b * e).collect::<Vec<_>>();
        for steps in 1..=schedule.steps().len() {
            let step = schedule.steps()[steps - 1];
            let latents = Latents {
                steps,
                before: mixed(step.sqrt_alpha, step.sqrt_noise),
                latents: mixed(step.sqrt_alpha_prev, step.sqrt_noise_prev),
                ..Latents::default()
            };
            for (found, wanted) in latents.expected(&schedule).unwrap().iter().zip(&clean) {
                assert!((found - wanted).abs() < 2e-2, "step {steps}: {found} for {wanted}");
            }
        }
        assert_eq!(Latents::default().expected(&schedule), None);
    }
}
