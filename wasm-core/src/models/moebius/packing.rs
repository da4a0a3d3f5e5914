//! Making a [`Pack`](crate::weights::Pack) of a network's published weights.
//!
//! The parts' sizes follow from the network alone, so the file is written front to back, one constant at a time: however large the
//! weights are, what is in memory is one tensor and what it becomes.

use std::collections::{BTreeMap, BTreeSet};

use half::f16;
use sha2::{Digest, Sha256};

use super::config::{UnetConfig, VaeConfig};
use super::pipeline::{Graphs, ModelConfig, Precision};
use super::vae_names::CurrentNames;
use crate::diffusion::schedule::Schedule;
use crate::gpu::{Constant, Graph, When};
use crate::nn::WeightElement;
use crate::weights::pack::{Part, header};
use crate::weights::{self, Dtype, Pack, Source, quantise};
use crate::{Pacer, Result, Stage, WeightsError};

/// One of the two networks of the model, each in a file of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// The U-Net of these dimensions.
    Unet(UnetConfig),
    /// The VAE of these.
    Vae(VaeConfig),
}

impl Network {
    /// Recognises a network by its tensors, with weights to be stored in these elements.
    ///
    /// # Errors
    /// [`WeightsError::Mismatch`] if it is none of ours.
    pub fn recognise(source: &dyn Source, weights: WeightElement) -> Result<Self> {
        let rows = |name: &str| source.tensors().iter().find(|info| info.name == name).map(|info| info.shape[0] as u32);
        let unet = [UnetConfig::FULL, UnetConfig::TINY]
            .into_iter()
            .find(|config| rows("diff_model.conv_in.conv_pw.weight") == Some(config.widths[0]));
        let vae = [VaeConfig::FULL, VaeConfig::TINY]
            .into_iter()
            .find(|config| rows("encoder.conv_in.weight") == Some(config.widths[0]));
        match (unet, vae) {
            (Some(config), None) => Ok(Self::Unet(UnetConfig { weights, ..config })),
            (None, Some(config)) => Ok(Self::Vae(VaeConfig { weights, ..config })),
            _ => {
                let missing = vec!["diff_model.conv_in.conv_pw.weight".to_owned(), "encoder.conv_in.weight".to_owned()];
                Err(WeightsError::Mismatch { missing, extra: vec![], misshapen: vec![] }.into())
            }
        }
    }

    /// Its name in a pack's metadata, such as `unet 320 f16`.
    pub fn name(&self) -> String {
        let (network, width, weights) = match self {
            Self::Unet(config) => ("unet", config.widths[0], config.weights),
            Self::Vae(config) => ("vae", config.widths[0], config.weights),
        };
        let weights = if weights == WeightElement::I8 { "int8" } else { "f16" };
        format!("{network} {width} {weights}")
    }

    /// The network of this [`Network::name`].
    pub fn named(name: &str) -> Option<Self> {
        let all = [WeightElement::F16, WeightElement::I8].into_iter().flat_map(|weights| {
            let unets = [UnetConfig::FULL, UnetConfig::TINY].map(|c| Self::Unet(UnetConfig { weights, ..c }));
            let vaes = [VaeConfig::FULL, VaeConfig::TINY].map(|c| Self::Vae(VaeConfig { weights, ..c }));
            unets.into_iter().chain(vaes)
        });
        all.into_iter().find(|network| network.name() == name)
    }

    /// Its graphs; the schedule does not matter for what is made ahead.
    fn graphs(&self) -> Result<Vec<Graph>> {
        // The other one only has to fit.
        let config = match *self {
            Self::Unet(unet) => ModelConfig { unet, vae: VaeConfig { side: 8 * unet.side, ..VaeConfig::TINY } },
            Self::Vae(vae) => ModelConfig { unet: UnetConfig { side: vae.latent_side(), ..UnetConfig::TINY }, vae },
        };
        let graphs = Graphs::record(&config, &Schedule::new(20, 0.99)?, Precision::F32)?;
        Ok(match self {
            Self::Unet(_) => vec![graphs.step],
            Self::Vae(_) => vec![graphs.encode, graphs.decode],
        })
    }
}

impl ModelConfig {
    /// The dimensions that two packs were made for.
    ///
    /// # Errors
    /// [`WeightsError::WrongNetworks`] unless the first is of a U-Net and the second of a VAE.
    pub fn of_packs(unet: &Pack, vae: &Pack) -> Result<Self> {
        let names = [unet, vae].map(|pack| pack.about("network"));
        match names.map(Network::named) {
            [Some(Network::Unet(unet)), Some(Network::Vae(vae))] => Ok(Self { unet, vae }),
            _ => Err(WeightsError::WrongNetworks(names.join(" and ")).into()),
        }
    }
}

/// What a written pack is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Length of the file.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
}

/// Makes a part's bytes of the weights.
type Make<'a> = Box<dyn Fn(&dyn Source) -> Result<Vec<u8>> + 'a>;

/// A part, and how it is made.
struct Made<'a> {
    part: Part,
    bytes: Make<'a>,
}

