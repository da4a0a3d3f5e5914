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

    /// The finished latents `[4, n, n]` as the last step predicted them; none before the first step.
    pub fn predicted(&self, schedule: &Schedule) -> Option<Vec<f32>> {
        let step = schedule.steps().get(self.steps.checked_sub(1)?)?;
        Some(step.predicted(&self.before, &self.latents))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prediction_is_that_of_the_step_that_was_done_last() {
        let schedule = Schedule::new(20, 0.99).unwrap();
        let step = schedule.steps()[2];
        let latents = Latents {
            steps: 3,
            before: vec![step.sqrt_alpha, step.sqrt_noise],
            latents: vec![step.sqrt_alpha_prev, step.sqrt_noise_prev],
            ..Latents::default()
        };
        // Nothing but picture, and nothing but noise.
        let predicted = latents.predicted(&schedule).unwrap();
        assert!((predicted[0] - 1.0).abs() < 1e-4 && predicted[1].abs() < 1e-4, "{predicted:?}");
        assert_eq!(Latents::default().predicted(&schedule), None, "no step is done yet");
    }
}
