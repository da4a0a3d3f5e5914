//! What is measured: the networks one by one, and whole erases.

use std::rc::Rc;

use serde_json::{Value, json};
use wasm_core::Unpaced;
use wasm_core::diffusion::schedule::Schedule;
use wasm_core::gpu::{Arena, Constants, Device, Gpu, Graph, Layout, Plan, Preference};
use wasm_core::models::moebius::graphs::{Graphs, ModelConfig, Precision};
use wasm_core::models::moebius::pipeline::{Moebius, Request};
use wasm_core::nn::WeightElement;
use wasm_core::noise::{self, Stream};
use wasm_core::weights::{Synthetic, input};
use web_time::Instant;

use crate::say::say;
use crate::table;

/// Measures everything, and gives it as JSON; `words` are the options, as `main.rs` has them.
///
/// # Errors
/// When the GPU cannot run the model.
pub(crate) async fn run(words: &[String]) -> wasm_core::Result<Value> {
    let bench = Bench::new(words).await?;
    let info = bench.gpu.info();
    say!(
        "{} ({:?}, {}), U-Net in {:?}, VAE in {:?}",
        info.name,
        info.backend,
        info.driver_info,
        bench.precision.unet,
        bench.precision.vae
    );
    let Device { flops, bytes } = bench.ceilings;
    say!("ceilings: {:.1} TFLOP/s in f32, {:.0} GB/s read and written", flops / 1e12, bytes / 1e9);
    let networks = bench.networks().await?;
    let erase = bench.erase().await?;
    Ok(json!({
        "adapter": info.name,
        "backend": format!("{:?}", info.backend),
        "driver": info.driver_info,
        "unet": format!("{:?}", bench.precision.unet),
        "vae": format!("{:?}", bench.precision.vae),
        "ceilings": { "TFLOP/s": flops / 1e12, "GB/s": bytes / 1e9 },
        "networks": networks,
        "erase": erase,
    }))
}

/// What is measured, and with what.
struct Bench {
    gpu: Rc<Gpu>,
    config: ModelConfig,
    schedule: Schedule,
    precision: Precision,
    graphs: Graphs,
    unet: Synthetic,
    vae: Synthetic,
    ceilings: Device,
}

impl Bench {
    async fn new(words: &[String]) -> wasm_core::Result<Self> {
        let has = |flag: &str| words.iter().any(|word| word == flag);
        let gpu = Rc::new(Gpu::open(Preference::Fastest).await?);
        let mut config = if has("--tiny") { ModelConfig::TINY } else { ModelConfig::FULL };
        if has("--int8") {
            (config.unet.weights, config.vae.weights) = (WeightElement::I8, WeightElement::I8);
        }
        let precision = if has("--f32") { Precision::F32 } else { Precision::preferred(&gpu, &config) };
        let schedule = Schedule::new(20, 0.99)?;
        let graphs = Graphs::record(&config, &schedule, precision)?;
        let mut inputs = graphs.encode.inputs()?;
        inputs.extend(graphs.decode.inputs()?);
        let (unet, vae) = (Synthetic::new(graphs.step.inputs()?)?, Synthetic::new(inputs)?);
        let ceilings = Device::measured(&gpu).await?;
        Ok(Self { gpu, config, schedule, precision, graphs, unet, vae, ceilings })
    }

    /// Each network on its own.
    async fn networks(&self) -> wasm_core::Result<Vec<Value>> {
        let (mut arena, layouts) = self.graphs.lay_out();
        arena.allocate(&self.gpu)?;
        let mut constants = Constants::new();
        let begin = Instant::now();
        constants.load(&self.gpu, &self.graphs.unet(), &self.unet, &Unpaced).await?;
        constants.load(&self.gpu, &[&self.graphs.encode, &self.graphs.decode], &self.vae, &Unpaced).await?;
        say!("weights made and uploaded in {:.1} s", begin.elapsed().as_secs_f64());
        let all = [
            ("U-Net step", &self.graphs.step, &layouts[2]),
            ("encode", &self.graphs.encode, &layouts[1]),
            ("decode", &self.graphs.decode, &layouts[0]),
        ];
        let mut rows = vec![];
        for (name, graph, layout) in all {
            rows.push(self.network(name, graph, &arena, layout, &constants).await?);
        }
        Ok(rows)
    }

