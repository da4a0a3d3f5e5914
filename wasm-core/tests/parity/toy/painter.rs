//! The toy when it is loaded: on the GPU, or without one.

use std::rc::Rc;

use wasm_core::gpu::{Arena, Constants, Gpu, Plan};
use wasm_core::models::{Answer, Painter, Progress, Sketch, Task, Values};
use wasm_core::weights::{Pack, Source};
use wasm_core::{Error, Pacer, Result, Stage};

use super::{BLEND, GAIN, SIDE, bytes_of, graph};

/// Pixels of the square.
const AREA: usize = (SIDE * SIDE) as usize;

/// See the module.
pub struct ToyPainter {
    gain: Vec<f32>,
    on_gpu: Option<OnGpu>,
}

/// What it holds on the GPU.
struct OnGpu {
    gpu: Rc<Gpu>,
    arena: Arena,
    plan: Plan,
    _constants: Constants,
}

impl ToyPainter {
    /// Without a GPU.
    pub fn on_cpu(pack: &Pack) -> Result<Self> {
        Ok(Self { gain: pack.read(GAIN)?, on_gpu: None })
    }

    /// On a GPU.
    pub async fn on_gpu(gpu: Rc<Gpu>, pack: &Pack, pacer: &dyn Pacer) -> Result<Self> {
        let graph = graph();
        let (mut arena, mut layouts) = Arena::of(&[&graph]);
        let layout = layouts.swap_remove(0);
        arena.allocate(&gpu)?;
        let mut constants = Constants::new();
        constants.load(&gpu, &[&graph], pack, pacer).await?;
        let plan = Plan::new(&gpu, &graph, &arena, &layout, &constants)?;
        let on_gpu = Some(OnGpu { gpu, arena, plan, _constants: constants });
        Ok(Self { on_gpu, ..Self::on_cpu(pack)? })
    }

    /// The mean of what surrounds the hole, times the gain, blended into the hole: `[3, SIDE, SIDE]`.
    fn plain(&self, picture: &[f32], blend: f32) -> Vec<f32> {
        let known = &picture[3 * AREA..];
        let count: f32 = known.iter().sum();
        let colour = |(colour, plane): (usize, &[f32])| {
            let mean = self.gain[colour] * plane.iter().zip(known).map(|(v, k)| v * k).sum::<f32>() / count.max(1.0);
            let blended = |(shown, known): (&f32, &f32)| shown + (mean - shown) * blend * (1.0 - known);
            plane.iter().zip(known).map(blended).collect::<Vec<_>>()
        };
        picture[..3 * AREA].chunks_exact(AREA).enumerate().flat_map(colour).collect()
    }
}

impl OnGpu {
    /// The same on the GPU.
    async fn run(&self, picture: &[f32], blend: f32, pacer: &dyn Pacer) -> Result<Vec<f32>> {
        for (label, values) in [("picture", picture), ("blend", &[blend; 4])] {
            self.gpu.queue().write_buffer(self.arena.persistent(label)?.raw(), 0, &bytes_of(values));
        }
        self.plan.run(&self.gpu, 0, pacer).await?;
        let bytes = self.gpu.read(self.arena.persistent("painted")?, 0, 12 * AREA as u64).await?;
        Ok(bytes.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect())
    }
}

impl Painter for ToyPainter {
    fn side(&self) -> u32 {
        SIDE
    }

    fn gpu(&self) -> Option<&Gpu> {
        self.on_gpu.as_ref().map(|on_gpu| &*on_gpu.gpu)
    }

    fn is_ready_for(&self, _options: &Values) -> bool {
        true
    }

    fn adapt<'a>(&'a mut self, _: &'a Values, _: &'a [Pack], _: &'a dyn Pacer) -> Answer<'a, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn paint<'a>(
        &'a mut self,
        task: &'a Task<'a>,
        _progress: &'a mut Progress,
        pacer: &'a dyn Pacer,
        seen: &'a mut dyn FnMut(Sketch),
    ) -> Answer<'a, Vec<u8>> {
        Box::pin(async move {
            if task.rgb.len() != 3 * AREA || task.hole.len() != AREA {
                return Err(Error::Shape(format!("this model takes {SIDE} x {SIDE} pixels")));
            }
            let level = |at: usize| f32::from(task.rgb[at % AREA * 3 + at / AREA]);
            let mut picture: Vec<f32> = (0..3 * AREA).map(level).collect();
            picture.extend(task.hole.iter().map(|in_hole| if *in_hole { 0.0 } else { 1.0 }));
            let blend = task.options.get(&BLEND) as f32;
            let painted = match &self.on_gpu {
                Some(on_gpu) => on_gpu.run(&picture, blend, pacer).await?,
                None => self.plain(&picture, blend),
            };
            let rgb: Vec<u8> = (0..3 * AREA).map(|at| painted[at % 3 * AREA + at / 3].round() as u8).collect();
            seen(Sketch { side: SIDE, rgb: rgb.clone() });
            pacer.progress(Stage::Decoding, 1.0);
            pacer.checkpoint().await?;
            Ok(rgb)
        })
    }
}
