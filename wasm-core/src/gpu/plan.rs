//! A graph that is ready to run: its pipelines, bind groups and parameters. Running it allocates nothing.

use std::collections::VecDeque;

use super::graph::{Binding, Node, Part};
use super::submissions::Submission;
use super::{Arena, Buffer, Constants, Gpu, Graph, Layout};
use crate::{GpuError, Pacer, Result};

/// WebGPU's largest `minUniformBufferOffsetAlignment`.
const UNIFORM_ALIGNMENT: usize = 256;

/// A dispatch, or a part of one, that is ready to run.
#[derive(Debug)]
struct Piece {
    pipeline: wgpu::ComputePipeline,
    bindings: wgpu::BindGroup,
    workgroups: [u32; 3],
    flops: u64,
}

/// One dispatch of the graph.
#[derive(Debug)]
struct Step {
    whole: Piece,
    /// The dispatch in parts, for GPUs on which the whole takes too long; empty if it is small or cannot be split. Faster GPUs run the whole,
    /// because parts run one after another and leave more of a fast GPU idle.
    parts: Vec<Piece>,
}

/// The time that one dispatch took on the GPU.
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
    // Kept alive because bind groups refer to it.
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
        let forms: Vec<(Part, Vec<Part>)> = graph.nodes.iter().map(|n| (n.whole(), n.parts(graph.part()))).collect();
        let all = || forms.iter().flat_map(|(whole, parts)| std::iter::once(whole).chain(parts));
        let largest = all().map(|part| part.params.len()).max().unwrap_or(0);
        let stride = largest.next_multiple_of(UNIFORM_ALIGNMENT);
        let mut bytes = vec![0; (stride * all().count()).max(UNIFORM_ALIGNMENT)];
        for (part, place) in all().zip(bytes.chunks_exact_mut(stride.max(1))) {
            place[..part.params.len()].copy_from_slice(&part.params);
        }
        let params = gpu.buffer("parameters", bytes.len() as u64, U::UNIFORM | U::COPY_DST);
        gpu.queue().write_buffer(params.raw(), 0, &bytes);
        let step = gpu.buffer("step", 16, U::UNIFORM | U::COPY_DST);
        gpu.queue().write_buffer(step.raw(), 0, &[0; 16]);

        let piece = |node: &Node, part: &Part, index: usize| -> Result<Piece> {
            gpu.check_workgroups(part.workgroups)?;
            let pipeline = gpu.pipeline(&node.program);
            let uniform = wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                buffer: params.raw(),
                offset: (stride * index) as u64,
                size: std::num::NonZero::new(part.params.len() as u64),
            });
            let mut resources = vec![uniform];
            for binding in &node.bindings {
                let missing = || GpuError::Internal(format!("{} has no buffer", node.label));
                resources.push(match binding {
                    Binding::Read(t) | Binding::Write(t) => {
                        wgpu::BindingResource::Buffer(arena.binding(layout, *t).ok_or_else(missing)?)
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
            Ok(Piece { pipeline, bindings, workgroups: part.workgroups, flops: part.flops })
        };
        let mut steps = vec![];
        let mut made = 0;
        for (node, (whole, parts)) in graph.nodes.iter().zip(&forms) {
            let whole = piece(node, whole, made)?;
            let parts =
                (made + 1..).zip(parts).map(|(index, part)| piece(node, part, index)).collect::<Result<Vec<_>>>()?;
            made += 1 + parts.len();
            steps.push(Step { whole, parts });
        }
        gpu.check()?;
        Ok(Self { steps, _params: params, step })
    }

    /// Submits the whole plan at once, as step `step` of a run.
    pub fn submit(&self, gpu: &Gpu, step: u32) {
        gpu.queue().write_buffer(self.step.raw(), 0, bytemuck::bytes_of(&[step, 0, 0, 0]));
        gpu.queue().submit([recorded(gpu, self.steps.iter().map(|step| &step.whole)).finish()]);
    }

    /// Whether any dispatch can be split.
    pub fn has_parts(&self) -> bool {
        self.steps.iter().any(|step| !step.parts.is_empty())
    }

    /// As [`Plan::submit`], with every dispatch split that can be. For tests.
    pub fn submit_in_parts(&self, gpu: &Gpu, step: u32) {
        gpu.queue().write_buffer(self.step.raw(), 0, bytemuck::bytes_of(&[step, 0, 0, 0]));
        gpu.queue().submit([recorded(gpu, self.steps.iter().flat_map(|step| step.pieces(0))).finish()]);
    }

    /// Runs the whole plan as step `step` of a run. Each submission keeps the GPU busy for about 40 ms, so that the screen can be drawn and no
    /// watchdog resets the GPU; it holds at least one dispatch, or a part of a dispatch that takes longer. A cancel takes effect between two
    /// submissions. The last submissions may still be running when this returns.
    ///
    /// # Errors
    /// The caller's cancel.
    pub async fn run(&self, gpu: &Gpu, step: u32, pacer: &dyn Pacer) -> Result<()> {
        gpu.queue().write_buffer(self.step.raw(), 0, bytemuck::bytes_of(&[step, 0, 0, 0]));
        // The next submission is queued while one runs, so that the GPU never waits for the CPU.
        let mut running: Option<Submission> = None;
        let mut steps = self.steps.iter();
        let mut waiting: VecDeque<&Piece> = VecDeque::new();
        loop {
            let budget = gpu.submissions.budget();
            let (mut pieces, mut work) = (vec![], 0);
            loop {
                if waiting.is_empty() {
                    let Some(step) = steps.next() else { break };
                    waiting.extend(step.pieces(budget));
                }
                if !pieces.is_empty() && waiting.front().is_some_and(|piece| work + piece.work() > budget) {
                    break;
                }
                if let Some(piece) = waiting.pop_front() {
                    work += piece.work();
                    pieces.push(piece);
                }
            }
            if pieces.is_empty() {
                return Ok(());
            }
            let submitted = gpu.submissions.submit(gpu.queue(), recorded(gpu, pieces), work);
            if let Some(before) = running.replace(submitted) {
                gpu.submissions.wait_for(before, gpu.device()).await;
                pacer.checkpoint().await?;
            }
        }
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
                step.whole.dispatch(&mut pass);
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

/// Records dispatches, one after another, in one pass.
fn recorded<'a>(gpu: &Gpu, pieces: impl IntoIterator<Item = &'a Piece>) -> wgpu::CommandEncoder {
    let mut encoder = gpu.device().create_command_encoder(&Default::default());
    {
        let mut pass = encoder.begin_compute_pass(&Default::default());
        for piece in pieces {
            piece.dispatch(&mut pass);
        }
    }
    encoder
}

impl Step {
    /// The whole dispatch if it has at most `budget` operations, or else its parts.
    fn pieces(&self, budget: u64) -> std::slice::Iter<'_, Piece> {
        if self.parts.is_empty() || self.whole.work() <= budget {
            return std::slice::from_ref(&self.whole).iter();
        }
        self.parts.iter()
    }
}

impl Piece {
    /// Operations, and a small constant for what even an empty dispatch costs.
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
