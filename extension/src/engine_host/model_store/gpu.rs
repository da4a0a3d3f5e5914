//! Describes the GPU, and measures how fast a model runs on it.

use super::cache::ModelCache;
use super::jobs::Job;
use crate::browser::gpu as browser;
use crate::engine_host::failure::failure;
use crate::protocol::Failure;
use crate::protocol::models::{Gpu, Measured, Work};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_core::gpu::{self, Preference};
use wasm_core::models::{Progress, Task};
use wasm_core::web::{WorkerPacer, milliseconds};
use wasm_core::{Error, Stage};

/// A measurement ends after this many milliseconds, or after the first step if that takes longer.
const LONG_ENOUGH: f64 = 5000.0;

/// Asks the browser for its GPU.
pub(super) async fn report() -> Result<Gpu, Failure> {
    let gpu = gpu::Gpu::open(Preference::Fastest).await.map_err(failure)?;
    let limits = gpu.limits();
    let limits = [
        ("maxBufferSize", limits.max_buffer_size as f64),
        ("maxStorageBufferBindingSize", limits.max_storage_buffer_binding_size as f64),
        ("maxComputeWorkgroupStorageSize", f64::from(limits.max_compute_workgroup_storage_size)),
        ("maxComputeInvocationsPerWorkgroup", f64::from(limits.max_compute_invocations_per_workgroup)),
        ("maxStorageBuffersPerShaderStage", f64::from(limits.max_storage_buffers_per_shader_stage)),
    ];
    Ok(Gpu {
        name: browser::name().await?,
        software: gpu.is_software(),
        f16: gpu.has_f16(),
        limits: limits.map(|(name, value)| (name.to_owned(), value)).to_vec(),
    })
}

/// Loads a model from its packs and runs it on a made-up picture for a while.
pub(super) async fn measure(cache: &Rc<ModelCache>, model: &str, job: &Job) -> Result<Measured, Failure> {
    // The model on the GPU is freed first, to measure how long loading takes.
    drop(cache.forget(model).await);
    let begun = milliseconds();
    let stopped = || job.is_stopped();
    let progress = RefCell::new(job.progress(Work::Measuring, 1000, 0));
    let loading = |_, done: f32| progress.borrow_mut().report((done * 500.0) as u64);
    let mut lease = cache.lease(model, &[], &WorkerPacer::new(loading, stopped)).await?;
    let load = milliseconds() - begun;
    let (painter, options) = lease.model()?;

    let area = painter.side() as usize * painter.side() as usize;
    // The time does not depend on the picture.
    let rgb: Vec<u8> = (0..3 * area as u32).map(|at| (at.wrapping_mul(0x9E37_79B1) >> 24) as u8).collect();
    let task = Task { rgb: &rgb, hole: &vec![true; area], seed: 1, options };
    let begun = milliseconds();
    let encoded = Cell::new(begun);
    let seen: RefCell<Vec<f64>> = RefCell::default();
    let all = Cell::new(0);
    let report = |stage, done: f32| match stage {
        Stage::Encoding if done >= 1.0 => encoded.set(milliseconds()),
        Stage::Denoising { steps, .. } => {
            all.set(steps);
            seen.borrow_mut().push(milliseconds());
            progress.borrow_mut().report(500 + (done * 500.0) as u64);
        }
        _ => {}
    };
    let enough = || stopped() || !seen.borrow().is_empty() && milliseconds() - begun > LONG_ENOUGH;
    match painter.paint(&task, &mut Progress::default(), &WorkerPacer::new(report, enough), &mut |_| {}).await {
        Ok(_) | Err(Error::Cancelled) => {}
        Err(error) => return Err(failure(error)),
    }
    job.check()?;
    let seen = seen.borrow();
    // A model that reports no steps has one.
    let last = seen.last().copied().unwrap_or_else(milliseconds);
    let step = (last - encoded.get()) / seen.len().max(1) as f64;
    let encode = encoded.get() - begun;
    // The decoder is taken to be as slow as a step.
    let whole = encode + step * f64::from(all.get() + 1);
    let memory = wasm_core::web::memory();
    Ok(Measured { load, encode, step, whole, memory })
}
