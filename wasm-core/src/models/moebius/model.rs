//! What the model answers to those who know no model (see [`crate::models`]).

use std::rc::Rc;

use super::graphs::{Graphs, ModelConfig, Precision};
use super::network::{Network, OF_UNET, OF_VAE};
use super::options::{self, OPTIONS, SAMPLER_STEPS, STEPS, STRENGTH};
use super::pipeline::Moebius;
use crate::diffusion::schedule::Schedule;
use crate::gpu::{Device, Gpu};
use crate::models::contract::{Answer, Cost, Landmark, Model, ModelFile, Painter, wrong};
use crate::models::options::{OptionSpec, Values};
use crate::nn::WeightElement;
use crate::weights::{Pack, Source};
use crate::{GpuError, Pacer, Result};

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct MoebiusModel;

/// The schedule that the options ask for.
///
/// # Errors
/// [`crate::Error::Shape`] for steps that the option does not allow.
pub(super) fn schedule(values: &Values) -> Result<Schedule> {
    options::schedule(values.get(&STEPS) as u32)
}

impl Model for MoebiusModel {
    fn name(&self) -> &'static str {
        "moebius"
    }

    fn landmarks(&self) -> &'static [Landmark] {
        &[(OF_UNET, &[320, 9, 1, 1]), (OF_VAE, &[128, 3, 3, 3])]
    }

    fn options(&self) -> &'static [OptionSpec] {
        &OPTIONS
    }

    fn needs_gpu(&self) -> bool {
        true
    }

    fn recognise(&self, source: &dyn Source, weights: WeightElement) -> Option<Box<dyn ModelFile>> {
        Some(Box::new(Network::recognise(source, weights)?))
    }

    fn file(&self, network: &str) -> Option<Box<dyn ModelFile>> {
        Some(Box::new(Network::named(network)?))
    }

    fn cost(&self, packs: &[Pack], gpu: Option<&Gpu>) -> Result<Cost> {
        let config = ModelConfig::of_packs(packs)?;
        let precision = gpu.map_or(Precision::F32, |gpu| Precision::preferred(gpu, &config));
        let graphs = Graphs::record(&config, &Schedule::new(SAMPLER_STEPS, STRENGTH)?, precision)?;
        let (constants, tensors) = graphs.bytes();
        Ok(Cost { memory: constants + tensors, operations: graphs.step.flops() })
    }

    fn estimate(&self, gpu: &Gpu, device: Device) -> Option<f64> {
        let (config, schedule) = (ModelConfig::FULL, options::schedule(STEPS.default as u32).ok()?);
        let graphs = Graphs::record(&config, &schedule, Precision::preferred(gpu, &config)).ok()?;
        Some(graphs.seconds(&schedule, device))
    }

    fn load<'a>(
        &'a self,
        packs: &'a [Pack],
        gpu: Option<Rc<Gpu>>,
        options: &'a Values,
        pacer: &'a dyn Pacer,
    ) -> Answer<'a, Box<dyn Painter>> {
        Box::pin(async move {
            let config = ModelConfig::of_packs(packs)?;
            let [unet, vae] = packs else { return Err(wrong(packs).into()) };
            let gpu = gpu.ok_or_else(|| GpuError::Internal("the model needs a GPU".into()))?;
            let precision = Precision::preferred(&gpu, &config);
            let loaded = Moebius::load(gpu, config, schedule(options)?, precision, unet, vae, pacer).await?;
            Ok(Box::new(loaded) as Box<dyn Painter>)
        })
    }
}
