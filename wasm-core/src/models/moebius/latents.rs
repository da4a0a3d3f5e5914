//! The latents of a run, outside of the GPU: how far it has come.

/// What a run has so far. A device that is lost takes nothing of it along: on another one, the run goes on from here.
#[derive(Clone, Debug, Default)]
pub struct Latents {
    /// Latents of the picture and of the masked picture, scaled: `[4, n, n]` each. None before they are encoded.
    pub(super) encoded: Option<[Vec<f32>; 2]>,
    /// Steps done.
    pub(super) steps: usize,
    /// Latents after them; empty before denoising begins.
    pub(super) latents: Vec<f32>,
    /// The finished latents as the last of them predicted them.
    pub(super) clean: Vec<f32>,
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
    pub fn predicted(&self) -> Option<&[f32]> {
        (self.steps > 0).then_some(self.clean.as_slice())
    }
}
