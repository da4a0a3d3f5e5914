//! What the GPU is, and how fast a model runs on it.

use super::prepare::opened;
use super::records::Records;
use crate::protocol::Failure;
use crate::protocol::models::{Gpu, ModelsReply};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_core::gpu::{self, Preference};
use wasm_core::moebius::noise::{self, Stream};
use wasm_core::moebius::packing::Network;
use wasm_core::moebius::pipeline::{ModelConfig, Moebius, Precision, Request};
use wasm_core::moebius::schedule::Schedule;
use wasm_core::web::{WorkerPacer, milliseconds};
use wasm_core::weights::input;
use wasm_core::{Error, Stage};

/// Milliseconds after which a measurement ends, as soon as it has seen one step.
const LONG_ENOUGH: f64 = 5000.0;

fn failed(error: Error) -> Failure {
    match error {
        Error::Weights(error) => Failure::BadModel { detail: error.to_string() },
        other => Failure::Gpu { detail: other.to_string() },
    }
}

async fn open() -> Result<Rc<gpu::Gpu>, Failure> {
    gpu::Gpu::open(Preference::Fastest).await.map(Rc::new).map_err(failed)
}

/// Asks the browser for its GPU.
pub(super) async fn report() -> Result<ModelsReply, Failure> {
    let gpu = open().await?;
    let (info, limits) = (gpu.info(), gpu.limits());
    let limits = [
        ("maxBufferSize", limits.max_buffer_size as f64),
        ("maxStorageBufferBindingSize", limits.max_storage_buffer_binding_size as f64),
        ("maxComputeWorkgroupStorageSize", f64::from(limits.max_compute_workgroup_storage_size)),
        ("maxComputeInvocationsPerWorkgroup", f64::from(limits.max_compute_invocations_per_workgroup)),
        ("maxStorageBuffersPerShaderStage", f64::from(limits.max_storage_buffers_per_shader_stage)),
    ];
    Ok(ModelsReply::Gpu(Gpu {
        name: format!("{} {}", info.name, info.driver_info).trim().to_owned(),
        software: gpu.is_software(),
        f16: gpu.has_f16(),
        limits: limits.map(|(name, value)| (name.to_owned(), value)).to_vec(),
    }))
}

/// Loads a model from its packs and runs it on a made-up picture for a while.
pub(super) async fn measure(records: &Records, model: &str, vae: &str) -> Result<ModelsReply, Failure> {
    let (unet, vae) = (opened(records, model).await?, opened(records, vae).await?);
    let networks = (Network::named(unet.about("network")), Network::named(vae.about("network")));
    let (Some(Network::Unet(unet_config)), Some(Network::Vae(vae_config))) = networks else {
        return Err(Failure::BadModel { detail: "the packs are not a U-Net and a VAE".into() });
    };
    let config = ModelConfig { unet: unet_config, vae: vae_config };
    let begun = milliseconds();
    let gpu = open().await?;
    let precision = Precision::preferred(&gpu);
    let schedule = Schedule::new(20, 0.99).map_err(failed)?;
    let idle = WorkerPacer::new(|_, _| {}, || false);
    let mut loaded = Moebius::load(gpu, config, schedule, precision, &unet, &vae, &idle).await.map_err(failed)?;
    let load = milliseconds() - begun;

    let (side, n) = (config.vae.side as usize, config.unet.side as usize);
    let image = input("picture", 3 * side * side, 1.0);
    let request = Request {
        masked_image: image.clone(),
        image,
        latent_mask: vec![1.0; n * n],
        noise: noise::gaussian(1, Stream::Start, 4 * n * n),
        posterior_image: None,
        posterior_masked: None,
        guidance: 2.5,
    };
    let begun = milliseconds();
    let encoded = Cell::new(begun);
    let steps: RefCell<Vec<f64>> = RefCell::default();
    let report = |stage, done: f32| match stage {
        Stage::Encoding if done >= 1.0 => encoded.set(milliseconds()),
        Stage::Denoising => steps.borrow_mut().push(milliseconds()),
        _ => {}
    };
    let enough = || !steps.borrow().is_empty() && milliseconds() - begun > LONG_ENOUGH;
    match loaded.run(&request, &WorkerPacer::new(report, enough)).await {
        Ok(_) | Err(Error::Cancelled) => {}
        Err(error) => return Err(failed(error)),
    }
    let steps = steps.borrow();
    let last = steps.last().copied().unwrap_or_else(milliseconds);
    let step = (last - encoded.get()) / steps.len().max(1) as f64;
    Ok(ModelsReply::Measured { load, encode: encoded.get() - begun, step })
}
