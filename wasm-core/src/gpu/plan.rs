//! A graph made ready: pipelines, bind groups and parameters, replayed without allocating.

use super::graph::Binding;
use super::submissions::Submission;
use super::{Arena, Buffer, Constants, Gpu, Graph, Layout};
use crate::{GpuError, Pacer, Result};

/// WebGPU's largest `minUniformBufferOffsetAlignment`.
const UNIFORM_ALIGNMENT: usize = 256;

/// One dispatch ready to go.
#[derive(Debug)]
struct Step {
    pipeline: wgpu::ComputePipeline,
    bindings: wgpu::BindGroup,
    workgroups: [u32; 3],
    flops: u64,
}

/// What one dispatch took on the GPU.
#[derive(Clone, Debug)]
pub struct Timing {
    /// Index of the node in the graph.
    pub node: usize,
    /// Seconds.
    pub seconds: f64,
}

/// A graph with everything made ahead.
#[derive(Debug)]
pub struct Plan {
    steps: Vec<Step>,
    // Held for the bind groups' sake.
    _params: Buffer,
    step: Buffer,
}

impl Plan {
    /// Makes pipelines and bind groups. The arena must be allocated and the constants loaded.
    ///
    /// # Errors
    /// [`GpuError`]: a limit, or a program that the driver refuses.
    pub fn new(gpu: &Gpu, graph: &Graph, arena: &Arena, layout: &Layout, constants: &Constants) -> Result<Self> {
        use wgpu::BufferUsages as U;
        let largest = graph.nodes.iter().map(|n| n.params.len()).max().unwrap_or(0);
        let stride = largest.next_multiple_of(UNIFORM_ALIGNMENT);
        let mut bytes = vec![0; (stride * graph.nodes.len()).max(UNIFORM_ALIGNMENT)];
        for (node, place) in graph.nodes.iter().zip(bytes.chunks_exact_mut(stride.max(1))) {
            place[..node.params.len()].copy_from_slice(&node.params);
        }
        let params = gpu.buffer("parameters", bytes.len() as u64, U::UNIFORM | U::COPY_DST);
        gpu.queue().write_buffer(params.raw(), 0, &bytes);
        let step = gpu.buffer("step", 16, U::UNIFORM | U::COPY_DST);
        gpu.queue().write_buffer(step.raw(), 0, &[0; 16]);

        let mut steps = vec![];
        for (index, node) in graph.nodes.iter().enumerate() {
            gpu.check_workgroups(node.workgroups)?;
            let pipeline = gpu.pipeline(&node.program);
            let uniform = wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                buffer: params.raw(),
                offset: (stride * index) as u64,
                size: std::num::NonZero::new(node.params.len() as u64),
            });
            let mut resources = vec![uniform];
            for binding in &node.bindings {
                let missing = || GpuError::Refused(format!("{} has no buffer", node.label));
                resources.push(match binding {
                    Binding::Read(t) | Binding::Write(t) => {
                        arena.buffer(layout, *t).ok_or_else(missing)?.raw().as_entire_binding()
                    }
                    Binding::Constant(c) => {
                        let label = &graph.constants[c.0].label;
                        wgpu::BindingResource::Buffer(constants.binding(label).ok_or_else(missing)?)
                    }
                    Binding::Step => step.raw().as_entire_binding(),
                });
            }
            let entries: Vec<_> =
                (0..).zip(resources).map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource }).collect();
            let bindings = gpu.device().create_bind_group(&wgpu::BindGroupDescriptor {
                label: Some(&node.label),
                layout: &pipeline.get_bind_group_layout(0),
                entries: &entries,
            });
            steps.push(Step { pipeline, bindings, workgroups: node.workgroups, flops: node.flops });
        }
        gpu.check()?;
        Ok(Self { steps, _params: params, step })
    }

    /// Submits the whole plan as step `step` of a run, at once.
    pub fn submit(&self, gpu: &Gpu, step: u32) {
        gpu.queue().write_buffer(self.step.raw(), 0, bytemuck::bytes_of(&[step, 0, 0, 0]));
        gpu.queue().submit([recorded(gpu, &self.steps).finish()]);
    }

    /// Runs the whole plan as step `step` of a run, in submissions that each keep the GPU busy for a moment only (at least one
    /// dispatch), so that screen and watchdog get their turn, and stops between two of them when the caller does. What is left when
    /// this returns may still be running.
    ///
    /// # Errors
    /// The caller's cancel.
    pub async fn run(&self, gpu: &Gpu, step: u32, pacer: &impl Pacer) -> Result<()> {
        gpu.queue().write_buffer(self.step.raw(), 0, bytemuck::bytes_of(&[step, 0, 0, 0]));
        let mut from = 0;
        // One runs while the next is already there: the GPU never waits for us.
        let mut running: Option<Submission> = None;
        while from < self.steps.len() {
            let (budget, mut sum) = (gpu.submissions.budget(), 0);
            let fitting = self.steps[from..].iter().take_while(|s| {
                sum += s.work();
                sum <= budget
            });
            let to = from + fitting.count().max(1);
            let piece = &self.steps[from..to];
            let submitted = gpu.submit(recorded(gpu, piece), piece.iter().map(Step::work).sum());
            if let Some(before) = running.replace(submitted) {
                before.done(gpu).await;
                pacer.checkpoint().await?;
            }
            from = to;
        }
        Ok(())
    }

    /// Runs the plan with every dispatch timed.
    ///
    /// # Errors
    /// [`GpuError`]; [`GpuError::Refused`] if the adapter cannot time passes.
    pub async fn profile(&self, gpu: &Gpu, step: u32) -> Result<Vec<Timing>> {
        /// Most queries a set may hold.
        const QUERIES: usize = 4096;
        if !gpu.has_timestamps() {
            return Err(GpuError::Refused("this adapter cannot time passes".into()).into());
        }
        gpu.queue().write_buffer(self.step.raw(), 0, bytemuck::bytes_of(&[step, 0, 0, 0]));
        let mut timings = vec![];
        for (piece, steps) in self.steps.chunks(QUERIES / 2).enumerate() {
            let count = steps.len() as u32 * 2;
            let queries = gpu.device().create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("timings"),
                ty: wgpu::QueryType::Timestamp,
                count,
            });
            use wgpu::BufferUsages as U;
            let resolved = gpu.buffer("timings", u64::from(count) * 8, U::QUERY_RESOLVE | U::COPY_SRC);
            let mut encoder = gpu.device().create_command_encoder(&Default::default());
            for (i, step) in (0..).zip(steps) {
                let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
                    label: None,
                    timestamp_writes: Some(wgpu::ComputePassTimestampWrites {
                        query_set: &queries,
                        beginning_of_pass_write_index: Some(i * 2),
                        end_of_pass_write_index: Some(i * 2 + 1),
                    }),
                });
                step.dispatch(&mut pass);
            }
            encoder.resolve_query_set(&queries, 0..count, resolved.raw(), 0);
            gpu.queue().submit([encoder.finish()]);
            let bytes = gpu.read(&resolved, 0, u64::from(count) * 8).await?;
            let ticks: Vec<u64> = bytemuck::pod_collect_to_vec(&bytes);
            let unit = f64::from(gpu.queue().get_timestamp_period()) * 1e-9;
            for (i, pair) in ticks.chunks_exact(2).enumerate() {
                let seconds = pair[1].saturating_sub(pair[0]) as f64 * unit;
                timings.push(Timing { node: piece * (QUERIES / 2) + i, seconds });
            }
        }
        Ok(timings)
    }
}

/// Dispatches, one after another, in one pass.
fn recorded(gpu: &Gpu, steps: &[Step]) -> wgpu::CommandEncoder {
    let mut encoder = gpu.device().create_command_encoder(&Default::default());
    {
        let mut pass = encoder.begin_compute_pass(&Default::default());
        for step in steps {
            step.dispatch(&mut pass);
        }
    }
    encoder
}

impl Step {
    /// Operations, and the little that even an empty dispatch costs.
    fn work(&self) -> u64 {
        const OVERHEAD: u64 = 20_000_000;
        self.flops + OVERHEAD
    }

    fn dispatch(&self, pass: &mut wgpu::ComputePass<'_>) {
        let [x, y, z] = self.workgroups;
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.bindings, &[]);
        pass.dispatch_workgroups(x, y, z);
    }
}
