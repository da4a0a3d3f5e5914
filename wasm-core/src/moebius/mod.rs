//! The Moebius inpainting model (hustvl/Moebius): latent diffusion with lambda layers.
//!
//! `config` <- `constants`, `conditioning`, `network` <- `resnet`, `transformer` <- `unet`, `vae` <- `pipeline`; beside them the parts that
//! run on the CPU: `schedule`, `noise`, `planes`, `progress`, `preview`.

pub mod conditioning;
pub mod config;
mod constants;
pub mod module;
mod network;
pub mod noise;
pub mod packing;
pub mod pipeline;
pub mod planes;
pub mod preview;
pub mod progress;
mod resnet;
pub mod schedule;
mod transformer;
pub mod unet;
pub mod vae;
mod vae_names;
