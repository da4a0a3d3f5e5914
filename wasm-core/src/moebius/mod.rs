//! The Moebius inpainting model (hustvl/Moebius): latent diffusion with lambda layers.

pub mod noise;
pub mod postprocess;
pub mod preprocess;
pub mod schedule;
