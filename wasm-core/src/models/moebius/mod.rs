//! The Moebius inpainting model (hustvl/Moebius): latent diffusion with lambda layers.
//!
//! `config` <- `conditioning`, `lambda_constants` <- `resnet`, `transformer` <- `unet`, `vae` <- `pipeline`; beside them the parts that
//! run on the CPU: `planes`, `progress`, `preview`.

pub mod conditioning;
pub mod config;
mod lambda_constants;
pub mod module;
pub mod packing;
pub mod pipeline;
pub mod planes;
pub mod preview;
pub mod progress;
mod resnet;
mod transformer;
pub mod unet;
pub mod vae;
mod vae_names;
