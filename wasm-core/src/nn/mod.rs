//! What any network is made of: layers, and the recipes that turn the tensors of a state dict into what kernels bind.
//!
//! Nothing here knows a model. `constants` <- `layers`; `packing` writes what the recipes of a network's graphs give to a file.

pub(crate) mod constants;
pub(crate) mod layers;
pub mod packing;

/// How large weights are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WeightElement {
    /// 16-bit floats, as they were published.
    #[default]
    F16,
    /// 8-bit integers with a scale for each output channel; small and sensitive ones stay 16-bit floats.
    I8,
}
