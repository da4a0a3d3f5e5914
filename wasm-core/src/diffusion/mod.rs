//! What any latent diffusion model is run by: the schedule of its sampler, and the noise that it begins with. Nothing here knows a model.

pub mod noise;
pub mod schedule;
