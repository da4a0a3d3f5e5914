//! Records one module of a network alone, under its name in the state dict, so that tests compare networks with the reference module by
//! module.

use super::conditioning::{Branches, Conditioning, ROOT};
use super::config::{GROUPS, UnetConfig};
use super::{resnet, transformer, vae};
use crate::Result;
use crate::gpu::{Graph, View};
use crate::kernels::layer_norm::LayerNorm;
use crate::kernels::scaled_copy::ScaledCopy;
use crate::kernels::{Activation, Factors};
use crate::nn::constants;
use crate::nn::layers::Net;

/// What kind of module it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Module {
    /// A resnet of the U-Net.
    Resnet,
    /// A transformer of the U-Net.
    Transformer,
    /// A GroupNorm of the U-Net with this epsilon.
    UnetGroupNorm(f32),
    /// A LayerNorm of the U-Net with this epsilon.
    LayerNorm(f32),
    /// A GroupNorm of the VAE with this epsilon.
    VaeGroupNorm(f32),
    /// The block in the middle of the VAE's encoder or decoder.
    VaeMidBlock,
    /// The attention in it.
    VaeAttention,
}

/// Records the module `path` from `x` to `y`, at the first of `timesteps`.
///
/// # Errors
/// [`crate::Error::Shape`] if `x` and `y` do not fit the module.
pub fn record(
    g: &mut Graph,
    module: Module,
    path: &str,
    config: &UnetConfig,
    timesteps: &[u32],
    x: View,
    y: View,
) -> Result<()> {
    let of_vae = matches!(module, Module::VaeGroupNorm(_) | Module::VaeMidBlock | Module::VaeAttention);
    let n = &mut Net {
        g,
        root: if of_vae { "" } else { ROOT },
        element: x.element,
        weights: config.weights,
        groups: GROUPS,
        factors: Factors::ONE,
        room: u64::MAX,
    };
    let conditioning = Conditioning::new(*config, timesteps, Branches::Both);
    let result = match module {
        Module::Resnet => return n.scoped(path, |n| resnet::record(n, &conditioning, x, y)),
        Module::Transformer => return n.scoped(path, |n| transformer::record(n, &conditioning, x, y)),
        Module::LayerNorm(eps) => {
            let affine = constants::norm(n.g, &n.name(path), x.channels);
            return LayerNorm { label: path, x, affine, epsilon: eps, y }.record(n.g);
        }
        Module::UnetGroupNorm(eps) | Module::VaeGroupNorm(eps) => n.group_norm(path, x, eps, Activation::None)?,
        Module::VaeMidBlock => n.scoped(path, |n| vae::mid_block(n, x))?,
        Module::VaeAttention => n.scoped(path, |n| vae::attention(n, x))?,
    };
    ScaledCopy { label: path, factor: 1.0, x: result, y }.record(n.g)
}
