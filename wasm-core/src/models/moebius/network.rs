//! The two networks of the model, each in a file of its own: recognised, named and packed.

use std::collections::BTreeMap;

use super::conditioning::Branches;
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
/// A position embedding of the U-Net at its full resolution; it has a row for each pixel of the latent.
const POSITIONS: &str = "diff_model.down_blocks.0.attentions.0.transformer_blocks.0.attn2.rel_pos_emb";
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
        // A single value has no rows.
        let rows = |name: &str| {
            let shape = source.tensors().iter().find(|info| info.name == name).map(|info| &info.shape);
            shape.and_then(|shape| u32::try_from(*shape.first()?).ok())
        };
        // Where widths are equal, the side decides. A file of no known side is compared with the first one, and the error tells the shapes.
        let is_side = |config: &UnetConfig| rows(POSITIONS) == Some(config.side * config.side);
        let of_this_width = UnetConfig::ALL.into_iter().filter(|config| rows(OF_UNET) == Some(config.widths[0]));
        let unet = of_this_width.min_by_key(|config| !is_side(config));
        let vae = VaeConfig::ALL.into_iter().find(|config| rows(OF_VAE) == Some(config.widths[0]));
        match (unet, vae) {
            (Some(config), None) => Some(Self::Unet(UnetConfig { weights, ..config })),
            (None, Some(config)) => Some(Self::Vae(VaeConfig { weights, ..config })),
            _ => None,
        }
    }

    /// The network of this [`ModelFile::network`].
    pub fn named(name: &str) -> Option<Self> {
        let all = [WeightElement::F16, WeightElement::I8].into_iter().flat_map(|weights| {
            let unets = UnetConfig::ALL.map(|c| Self::Unet(UnetConfig { weights, ..c }));
            let vaes = VaeConfig::ALL.map(|c| Self::Vae(VaeConfig { weights, ..c }));
            unets.into_iter().chain(vaes)
        });
        all.into_iter().find(|network| network.network() == name)
    }

    /// Its graphs. What is made ahead does not depend on the schedule.
    fn graphs(&self) -> Result<Vec<Graph>> {
        Ok(match self {
            Self::Unet(config) => {
                vec![unet_graphs::step(
                    config,
                    &Schedule::new(SAMPLER_STEPS, STRENGTH)?,
                    Branches::Both,
                    Precision::F32.unet,
                )?]
            }
            Self::Vae(config) => {
                vec![vae_graphs::encode(config, Precision::F32.vae)?, vae_graphs::decode(config, Precision::F32.vae)?]
            }
        })
    }
}

impl ModelFile for Network {
    fn network(&self) -> String {
        let (network, width, side) = match self {
            Self::Unet(config) if config.side == UnetConfig::SMALLEST.side => ("unet", config.widths[0], " smallest"),
            Self::Unet(config) => ("unet", config.widths[0], ""),
            Self::Vae(config) => ("vae", config.widths[0], ""),
        };
        let weights = if self.weights() == WeightElement::I8 { "int8" } else { "f16" };
        format!("{network} {width} {weights}{side}")
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
            let renamed;
            let source: &dyn Source = if self.is_part() {
                renamed = CurrentNames::of(source)?;
                &renamed
            } else {
                source
            };
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
            [Some(Network::Unet(unet)), Some(Network::Vae(vae))] => Ok(Self { unet, vae: unet.fitting(vae) }),
            _ => Err(wrong(packs).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::SHIPPED;
    use crate::weights::{self, Synthetic};
    use crate::{Error, WeightsError};

    fn source(tensors: &[(&str, &[usize])]) -> Synthetic {
        Synthetic::new(tensors.iter().map(|(name, shape)| ((*name).to_owned(), shape.to_vec()))).unwrap()
    }

    fn complaint(source: &dyn Source) -> WeightsError {
        match SHIPPED.recognise(source, WeightElement::F16).map(|_| ()) {
            Err(Error::Weights(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn tensors_of_any_shape_under_the_expected_names_are_no_reason_to_stop() {
        for shape in [&[][..], &[0], &[7], &[0, 3, 3, 3], &[1; 9], &[(1 << 20) + 1, 1]] {
            for name in [OF_UNET, OF_VAE] {
                let found = complaint(&source(&[(name, shape)]));
                let WeightsError::Mismatch { missing, extra, misshapen } = found else { panic!("{found:?}") };
                assert!(missing.is_empty() && extra.is_empty() && misshapen.len() == 1, "{misshapen:?}");
                assert_eq!((misshapen[0].name.as_str(), misshapen[0].found.as_slice()), (name, shape));
            }
        }
        let found = complaint(&source(&[]));
        assert!(matches!(&found, WeightsError::Mismatch { missing, .. } if missing.len() == 2), "{found:?}");
        let found = complaint(&source(&[(OF_UNET, &[320, 9, 1, 1]), (OF_VAE, &[128, 3, 3, 3])]));
        assert!(matches!(&found, WeightsError::Mismatch { extra, .. } if extra.len() == 2), "{found:?}");
    }

    #[test]
    fn a_file_of_one_value_is_refused_with_its_shape() {
        let header = br#"{"encoder.conv_in.weight":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}"#;
        let file = [&(header.len() as u64).to_le_bytes()[..], header, &[0; 4]].concat();
        let found = complaint(&*weights::open(file).unwrap());
        assert!(found.to_string().contains("encoder.conv_in.weight [] where"), "{found}");
    }

    #[test]
    fn a_right_number_of_rows_in_a_wrong_shape_is_noticed_before_anything_is_written() {
        let network = Network::Vae(VaeConfig::TINY);
        let rows = VaeConfig::TINY.widths[0] as usize;
        for shape in [&[rows][..], &[rows, 27], &[rows, 3, 3, 3, 1], &[rows, 0, 3, 3]] {
            let source = source(&[(OF_VAE, shape)]);
            assert!(Network::recognise(&source, WeightElement::F16).is_some_and(|found| found == network));
            let mut inputs = vec![];
            for graph in &network.graphs().unwrap() {
                inputs.extend(graph.inputs().unwrap());
            }
            let Err(Error::Weights(WeightsError::Mismatch { misshapen, .. })) = weights::check(&source, &inputs) else {
                panic!()
            };
            assert_eq!(misshapen[0].found, shape);
        }
    }
}
