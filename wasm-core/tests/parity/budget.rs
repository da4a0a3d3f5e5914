//! The work and the memory of the full-size model against `docs/plan-budget.tsv`. Needs no GPU: times are not tested, what they come from is.

use wasm_core::diffusion::schedule::Schedule;
use wasm_core::gpu::{Constants, Element, Graph};
use wasm_core::models::moebius::graphs::{Graphs, ModelConfig, Precision};
use wasm_core::nn::WeightElement;

/// How far below its budget a number may fall before the budget has to follow.
const SLACK: f64 = 0.97;

/// The rows of the plan: what of the model, which number, and the number.
fn plan() -> Vec<(String, &'static str, f64)> {
    let schedule = Schedule::new(20, 0.99).unwrap();
    let mut rows = vec![];
    for (name, unet, weights) in [
        ("f16", Element::F16, WeightElement::F16),
        ("f32", Element::F32, WeightElement::F16),
        ("f16 int8", Element::F16, WeightElement::I8),
    ] {
        let mut config = ModelConfig::FULL;
        (config.unet.weights, config.vae.weights) = (weights, weights);
        // As `Precision::preferred` has it.
        let vae = if weights == WeightElement::I8 { Element::F16 } else { Element::F32 };
        let graphs = Graphs::record(&config, &schedule, Precision { unet, vae }).unwrap();
        if weights == WeightElement::F16 {
            rows.extend(of_graph(&format!("step {name}"), &graphs.step));
        }
        if name == "f16" {
            rows.extend(of_graph("encode", &graphs.encode));
            rows.extend(of_graph("decode", &graphs.decode));
        }
        let (constants, tensors) = graphs.bytes();
        rows.push((format!("memory {name}"), "constants MB", constants as f64 / 1e6));
        rows.push((format!("memory {name}"), "tensors MB", tensors as f64 / 1e6));
        rows.push((format!("memory {name}"), "largest buffer MB", graphs.lay_out().0.largest() as f64 / 1e6));
    }
    rows
}

fn of_graph(name: &str, graph: &Graph) -> Vec<(String, &'static str, f64)> {
    let bytes: u64 = graph.nodes().iter().map(|node| node.bytes).sum();
    vec![
        (name.to_owned(), "dispatches", graph.nodes().len() as f64),
        (name.to_owned(), "GFLOP", graph.flops() as f64 / 1e9),
        (name.to_owned(), "GB", bytes as f64 / 1e9),
    ]
}

/// The largest buffer and the largest binding that every WebGPU device allows.
const DEFAULT_LIMIT: u64 = 128 << 20;

#[test]
fn every_buffer_is_within_the_limits_that_need_no_asking() {
    let schedule = Schedule::fast(10).unwrap();
    for weights in [WeightElement::F16, WeightElement::I8] {
        let mut config = ModelConfig::FULL;
        (config.unet.weights, config.vae.weights) = (weights, weights);
        for element in [Element::F16, Element::F32] {
            let graphs = Graphs::record(&config, &schedule, Precision { unet: element, vae: element }).unwrap();
            let largest = [graphs.lay_out().0.largest(), Constants::largest(&graphs.all())];
            assert!(largest.iter().all(|bytes| *bytes <= DEFAULT_LIMIT), "{weights:?} {element:?}: {largest:?}");
        }
    }
}

#[test]
fn the_plan_keeps_to_its_budget() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/plan-budget.tsv");
    let table = std::fs::read_to_string(path).unwrap_or_default();
    let mut faults = vec![];
    let mut fresh = "of\twhat\tbudget\n".to_owned();
    for (of, what, found) in plan() {
        fresh += &format!("{of}\t{what}\t{}\n", (found * 100.0).ceil() / 100.0);
        let row = table.lines().find_map(|line| line.strip_prefix(&format!("{of}\t{what}\t")));
        match row.and_then(|row| row.parse::<f64>().ok()) {
            None => faults.push(format!("{of}, {what}: no budget")),
            Some(budget) if found > budget => faults.push(format!("{of}, {what}: {found:.2} of {budget}")),
            Some(budget) if found < SLACK * budget => {
                faults.push(format!("{of}, {what}: {found:.2}, far below its budget {budget}; lower it"));
            }
            Some(_) => {}
        }
    }
    assert!(faults.is_empty(), "docs/plan-budget.tsv:\n{}\n\nas it is now:\n{fresh}", faults.join("\n"));
}
