//! Prints every dispatch of a run and what of its memory lives when: `cargo run -p wasm-core --example plan -- [--tiny] [--f32] [--int8]`.
//! `--device "3.6 TFLOP/s, 100 GB/s"` prints how long it takes on such a GPU instead. Needs none.

use wasm_core::diffusion::schedule::Schedule;
use wasm_core::gpu::{Constants, Device, Element, Graph};
use wasm_core::models::moebius::graphs::{Graphs, ModelConfig, Precision};
use wasm_core::nn::WeightElement;

#[expect(clippy::print_stdout, reason = "printing is what it is for")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let has = |flag: &str| std::env::args().any(|a| a == flag);
    let mut config = if has("--tiny") { ModelConfig::TINY } else { ModelConfig::FULL };
    if has("--int8") {
        (config.unet.weights, config.vae.weights) = (WeightElement::I8, WeightElement::I8);
    }
    let unet = if has("--f32") { Element::F32 } else { Element::F16 };
    let schedule = Schedule::new(20, 0.99)?;
    // As `Precision::preferred` has it.
    let vae = if has("--int8") { unet } else { Element::F32 };
    let precision = Precision { unet, vae };
    let graphs = Graphs::record(&config, &schedule, precision)?;
    if let Some(device) = std::env::args().skip_while(|a| a != "--device").nth(1) {
        return estimate(device.parse()?, &config, &schedule, precision);
    }
    let named: [(&str, &Graph); 4] =
        [("encode", &graphs.encode), ("start", &graphs.start), ("step", &graphs.step), ("decode", &graphs.decode)];
    for (name, graph) in named {
        println!("\n{name}: {} dispatches", graph.nodes().len());
        println!("{:>4} {:>10} {:>10} {:>14}  {:<38} what and shapes", "", "GFLOP", "MB", "workgroups", "kernel");
        for (i, node) in graph.nodes().iter().enumerate() {
            let [x, y, z] = node.workgroups;
            println!(
                "{i:>4} {:>10.4} {:>10.3} {:>14}  {:<38} {} [{}]",
                node.flops as f64 / 1e9,
                node.bytes as f64 / 1e6,
                format!("{x}x{y}x{z}"),
                node.program.label(),
                node.label,
                node.shapes,
            );
        }
        println!("     {:>10.1} GFLOP in all", graph.flops() as f64 / 1e9);
        let (at, living) = graph.peak();
        let all: u64 = living.iter().map(|(bytes, _)| bytes).sum();
        println!("\n     at its peak, dispatch {at}, {:.1} MB of tensors live:", all as f64 / 1e6);
        for (bytes, label) in living.iter().filter(|(bytes, _)| *bytes > 1_000_000) {
            println!("     {:>10.1} MB  {label}", *bytes as f64 / 1e6);
        }
    }
    let (arena, _) = graphs.lay_out();
    let (constants, tensors) = (Constants::bytes(&graphs.all()), arena.bytes());
    println!(
        "\nbuffers that tensors share, MB: {:.1?}\nGPU memory: {:.1} MB of constants and {:.1} MB of tensors, {:.1} MB together; largest buffer {:.1} MB",
        arena.shared().iter().map(|bytes| *bytes as f64 / 1e6).collect::<Vec<_>>(),
        constants as f64 / 1e6,
        tensors as f64 / 1e6,
        (constants + tensors) as f64 / 1e6,
        arena.largest() as f64 / 1e6
    );
    Ok(())
}

/// How long a device takes for each network, and for a whole erase by either preset.
#[expect(clippy::print_stdout, reason = "printing is what it is for")]
fn estimate(
    device: Device,
    config: &ModelConfig,
    schedule: &Schedule,
    precision: Precision,
) -> Result<(), Box<dyn std::error::Error>> {
    let milliseconds = |graph: &Graph| 1e3 * device.seconds(graph);
    let graphs = Graphs::record(config, schedule, precision)?;
    let [encode, step, decode] = [&graphs.encode, &graphs.step, &graphs.decode].map(milliseconds);
    let fast = Schedule::fast(10)?;
    let [balanced, short] =
        [graphs.seconds(schedule, device), Graphs::record(config, &fast, precision)?.seconds(&fast, device)];
    println!("step {step:.1} ms, encode {encode:.1} ms, decode {decode:.1} ms");
    println!("whole erase: Balanced {balanced:.2} s, Fast {short:.2} s");
    Ok(())
}
