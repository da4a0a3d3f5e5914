//! What the GPU is, and how fast a model runs on it.

use super::cache::ModelCache;
use super::failure::not_running;
use super::jobs::Job;
use crate::browser::gpu as browser;
use crate::protocol::Failure;
use crate::protocol::models::{Gpu, ModelsReply, STEPS, Work};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_core::gpu::{self, Preference};
use wasm_core::models::moebius::pipeline::Request;
use wasm_core::noise::{self, Stream};
use wasm_core::web::{WorkerPacer, milliseconds};
use wasm_core::weights::input;
use wasm_core::{Error, Stage};

/// Milliseconds after which a measurement ends, as soon as it has seen one step.
const LONG_ENOUGH: f64 = 5000.0;

/// Asks the browser for its GPU.
pub(super) async fn report() -> Result<ModelsReply, Failure> {
    let gpu = gpu::Gpu::open(Preference::Fastest).await.map_err(not_running)?;
    let limits = gpu.limits();
    let limits = [
        ("maxBufferSize", limits.max_buffer_size as f64),
        ("maxStorageBufferBindingSize", limits.max_storage_buffer_binding_size as f64),
        ("maxComputeWorkgroupStorageSize", f64::from(limits.max_compute_workgroup_storage_size)),
        ("maxComputeInvocationsPerWorkgroup", f64::from(limits.max_compute_invocations_per_workgroup)),
        ("maxStorageBuffersPerShaderStage", f64::from(limits.max_storage_buffers_per_shader_stage)),
    ];
    Ok(ModelsReply::Gpu(Gpu {
        name: browser::name().await?,
        software: gpu.is_software(),
        f16: gpu.has_f16(),
        limits: limits.map(|(name, value)| (name.to_owned(), value)).to_vec(),
    }))
}

/// Loads a model from its packs and runs it on a made-up picture for a while.
pub(super) async fn measure(cache: &Rc<ModelCache>, model: &str, job: &Job) -> Result<ModelsReply, Failure> {
    // From nothing, to see how long loading takes.
    drop(cache.forget(model).await);
    let begun = milliseconds();
    let stopped = || job.is_stopped();
    let progress = RefCell::new(job.progress(Work::Measuring, 1000, 0));
    let loading = |_, done: f32| progress.borrow_mut().report((done * 500.0) as u64);
    let mut lease = cache.lease(model, STEPS, &WorkerPacer::new(loading, stopped)).await?;
    let load = milliseconds() - begun;
    let moebius = lease.model()?;

    let config = moebius.config();
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
        Stage::Denoising { .. } => {
            steps.borrow_mut().push(milliseconds());
            progress.borrow_mut().report(500 + (done * 500.0) as u64);
        }
        _ => {}
    };
    let enough = || stopped() || !steps.borrow().is_empty() && milliseconds() - begun > LONG_ENOUGH;
    match moebius.run(&request, &WorkerPacer::new(report, enough)).await {
        Ok(_) | Err(Error::Cancelled) => {}
        Err(error) => return Err(not_running(error)),
    }
    job.check()?;
    let steps = steps.borrow();
    let last = steps.last().copied().unwrap_or_else(milliseconds);
    let step = (last - encoded.get()) / steps.len().max(1) as f64;
    let memory = wasm_core::web::memory();
    Ok(ModelsReply::Measured { load, encode: encoded.get() - begun, step, memory })
}
