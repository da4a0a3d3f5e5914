//! Measures in about 0.3 seconds what the GPU can do at most: arithmetic in f32, and reading and writing memory.

use super::{Buffer, Device, Gpu};
use crate::Result;
use web_time::Instant;

/// Bytes of either side of the copy: with both, more than any cache.
const COPIED: u64 = 64 << 20;
/// Bytes that a workgroup of `copy.wgsl` copies.
const OF_GROUP: u64 = 16 << 10;
/// Operations of a workgroup of `fma.wgsl`: invocations, rounds, chains, numbers, and two for each.
const OPERATIONS: f64 = 256.0 * 512.0 * 16.0 * 4.0 * 2.0;
/// Most workgroups of a dispatch.
const GROUPS: u32 = 65_535;
/// Seconds from which on a measurement counts: a submission and the wait for it take some tenths of a millisecond besides.
const LONG_ENOUGH: f64 = 0.02;
/// How often each is repeated then. The shortest time counts, since others use the GPU as well.
const REPEATED: u32 = 3;

impl Device {
    /// Measures a GPU, which should have nothing else to do.
    ///
    /// # Errors
    /// As [`Gpu::read`].
    pub async fn measured(gpu: &Gpu) -> Result<Self> {
        let (from, to) = (gpu.storage("copied from", COPIED), gpu.storage("copied to", COPIED));
        let fma = Probe::new(gpu, include_str!("fma.wgsl"), &[&to]);
        let copy = Probe::new(gpu, include_str!("copy.wgsl"), &[&from, &to]);
        let of_copy = (COPIED / OF_GROUP) as u32;
        Ok(Self {
            flops: OPERATIONS * fma.rate(gpu, &to, |amount| (amount.min(GROUPS), 1)).await?,
            bytes: 2.0 * COPIED as f64 * copy.rate(gpu, &to, |amount| (of_copy, amount)).await?,
        })
    }
}

/// A program and what it works on.
struct Probe {
    pipeline: wgpu::ComputePipeline,
    bindings: wgpu::BindGroup,
}

impl Probe {
    fn new(gpu: &Gpu, text: &'static str, buffers: &[&Buffer]) -> Self {
        let device = gpu.device();
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: None,
            source: wgpu::ShaderSource::Wgsl(text.into()),
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: None,
            layout: None,
            module: &module,
            entry_point: Some("main"),
            compilation_options: Default::default(),
            cache: None,
        });
        let entries: Vec<_> = (0..)
            .zip(buffers)
            .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.raw().as_entire_binding() })
            .collect();
        let bindings = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        Self { pipeline, bindings }
    }

    /// How much of something it does in a second. `work` gives workgroups and dispatches for an amount, which grows until it takes long enough for a
    /// clock.
    async fn rate(&self, gpu: &Gpu, seen: &Buffer, work: impl Fn(u32) -> (u32, u32)) -> Result<f64> {
        let mut amount = 1;
        // It is compiled at the latest by now.
        self.seconds(gpu, seen, work(amount)).await?;
        let mut seconds = self.seconds(gpu, seen, work(amount)).await?;
        while seconds < LONG_ENOUGH && amount < GROUPS {
            amount = (amount * 4).min(GROUPS);
            seconds = self.seconds(gpu, seen, work(amount)).await?;
        }
        for _ in 1..REPEATED {
            seconds = seconds.min(self.seconds(gpu, seen, work(amount)).await?);
        }
        Ok(f64::from(amount) / seconds)
    }

    /// Seconds of some dispatches.
    async fn seconds(&self, gpu: &Gpu, seen: &Buffer, (groups, dispatches): (u32, u32)) -> Result<f64> {
        let begin = Instant::now();
        let mut encoder = gpu.device().create_command_encoder(&Default::default());
        {
            let mut pass = encoder.begin_compute_pass(&Default::default());
            pass.set_pipeline(&self.pipeline);
            pass.set_bind_group(0, &self.bindings, &[]);
            for _ in 0..dispatches {
                pass.dispatch_workgroups(groups, 1, 1);
            }
        }
        gpu.queue().submit([encoder.finish()]);
        gpu.read(seen, 0, 16).await?;
        Ok(begin.elapsed().as_secs_f64())
    }
}
