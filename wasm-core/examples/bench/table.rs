//! The table of a network's kernels.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wasm_core::gpu::{Device, Graph, Timing};

use crate::say::say;

/// How many kernels on shapes of their own are listed.
const SHAPES: usize = 80;

/// All dispatches of one kernel.
#[derive(Default)]
struct Row {
    runs: usize,
    seconds: f64,
    flops: u64,
    bytes: u64,
}

/// Prints the kernels, the most time-consuming first, and on which shapes it is spent; gives the kernels as JSON.
pub(crate) fn print(graph: &Graph, timings: &[Timing], ceilings: Device) -> Vec<Value> {
    let mut by_kernel: BTreeMap<String, Row> = BTreeMap::new();
    for timing in timings {
        let node = &graph.nodes()[timing.node];
        let row = by_kernel.entry(node.program.label()).or_default();
        row.runs += 1;
        row.seconds += timing.seconds;
        row.flops += node.flops;
        row.bytes += node.bytes;
    }
    let mut rows: Vec<_> = by_kernel.into_iter().collect();
    rows.sort_by(|a, b| b.1.seconds.total_cmp(&a.1.seconds));
    let heads = ["kernel", "runs", "ms", "GFLOP", "GB", "arithm.", "bandw."];
    let [kernel, runs, ms, gflop, gb, arithmetic, bandwidth] = heads;
    say!("{kernel:<44} {runs:>5} {ms:>9} {gflop:>9} {gb:>8} {arithmetic:>8} {bandwidth:>8}");
    let mut kernels = vec![];
    for (kernel, Row { runs, seconds, flops, bytes }) in &rows {
        let (flops, bytes) = (*flops as f64, *bytes as f64);
        let (arithmetic, bandwidth) = (flops / seconds / ceilings.flops, bytes / seconds / ceilings.bytes);
        say!(
            "{kernel:<44} {runs:>5} {:>9.3} {:>9.2} {:>8.3} {:>7.1}% {:>7.1}%",
            seconds * 1e3,
            flops / 1e9,
            bytes / 1e9,
            arithmetic * 100.0,
            bandwidth * 100.0
        );
        kernels.push(json!({
            "kernel": kernel,
            "runs": runs,
            "ms": seconds * 1e3,
            "GFLOP": flops / 1e9,
            "GB": bytes / 1e9,
            "of arithmetic": arithmetic,
            "of bandwidth": bandwidth,
        }));
    }
    let total: f64 = rows.iter().map(|(_, row)| row.seconds).sum();
    say!("{:<44} {:>5} {:>9.3}", "all", timings.len(), total * 1e3);
    on_shapes(graph, timings);
    kernels
}

/// The kernels by the shapes they run on, those first on which most time is spent.
fn on_shapes(graph: &Graph, timings: &[Timing]) {
    let mut by_shape: BTreeMap<(String, &str), Row> = BTreeMap::new();
    for timing in timings {
        let node = &graph.nodes()[timing.node];
        let row = by_shape.entry((node.program.label(), &node.shapes)).or_default();
        row.runs += 1;
        row.seconds += timing.seconds;
        row.flops += node.flops;
    }
    let mut rows: Vec<_> = by_shape.into_iter().collect();
    rows.sort_by(|a, b| b.1.seconds.total_cmp(&a.1.seconds));
    for ((kernel, shapes), Row { runs, seconds, flops, .. }) in rows.into_iter().take(SHAPES) {
        say!(
            "{:>9.3} ms, {runs:>3} of {:>7.1} us {:>7.2} TFLOP/s  {kernel} [{shapes}]",
            seconds * 1e3,
            seconds * 1e6 / runs as f64,
            flops as f64 / seconds / 1e12,
        );
    }
}
