//! The two networks of the model, each in a file of its own: recognised, named and packed.

use std::collections::BTreeMap;

use super::config::{UnetConfig, VaeConfig};
use super::graphs::{ModelConfig, Precision};
use super::options::{SAMPLER_STEPS, STRENGTH};
use super::vae_names::CurrentNames;
use super::{unet_graphs, vae_graphs};
use crate::diffusion::schedule::Schedule;
use crate::gpu::Graph;
use crate::models::contract::{Answer, ModelFile, NETWORK, wrong};
use crate::nn::WeightElement;
use crate::nn::packing::{self, Storage, Written};
use crate::weights::{Pack, Source};
use crate::{Pacer, Result};

/// A tensor that only the U-Net has; its rows tell how wide the network is.
pub(super) const OF_UNET: &str = "diff_model.conv_in.conv_pw.weight";
/// A tensor that only the VAE has; its rows tell how wide the network is.
pub(super) const OF_VAE: &str = "encoder.conv_in.weight";

/// One of the two networks of the model, each in a file of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// The U-Net of these dimensions.
    Unet(UnetConfig),
    /// The VAE of these.
    Vae(VaeConfig),
}

impl Network {
    /// Recognises a network by its tensors, with weights to be stored in these elements. None if it is none of ours.
    pub fn recognise(source: &dyn Source, weights: WeightElement) -> Option<Self> {
        let rows = |name: &str| source.tensors().iter().find(|info| info.name == name).map(|info| info.shape[0] as u32);
        let unet =
            [UnetConfig::FULL, UnetConfig::TINY].into_iter().find(|config| rows(OF_UNET) == Some(config.widths[0]));
        let vae = [VaeConfig::FULL, VaeConfig::TINY].into_iter().find(|config| rows(OF_VAE) == Some(config.widths[0]));
        match (unet, vae) {
            (Some(config), None) => Some(Self::Unet(UnetConfig { weights, ..config })),
            (None, Some(config)) => Some(Self::Vae(VaeConfig { weights, ..config })),
            _ => None,
        }
    }

    /// The network of this [`ModelFile::network`].
    pub fn named(name: &str) -> Option<Self> {
        let all = [WeightElement::F16, WeightElement::I8].into_iter().flat_map(|weights| {
            let unets = [UnetConfig::FULL, UnetConfig::TINY].map(|c| Self::Unet(UnetConfig { weights, ..c }));
            let vaes = [VaeConfig::FULL, VaeConfig::TINY].map(|c| Self::Vae(VaeConfig { weights, ..c }));
            unets.into_iter().chain(vaes)
        });
        all.into_iter().find(|network| network.network() == name)
    }

    /// Its graphs. What is made ahead does not depend on the schedule.
    fn graphs(&self) -> Result<Vec<Graph>> {
        Ok(match self {
            Self::Unet(config) => {
                vec![unet_graphs::step(config, &Schedule::new(SAMPLER_STEPS, STRENGTH)?, Precision::F32.unet)?]
            }
            Self::Vae(config) => {
                vec![vae_graphs::encode(config, Precision::F32.vae)?, vae_graphs::decode(config, Precision::F32.vae)?]
            }
        })
    }
}

impl ModelFile for Network {
    fn network(&self) -> String {
        let (network, width) = match self {
            Self::Unet(config) => ("unet", config.widths[0]),
            Self::Vae(config) => ("vae", config.widths[0]),
        };
        let weights = if self.weights() == WeightElement::I8 { "int8" } else { "f16" };
        format!("{network} {width} {weights}")
    }

    fn weights(&self) -> WeightElement {
        match self {
            Self::Unet(config) => config.weights,
            Self::Vae(config) => config.weights,
        }
    }

    fn is_part(&self) -> bool {
        matches!(self, Self::Vae(_))
    }

    fn pack<'a>(
        &'a self,
        source: &'a dyn Source,
        about: &'a BTreeMap<String, String>,
        out: &'a mut dyn FnMut(&[u8]) -> Result<()>,
        pacer: &'a dyn Pacer,
    ) -> Answer<'a, Written> {
        Box::pin(async move {
            let renamed = CurrentNames::of(source);
            let source: &dyn Source = if self.is_part() { &renamed } else { source };
            let mut about = about.clone();
            about.insert(NETWORK.into(), self.network());
            // The time embedding's own layers are small, and everything depends on them.
            let is_sensitive = |name: &str| name.contains(".time_embedding.");
            let storage = Storage { weights: self.weights(), is_sensitive };
            packing::pack(&self.graphs()?, storage, source, &about, out, pacer).await
        })
    }
}

impl ModelConfig {
    /// The dimensions that two packs were made for, that of the U-Net and that of the VAE.
    ///
    /// # Errors
    /// [`crate::WeightsError::WrongNetworks`] unless the first is of a U-Net and the second of a VAE.
    pub fn of_packs(packs: &[Pack]) -> Result<Self> {
        let networks: Vec<_> = packs.iter().map(|pack| Network::named(pack.about(NETWORK))).collect();
        match networks[..] {
            [Some(Network::Unet(unet)), Some(Network::Vae(vae))] => Ok(Self { unet, vae }),
            _ => Err(wrong(packs).into()),
        }
    }
}
