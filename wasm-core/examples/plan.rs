//! Prints every dispatch of a run: `cargo run -p wasm-core --example plan [-- --tiny] [-- --f32]`. Needs no GPU.

use wasm_core::diffusion::schedule::Schedule;
use wasm_core::gpu::{Constants, Element, Graph};
use wasm_core::models::moebius::graphs::{Graphs, ModelConfig, Precision};

#[expect(clippy::print_stdout, reason = "printing is what it is for")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let has = |flag: &str| std::env::args().any(|a| a == flag);
    let config = if has("--tiny") { ModelConfig::TINY } else { ModelConfig::FULL };
    let unet = if has("--f32") { Element::F32 } else { Element::F16 };
    let schedule = Schedule::new(20, 0.99)?;
    let graphs = Graphs::record(&config, &schedule, Precision { unet, vae: Element::F32 })?;
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
    }
    let (arena, _) = graphs.lay_out();
    let (constants, tensors) = (Constants::bytes(&graphs.all()), arena.bytes());
    println!(
        "\nGPU memory: {:.1} MB of constants and {:.1} MB of tensors, {:.1} MB together; largest buffer {:.1} MB",
        constants as f64 / 1e6,
        tensors as f64 / 1e6,
        (constants + tensors) as f64 / 1e6,
        arena.largest() as f64 / 1e6
    );
    Ok(())
}
