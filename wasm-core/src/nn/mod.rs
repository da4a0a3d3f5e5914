//! Layers of neural networks, and the recipes that turn the tensors of a state dict into the constants that kernels bind.
//!
//! Nothing here knows a model. `layers` uses `constants`. `packing` runs the recipes of a network's graphs and writes the results to a
//! file.

pub(crate) mod constants;
pub(crate) mod layers;
pub mod packing;

/// Element type of large weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WeightElement {
    /// 16-bit floats, as they were published.
    #[default]
    F16,
    /// 8-bit integers with a scale for each output channel. Small and sensitive matrices stay 16-bit floats.
    I8,
}
