//! The Moebius inpainting model (hustvl/Moebius): latent diffusion with lambda layers.
//!
//! `config` <- `constants`, `conditioning`, `network` <- `resnet`, `transformer` <- `unet`, `vae` <- `pipeline`; beside them the parts that
//! run on the CPU: `schedule`, `noise`, `preprocess`, `postprocess`, `progress`, `preview`.

pub mod conditioning;
pub mod config;
mod constants;
pub mod module;
mod network;
pub mod noise;
pub mod packing;
pub mod pipeline;
pub mod postprocess;
pub mod preprocess;
pub mod preview;
pub mod progress;
mod resnet;
pub mod schedule;
mod transformer;
pub mod unet;
pub mod vae;
mod vae_names;
