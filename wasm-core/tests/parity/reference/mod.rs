//! What the reference does on the CPU around its networks, and the extension does not: our inpainting prepares and pastes in its own way
//! (`wasm_core::inpaint`). The tiny pipeline is held against the reference's pictures with these.

pub mod blur;
pub mod paste;
pub mod prepare;
#[cfg(test)]
mod resample;
pub mod sampler;
