//! The model's networks as graphs, and their dimensions and precision. Nothing here touches a device.

use super::conditioning::Branches;
use super::config::{UnetConfig, VaeConfig};
use super::{unet_graphs, vae_graphs};
use crate::diffusion::schedule::Schedule;
use crate::gpu::{Arena, Constants, Device, Element, Gpu, Graph, Layout};
use crate::nn::WeightElement;
use crate::{Error, Result};

/// Which networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelConfig {
    /// The U-Net's dimensions.
    pub unet: UnetConfig,
    /// The VAE's dimensions.
    pub vae: VaeConfig,
}

impl ModelConfig {
    /// The published model.
    pub const FULL: Self = Self { unet: UnetConfig::FULL, vae: VaeConfig::FULL };
    /// The tiny one of the tests.
    pub const TINY: Self = Self { unet: UnetConfig::TINY, vae: VaeConfig::TINY };
    /// The tiny one on a sixteenth of its pixels.
    pub const SMALLEST: Self = Self { unet: UnetConfig::SMALLEST, vae: VaeConfig { side: 32, ..VaeConfig::TINY } };
}

/// How each network stores its activations. Arithmetic is in f32 either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Precision {
    /// The U-Net's.
    pub unet: Element,
    /// The VAE's. In 16 bits it stores maps smaller than they are, because those of SDXL's family leave that range.
    pub vae: Element,
}

impl Precision {
    /// Everything in f32.
    pub const F32: Self = Self { unet: Element::F32, vae: Element::F32 };

    /// The policy: the U-Net in 16 bits where the adapter can, the VAE in 32. With weights in 8 bits, which are for little memory and cost
    /// more than 16 bits do, the VAE is in 16, too.
    pub fn preferred(gpu: &Gpu, config: &ModelConfig) -> Self {
        let halves = if gpu.has_f16() { Element::F16 } else { Element::F32 };
        let vae = if config.vae.weights == WeightElement::I8 { halves } else { Element::F32 };
        Self { unet: halves, vae }
    }
}

/// The networks as graphs, before any device. They run one at a time.
#[derive(Debug)]
pub struct Graphs {
    /// A picture to a latent.
    pub encode: Graph,
    /// The picture's latent under noise: what denoising starts with.
    pub start: Graph,
    /// One step of the sampler under guidance: both branches.
    pub step: Graph,
    /// One step without guidance; none where the schedule guides every step.
    pub unguided: Option<Graph>,
    /// A latent to a picture.
    pub decode: Graph,
}

impl Graphs {
    /// Records everything.
    ///
    /// # Errors
    /// [`Error::Shape`]: a fault in the configuration.
    pub fn record(config: &ModelConfig, schedule: &Schedule, precision: Precision) -> Result<Self> {
        let side = config.vae.latent_side();
        if side != config.unet.side {
            let what = format!("the U-Net takes latents of {0} x {0}, not {side} x {side}", config.unet.side);
            return Err(Error::Shape(what));
        }
        let step = |branches| unet_graphs::step(&config.unet, schedule, branches, precision.unet);
        let is_partly = schedule.steps().iter().any(|step| !step.is_guided);
        Ok(Self {
            encode: vae_graphs::encode(&config.vae, precision.vae)?,
            start: unet_graphs::start(&config.unet)?,
            step: step(Branches::Both)?,
            unguided: is_partly.then(|| step(Branches::Conditional)).transpose()?,
            decode: vae_graphs::decode(&config.vae, precision.vae)?,
        })
    }

    /// The forms of the U-Net.
    pub fn unet(&self) -> Vec<&Graph> {
        [&self.step].into_iter().chain(&self.unguided).collect()
    }

    /// All of them.
    pub fn all(&self) -> Vec<&Graph> {
        let mut all = vec![&self.decode, &self.encode, &self.step, &self.start];
        all.extend(&self.unguided);
        all
    }

    /// One arena for all of them, not allocated yet, and the layouts in the order of [`Graphs::all`].
    pub fn lay_out(&self) -> (Arena, Vec<Layout>) {
        Arena::of(&self.all())
    }

    /// About how many seconds a whole erase takes on such a GPU: two encodes, the steps and a decode. `schedule` is the recorded one.
    pub fn seconds(&self, schedule: &Schedule, device: Device) -> f64 {
        let [encode, step, decode] = [&self.encode, &self.step, &self.decode].map(|graph| device.seconds(graph));
        let unguided = self.unguided.as_ref().map_or(step, |graph| device.seconds(graph));
        let steps: f64 = schedule.steps().iter().map(|it| if it.is_guided { step } else { unguided }).sum();
        2.0 * encode + steps + decode
    }

    /// Bytes of GPU memory that a run needs: constants and tensors.
    pub fn bytes(&self) -> (u64, u64) {
        (Constants::bytes(&self.all()), self.lay_out().0.bytes())
    }
}

#[cfg(test)]
mod parity {
    use super::*;
    use crate::nn::packing::check;
    use crate::weights::Synthetic;

    /// The state dict that a table of the fixtures lists.
    fn listed(file: &str) -> Synthetic {
        let path = format!("{}/tests/fixtures/moebius/{file}.tsv", env!("CARGO_MANIFEST_DIR"));
        let table = std::fs::read_to_string(path).unwrap();
        let row = |line: &str| {
            let columns: Vec<&str> = line.split('\t').collect();
            let shape = columns[2].split(',').filter(|side| !side.is_empty()).map(|side| side.parse().unwrap());
            (columns[0].to_owned(), shape.collect())
        };
        Synthetic::new(table.lines().skip(1).map(row)).unwrap()
    }

    #[test]
    fn the_graphs_ask_for_the_references_state_dicts_and_nothing_else() {
        let schedule = Schedule::new(20, 0.99).unwrap();
        for (config, suffix) in [(ModelConfig::FULL, ""), (ModelConfig::TINY, "-tiny")] {
            let graphs = Graphs::record(&config, &schedule, Precision::F32).unwrap();
            check(&listed(&format!("tensors-unet{suffix}")), &[&graphs.step]).unwrap();
            check(&listed(&format!("tensors-vae{suffix}")), &[&graphs.encode, &graphs.decode]).unwrap();
        }
    }

    #[test]
    fn a_latent_of_another_size_is_refused() {
        let schedule = Schedule::new(20, 0.99).unwrap();
        let config = ModelConfig { vae: VaeConfig { side: 768, ..VaeConfig::FULL }, ..ModelConfig::FULL };
        let refused = Graphs::record(&config, &schedule, Precision::F32).map(|_| ());
        assert!(matches!(&refused, Err(Error::Shape(what)) if what.contains("64 x 64")), "{refused:?}");
    }
}
