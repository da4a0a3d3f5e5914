//! The plain form of the assembly.

/// The channels of one sample one after the other.
pub fn assemble(latents: &[f32], mask: &[f32], masked: &[f32]) -> Vec<f32> {
    [latents, mask, masked].concat()
}