    async fn network(
        &self,
        name: &str,
        graph: &Graph,
        arena: &Arena,
        layout: &Layout,
        constants: &Constants,
    ) -> wasm_core::Result<Value> {
        let gpu = &*self.gpu;
        let begin = Instant::now();
        let plan = Plan::new(gpu, graph, arena, layout, constants)?;
        let made = begin.elapsed().as_secs_f64();
        let finite = arena.persistent("not finite")?;
        let mut times = vec![];
        for _ in 0..if gpu.is_software() { 1 } else { 15 } {
            let begin = Instant::now();
            plan.submit(gpu, 0);
            gpu.read(finite, 0, 16).await?;
            times.push(begin.elapsed().as_secs_f64());
        }
        let first = times[0];
        times.sort_by(f64::total_cmp);
        let median = times[times.len() / 2];
        let estimated = self.ceilings.seconds(graph);
        say!(
            "\n{name}: {} dispatches, {:.1} GFLOP; pipelines made in {:.2} s, first run {:.1} ms, then median {:.2} ms (estimated {:.1}), best {:.2} ms: {:.1} TFLOP/s",
            graph.nodes().len(),
            graph.flops() as f64 / 1e9,
            made,
            first * 1e3,
            median * 1e3,
            estimated * 1e3,
            times[0] * 1e3,
            graph.flops() as f64 / median / 1e12,
        );
        let kernels = if gpu.has_timestamps() {
            table::print(graph, &plan.profile(gpu, 0).await?, self.ceilings)
        } else {
            say!("this adapter cannot time dispatches");
            vec![]
        };
        Ok(json!({
            "network": name,
            "dispatches": graph.nodes().len(),
            "GFLOP": graph.flops() as f64 / 1e9,
            "pipelines s": made,
            "first ms": first * 1e3,
            "median ms": median * 1e3,
            "best ms": times[0] * 1e3,
            "estimated ms": estimated * 1e3,
            "kernels": kernels,
        }))
    }

    /// The whole way, from a picture to a picture.
    async fn erase(&self) -> wasm_core::Result<Value> {
        let begin = Instant::now();
        let (gpu, schedule) = (self.gpu.clone(), self.schedule.clone());
        let mut model =
            Moebius::load(gpu, self.config, schedule, self.precision, &self.unet, &self.vae, &Unpaced).await?;
        let loaded = begin.elapsed().as_secs_f64();
        say!("\nloaded again with compiled programs in {loaded:.2} s");
        let balanced = self.timed(&mut model, "Balanced").await?;
        model.reschedule(Schedule::fast(10)?, &self.unet, &Unpaced).await?;
        let fast = self.timed(&mut model, "Fast").await?;
        let usage = model.usage();
        say!(
            "GPU memory in our buffers: {:.1} MB in {} buffers, peak {:.1} MB",
            usage.bytes as f64 / 1e6,
            usage.buffers,
            usage.peak as f64 / 1e6
        );
        Ok(json!({ "load s": loaded, "Balanced": balanced, "Fast": fast, "memory MB": usage.peak as f64 / 1e6 }))
    }

    /// Whole erases by the schedule that the model is ready for.
    async fn timed(&self, model: &mut Moebius, preset: &str) -> wasm_core::Result<Value> {
        let request = self.request();
        let mut times = vec![];
        for _ in 0..if self.gpu.is_software() { 1 } else { 5 } {
            let begin = Instant::now();
            let outcome = model.run(&request, &Unpaced).await?;
            times.push(begin.elapsed().as_secs_f64());
            if outcome.fell_back {
                say!("fell back to f32");
            }
        }
        times.sort_by(f64::total_cmp);
        let median = times[times.len() / 2];
        let schedule = model.schedule();
        let steps = schedule.steps().len();
        let estimated = Graphs::record(&self.config, schedule, self.precision)?.seconds(schedule, self.ceilings);
        say!(
            "whole erase, {preset}, {steps} steps: median {:.1} ms (estimated {:.0}), best {:.1} ms",
            median * 1e3,
            estimated * 1e3,
            times[0] * 1e3
        );
        Ok(json!({
            "steps": steps,
            "median ms": median * 1e3,
            "best ms": times[0] * 1e3,
            "estimated ms": estimated * 1e3,
        }))
    }

    fn request(&self) -> Request {
        let (side, n) = (self.config.vae.side as usize, self.config.unet.side as usize);
        let image = input("input.bench.image", 3 * side * side, 1.0);
        Request {
            masked_image: image.iter().map(|v| v * 0.5).collect(),
            image,
            latent_mask: (0..n * n).map(|i| f32::from(i % n > n / 2)).collect(),
            noise: noise::gaussian(1, Stream::Start, 4 * n * n),
            posterior_image: None,
            posterior_masked: None,
            guidance: 2.5,
        }
    }
}