/// Writes the pack of `network`, made of `source`, piece by piece to `out`. `about` goes into its metadata.
///
/// # Errors
/// [`WeightsError`] if the weights are not this network's, what `out` fails with, and the caller's cancel.
pub async fn pack(
    network: Network,
    source: &dyn Source,
    about: &BTreeMap<String, String>,
    out: &mut dyn FnMut(&[u8]) -> Result<()>,
    pacer: &dyn Pacer,
) -> Result<Written> {
    let renamed = CurrentNames::of(source);
    let source: &dyn Source = if matches!(network, Network::Vae(_)) { &renamed } else { source };
    let graphs = network.graphs()?;
    let mut inputs = vec![];
    for graph in &graphs {
        inputs.extend(graph.inputs()?);
    }
    weights::check(source, &inputs)?;
    let made = parts(&graphs, &network);
    let mut about = about.clone();
    about.insert("network".into(), network.name());
    let list: Vec<Part> = made.iter().map(|m| m.part.clone()).collect();
    let mut hash = Sha256::new();
    let mut bytes = 0;
    let mut write = |piece: &[u8]| {
        hash.update(piece);
        bytes += piece.len() as u64;
        out(piece)
    };
    write(&header(&list, &about))?;
    let total: u64 = list.iter().map(Part::bytes).sum();
    let mut done = 0;
    for Made { part, bytes } in &made {
        write(&bytes(source)?)?;
        done += part.bytes();
        pacer.progress(Stage::Loading, done as f32 / total as f32);
        pacer.checkpoint().await?;
    }
    Ok(Written { bytes, sha256: hash.finalize().into() })
}

/// All parts in order: the tensors that loading needs, the scales of 8-bit ones, and the constants.
fn parts<'a>(graphs: &'a [Graph], network: &Network) -> Vec<Made<'a>> {
    let weights = match network {
        Network::Unet(config) => config.weights,
        Network::Vae(config) => config.weights,
    };
    let mut seen = BTreeSet::new();
    let constants: Vec<&Constant> =
        graphs.iter().flat_map(Graph::constants).filter(|constant| seen.insert(constant.label.clone())).collect();
    let at_loading = || constants.iter().filter(|constant| constant.when == When::Loading);
    let tensors: BTreeMap<String, Vec<usize>> = at_loading().flat_map(|c| c.inputs.iter().cloned()).collect();
    let mut scaled: BTreeMap<String, usize> =
        at_loading().flat_map(|c| &c.scales).map(|(name, rows)| (name.clone(), *rows as usize)).collect();
    let mut made = vec![];
    for (name, shape) in tensors {
        let dtype = dtype(&name, &shape, weights);
        if dtype == Dtype::I8 {
            scaled.insert(name.clone(), shape[0]);
        }
        let part = Part::tensor(&name, &shape, dtype);
        made.push(Made { part, bytes: Box::new(move |source| encoded(source, &name, &shape, dtype)) });
    }
    for (name, rows) in scaled {
        let part = Part::scale(&name, rows);
        let bytes = move |source: &dyn Source| {
            Ok(quantise::scales(&source.read(&name)?, rows).iter().flat_map(|scale| scale.to_le_bytes()).collect())
        };
        made.push(Made { part, bytes: Box::new(bytes) });
    }
    for constant in constants.into_iter().filter(|constant| constant.when == When::Ahead) {
        let part = Part::constant(&constant.label, constant.bytes);
        made.push(Made { part, bytes: Box::new(move |source| (constant.recipe)(source)) });
    }
    made
}

/// In what a tensor that loading needs is kept. Vectors (biases, norms) keep their precision; the time embedding's own layers are small,
/// and everything depends on them.
fn dtype(name: &str, shape: &[usize], weights: WeightElement) -> Dtype {
    match weights {
        _ if shape.len() == 1 => Dtype::F32,
        WeightElement::I8 if !name.contains(".time_embedding.") => Dtype::I8,
        _ => Dtype::F16,
    }
}

fn encoded(source: &dyn Source, name: &str, shape: &[usize], dtype: Dtype) -> Result<Vec<u8>> {
    let values = source.read(name)?;
    Ok(match dtype {
        Dtype::I8 => {
            let scales = quantise::scales(&values, shape[0]);
            bytemuck::cast_vec(quantise::quantise(&values, &scales))
        }
        Dtype::F16 => {
            let halves: Vec<f16> = values.iter().map(|&v| f16::from_f32(v)).collect();
            if halves.iter().any(|half| !half.is_finite()) {
                return Err(WeightsError::NotFinite(name.to_owned()).into());
            }
            halves.iter().flat_map(|half| half.to_le_bytes()).collect()
        }
        _ => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
    })
}

/// Whether a source has what the graphs need: for published weights the state dict's tensors, for a pack the constants.
///
/// # Errors
/// [`WeightsError::Mismatch`] with everything that does not fit.
pub(super) fn check(source: &dyn Source, graphs: &[&Graph]) -> Result<()> {
    if !source.is_prepared() {
        let mut inputs = vec![];
        for graph in graphs {
            inputs.extend(graph.inputs()?);
        }
        return weights::check(source, &inputs);
    }
    let names: BTreeSet<&str> = source.tensors().iter().map(|info| info.name.as_str()).collect();
    let mut missing = vec![];
    for constant in graphs.iter().flat_map(|graph| graph.constants()) {
        match constant.when {
            When::Ahead if source.prepared(&constant.label).is_none() => missing.push(constant.label.clone()),
            When::Ahead => {}
            When::Loading => {
                let absent = constant.inputs.iter().filter(|(name, _)| !names.contains(name.as_str()));
                missing.extend(absent.map(|(name, _)| name.clone()));
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(WeightsError::Mismatch { missing, extra: vec![], misshapen: vec![] }.into())
}
