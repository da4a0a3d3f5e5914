//! The sampler of latent diffusion models: its schedule, and the noise that a run begins with. Nothing here knows a model.

pub mod noise;
pub mod schedule;
