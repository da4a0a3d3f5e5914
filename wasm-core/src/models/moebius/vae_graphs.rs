//! The VAE as it runs: a picture to a latent, and back.

use super::config::{LATENT_CHANNELS, LATENT_FACTOR, VaeConfig};
use super::labels::{self as label, count_not_finite, shared};
use super::vae;
use crate::Result;
use crate::gpu::{Element, Graph};
use crate::kernels::posterior::Posterior;
use crate::kernels::scaled_copy::ScaledCopy;

/// A picture to its latent, sampled and scaled for the U-Net. Activations are stored as `element`.
///
/// # Errors
/// [`crate::Error::Shape`]: a fault in the configuration.
pub(super) fn encode(config: &VaeConfig, element: Element) -> Result<Graph> {
    let side = config.latent_side();
    let latent = [1, LATENT_CHANNELS, side, side];
    let mut graph = Graph::new();
    let g = &mut graph;
    let picture = shared(g, label::PICTURE, [1, 3, config.side, config.side]);
    let moments = shared(g, label::MOMENTS, [1, 2 * LATENT_CHANNELS, side, side]);
    vae::record_encoder(g, config, element, picture, moments)?;
    let noise = shared(g, label::POSTERIOR_NOISE, latent);
    let encoded = shared(g, label::ENCODED, latent);
    Posterior { label: "posterior", moments, noise, scale: LATENT_FACTOR, y: encoded }.record(g)?;
    count_not_finite(g, encoded)?;
    Ok(graph)
}

/// A latent, scaled as the U-Net has it, to a picture. Activations are stored as `element`.
///
/// # Errors
/// [`crate::Error::Shape`]: a fault in the configuration.
pub(super) fn decode(config: &VaeConfig, element: Element) -> Result<Graph> {
    let side = config.latent_side();
    let latent = [1, LATENT_CHANNELS, side, side];
    let mut graph = Graph::new();
    let g = &mut graph;
    let latents = shared(g, label::LATENTS, latent);
    let unscaled = shared(g, label::DECODER_INPUT, latent);
    ScaledCopy { label: "decoder input", factor: 1.0 / LATENT_FACTOR, x: latents, y: unscaled }.record(g)?;
    // The first layer takes activations as the others do.
    let input = if element == Element::F32 {
        unscaled
    } else {
        let input = g.tensor(element, latent);
        ScaledCopy { label: "decoder input in 16 bits", factor: 1.0, x: unscaled, y: input }.record(g)?;
        input
    };
    let decoded = shared(g, label::PICTURE, [1, 3, config.side, config.side]);
    vae::record_decoder(g, config, element, input, decoded)?;
    count_not_finite(g, decoded)?;
    Ok(graph)
}
