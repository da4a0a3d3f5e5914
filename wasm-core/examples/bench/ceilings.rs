//! What the GPU can do at most, measured in the same run as everything else: arithmetic in f32, and reading and writing memory.

use wasm_core::Result;
use wasm_core::gpu::{Buffer, Gpu};
use web_time::Instant;

/// The two ceilings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ceilings {
    /// Multiplications and additions a second.
    pub(crate) flops: f64,
    /// Bytes read and written a second.
    pub(crate) bytes: f64,
}

/// Bytes of either side of the copy: more than any cache, and within the default limits.
const COPIED: u64 = 128 << 20;
/// Operations of an invocation of `fma.wgsl`: rounds, chains, numbers, and two for each.
const OF_INVOCATION: f64 = 512.0 * 16.0 * 4.0 * 2.0;

/// Measures both. Each is repeated until it takes long enough for a clock.
///
/// # Errors
/// As [`Gpu::read`].
pub(crate) async fn measure(gpu: &Gpu) -> Result<Ceilings> {
    let (from, to) = (gpu.storage("copied from", COPIED), gpu.storage("copied to", COPIED));
    let groups = if gpu.is_software() { 16 } else { 8192 };
    let fma = Probe::new(gpu, include_str!("fma.wgsl"), &[&to]);
    let copy = Probe::new(gpu, include_str!("copy.wgsl"), &[&from, &to]);
    let copied = (COPIED / (16 * 1024)) as u32;
    let operations = f64::from(groups) * 256.0 * OF_INVOCATION;
    Ok(Ceilings {
        flops: operations / fma.seconds(gpu, groups, &to).await?,
        bytes: 2.0 * COPIED as f64 / copy.seconds(gpu, copied, &to).await?,
    })
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

    /// The shortest time of one dispatch, from batches of them.
    async fn seconds(&self, gpu: &Gpu, groups: u32, seen: &Buffer) -> Result<f64> {
        let mut shortest = f64::MAX;
        for batch in if gpu.is_software() { [1, 1, 1] } else { [1, 40, 40] } {
            let begin = Instant::now();
            let mut encoder = gpu.device().create_command_encoder(&Default::default());
            {
                let mut pass = encoder.begin_compute_pass(&Default::default());
                pass.set_pipeline(&self.pipeline);
                pass.set_bind_group(0, &self.bindings, &[]);
                for _ in 0..batch {
                    pass.dispatch_workgroups(groups, 1, 1);
                }
            }
            gpu.queue().submit([encoder.finish()]);
            gpu.read(seen, 0, 16).await?;
            shortest = shortest.min(begin.elapsed().as_secs_f64() / f64::from(batch));
        }
        Ok(shortest)
    }
}
