//! The U-Net as it runs: the noise that a run starts with, and one step of the sampler.

use super::conditioning::Branches;
use super::config::{LATENT_CHANNELS, UNET_CHANNELS, UnetConfig};
use super::labels::{self as label, SCALARS, count_not_finite, shared};
use super::unet;
use crate::Result;
use crate::diffusion::schedule::{Schedule, Step};
use crate::gpu::{Element, Graph};
use crate::kernels::add_noise::AddNoise;
use crate::kernels::assemble::Assemble;
use crate::kernels::sampler_step::SamplerStep;
use crate::kernels::scaled_copy::ScaledCopy;
use crate::nn::constants;

/// The picture's latent under noise: what denoising starts with.
///
/// # Errors
/// [`crate::Error::Shape`]: a fault in the configuration.
pub(super) fn start(config: &UnetConfig) -> Result<Graph> {
    let latent = [1, LATENT_CHANNELS, config.side, config.side];
    let mut graph = Graph::new();
    let g = &mut graph;
    let image_latents = shared(g, label::IMAGE_LATENTS, latent);
    let noise = shared(g, label::NOISE, latent);
    let coefficients = shared(g, label::START, SCALARS);
    let latents = shared(g, label::LATENTS, latent);
    AddNoise { label: "start", x: image_latents, noise, coefficients, y: latents }.record(g)?;
    Ok(graph)
}

/// One step of the sampler: under guidance with both branches, without it with the conditional one. Activations are stored as `element`.
///
/// # Errors
/// [`crate::Error::Shape`]: a fault in the configuration.
pub(super) fn step(config: &UnetConfig, schedule: &Schedule, branches: Branches, element: Element) -> Result<Graph> {
    let side = config.side;
    let latent = [1, LATENT_CHANNELS, side, side];
    let mut graph = Graph::new();
    let g = &mut graph;
    let latents = shared(g, label::LATENTS, latent);
    let mask = shared(g, label::MASK, [1, 1, side, side]);
    let masked = shared(g, label::MASKED_LATENTS, latent);
    let input = g.tensor(element, [1, UNET_CHANNELS, side, side]);
    Assemble { label: "input", latents, mask, masked, y: input }.record(g)?;
    let what = match branches {
        Branches::Both | Branches::BothSeparately => label::PREDICTED,
        Branches::Conditional => label::CONDITIONAL,
    };
    let predicted = shared(g, what, [branches.count(), LATENT_CHANNELS, side, side]);
    let timesteps: Vec<u32> = schedule.steps().iter().map(|s| s.timestep).collect();
    unet::record(g, config, element, &timesteps, branches, input, predicted)?;
    let table = coefficients_of(schedule);
    let table = constants::table(g, format!("sampler with {table:?}"), table);
    let guidance = shared(g, label::GUIDANCE, SCALARS);
    let next = shared(g, label::NEXT_LATENTS, latent);
    let clean = shared(g, label::CLEAN, latent);
    SamplerStep { label: "sampler step", predicted, latents, coefficients: table, guidance, clean, y: next }
        .record(g)?;
    ScaledCopy { label: "latents for the next step", factor: 1.0, x: next, y: latents }.record(g)?;
    count_not_finite(g, latents)?;
    Ok(graph)
}

/// `[steps, 8]` for [`SamplerStep`].
fn coefficients_of(schedule: &Schedule) -> Vec<f32> {
    let row = |step: &Step| step.coefficients().into_iter().chain([0.0; 3]);
    schedule.steps().iter().flat_map(row).collect()
}
