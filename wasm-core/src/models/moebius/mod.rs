//! The Moebius inpainting model (hustvl/Moebius): latent diffusion with lambda layers.
//!
//! `config` <- `conditioning`, `lambda_constants` <- `resnet`, `transformer` <- `unet`, `vae` <- `unet_graphs`, `vae_graphs` <- `graphs` <-
//! `network` (its two files), `pipeline` (a run) <- `painter` <- `model`, which is all that the rest of the engine sees; beside them the
//! parts that run on the CPU: `planes`, `latents`, `preview`.

pub mod conditioning;
pub mod config;
pub mod graphs;
mod labels;
mod lambda_constants;
pub mod latents;
mod model;
pub mod module;
pub mod network;
pub mod options;
mod painter;
pub mod pipeline;
pub mod planes;
pub mod preview;
mod resnet;
mod transformer;
pub mod unet;
mod unet_graphs;
pub mod vae;
mod vae_graphs;
mod vae_names;

pub use model::MoebiusModel;
