//! Times the full-size model with synthetic weights on this machine's GPU:
//! `cargo run --release -p wasm-core --example bench [-- --tiny] [-- --f32]`.
//!
//! Wall times are medians over whole submissions; the tables come from timestamps around each dispatch.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Instant;

use wasm_core::Unpaced;
use wasm_core::diffusion::schedule::Schedule;
use wasm_core::gpu::{Arena, Constants, Gpu, Graph, Layout, Plan, Preference};
use wasm_core::models::moebius::graphs::{Graphs, ModelConfig, Precision};
use wasm_core::models::moebius::pipeline::{Moebius, Request};
use wasm_core::noise::{self, Stream};
use wasm_core::weights::{Synthetic, input};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    pollster::block_on(bench())
}

#[expect(clippy::print_stdout, reason = "printing is what it is for")]
async fn bench() -> Result<(), Box<dyn std::error::Error>> {
    let has = |flag: &str| std::env::args().any(|a| a == flag);
    let gpu = Rc::new(Gpu::open(Preference::Fastest).await?);
    let config = if has("--tiny") { ModelConfig::TINY } else { ModelConfig::FULL };
    let precision = if has("--f32") { Precision::F32 } else { Precision::preferred(&gpu) };
    println!(
        "{} ({:?}), U-Net in {:?}, VAE in {:?}",
        gpu.info().name,
        gpu.info().backend,
        precision.unet,
        precision.vae
    );
    let schedule = Schedule::new(20, 0.99)?;
    let graphs = Graphs::record(&config, &schedule, precision)?;
    let mut inputs = graphs.encode.inputs()?;
    inputs.extend(graphs.decode.inputs()?);
    let (unet, vae) = (Synthetic::new(graphs.step.inputs()?)?, Synthetic::new(inputs)?);

    // 1. Each network on its own.
    {
        let (mut arena, [decode, encode, step, _]) = graphs.lay_out();
        arena.allocate(&gpu)?;
        let mut constants = Constants::new();
        let begin = Instant::now();
        constants.load(&gpu, &[&graphs.step], &unet, &Unpaced).await?;
        constants.load(&gpu, &[&graphs.encode, &graphs.decode], &vae, &Unpaced).await?;
        println!("weights made and uploaded in {:.1} s", begin.elapsed().as_secs_f64());
        for (name, graph, layout) in [
            ("U-Net step", &graphs.step, &step),
            ("encode", &graphs.encode, &encode),
            ("decode", &graphs.decode, &decode),
        ] {
            network(&gpu, name, graph, &arena, layout, &constants).await?;
        }
    }

    // 2. The whole way.
    let begin = Instant::now();
    let mut model = Moebius::load(gpu.clone(), config, schedule, precision, &unet, &vae, &Unpaced).await?;
    println!("\nloaded again with compiled programs in {:.2} s", begin.elapsed().as_secs_f64());
    let (side, n) = (config.vae.side as usize, config.unet.side as usize);
    let image = input("input.bench.image", 3 * side * side, 1.0);
    let request = Request {
        masked_image: image.iter().map(|v| v * 0.5).collect(),
        image,
        latent_mask: (0..n * n).map(|i| f32::from(i % n > n / 2)).collect(),
        noise: noise::gaussian(1, Stream::Start, 4 * n * n),
        posterior_image: None,
        posterior_masked: None,
        guidance: 2.5,
    };
    let mut times = vec![];
    for _ in 0..5 {
        let begin = Instant::now();
        let outcome = model.run(&request, &Unpaced).await?;
        times.push(begin.elapsed().as_secs_f64());
        if outcome.fell_back {
            println!("fell back to f32");
        }
    }
    times.sort_by(f64::total_cmp);
    println!("whole run: median {:.1} ms, best {:.1} ms", times[2] * 1e3, times[0] * 1e3);
    let usage = model.usage();
    println!(
        "GPU memory in our buffers: {:.1} MB in {} buffers, peak {:.1} MB",
        usage.bytes as f64 / 1e6,
        usage.buffers,
        usage.peak as f64 / 1e6
    );
    if has("--hold") {
        // For reading the driver's own figure from outside.
        std::thread::sleep(std::time::Duration::from_secs(5));
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "printing is what it is for")]
async fn network(
    gpu: &Gpu,
    name: &str,
    graph: &Graph,
    arena: &Arena,
    layout: &Layout,
    constants: &Constants,
) -> Result<(), Box<dyn std::error::Error>> {
    let begin = Instant::now();
    let plan = Plan::new(gpu, graph, arena, layout, constants)?;
    let made = begin.elapsed().as_secs_f64();
    let finite = arena.persistent("not finite")?;
    let repeats = if gpu.is_software() { 1 } else { 15 };
    let mut times = vec![];
    for _ in 0..repeats {
        let begin = Instant::now();
        plan.submit(gpu, 0);
        gpu.read(finite, 0, 16).await?;
        times.push(begin.elapsed().as_secs_f64());
    }
    let first = times[0];
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    println!(
        "\n{name}: {} dispatches, {:.1} GFLOP; plan made in {:.2} s, first run {:.1} ms, then median {:.2} ms, best {:.2} ms: {:.1} TFLOP/s",
        graph.nodes().len(),
        graph.flops() as f64 / 1e9,
        made,
        first * 1e3,
        median * 1e3,
        times[0] * 1e3,
        graph.flops() as f64 / median / 1e12,
    );
    if !gpu.has_timestamps() {
        println!("this adapter cannot time dispatches");
        return Ok(());
    }
    let mut by_kernel: BTreeMap<String, (usize, f64, u64, u64)> = BTreeMap::new();
    let mut slowest: Vec<(f64, usize)> = vec![];
    for timing in plan.profile(gpu, 0).await? {
        let node = &graph.nodes()[timing.node];
        let row = by_kernel.entry(node.program.label()).or_default();
        *row = (row.0 + 1, row.1 + timing.seconds, row.2 + node.flops, row.3 + node.bytes);
        slowest.push((timing.seconds, timing.node));
    }
    let mut rows: Vec<_> = by_kernel.into_iter().collect();
    rows.sort_by(|a, b| b.1.1.total_cmp(&a.1.1));
    println!("{:<44} {:>5} {:>9} {:>9} {:>8}", "kernel", "runs", "ms", "TFLOP/s", "GB/s");
    let mut total = 0.0;
    for (kernel, (runs, seconds, flops, bytes)) in rows {
        total += seconds;
        println!(
            "{kernel:<44} {runs:>5} {:>9.3} {:>9.2} {:>8.0}",
            seconds * 1e3,
            flops as f64 / seconds / 1e12,
            bytes as f64 / seconds / 1e9
        );
    }
    println!("{:<44} {:>5} {:>9.3}", "all", "", total * 1e3);
    slowest.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (seconds, node) in slowest.into_iter().take(12) {
        let node = &graph.nodes()[node];
        println!(
            "{:>9.3} ms {:>7.2} TFLOP/s  {} {} [{}]",
            seconds * 1e3,
            node.flops as f64 / seconds / 1e12,
            node.program.label(),
            node.label,
            node.shapes
        );
    }
    Ok(())
}
