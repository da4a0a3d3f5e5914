//! Times the full-size model with synthetic weights on this machine's GPU: `cargo xtask bench gpu`, or this program alone, which needs nothing
//! but a driver.
//!
//! `--json FILE` writes the same as JSON, `--commit NAME` puts a name into it, `--f32` has the U-Net's activations in 32 bits, `--tiny` takes the
//! tiny model, `--int8` has weights in 8 bits, `--hold` waits before the end.
//!
//! Wall times are medians over whole submissions; the tables come from timestamps around each dispatch, and hold each kernel against the
//! ceilings of arithmetic and bandwidth that are measured first. `web.rs` is the same for Dawn, the WebGPU of Chromium.

mod measure;
mod say;
mod table;

use serde_json::json;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // What follows a flag.
    let after = |flag: &str| words.iter().skip_while(|word| *word != flag).nth(1);
    let mut report = pollster::block_on(measure::run(&words))?;
    report["commit"] = json!(after("--commit"));
    if let Some(path) = after("--json") {
        std::fs::write(path, serde_json::to_string_pretty(&report)?)?;
    }
    if words.iter().any(|word| word == "--hold") {
        // For reading the driver's own figure of memory from outside.
        std::thread::sleep(std::time::Duration::from_secs(5));
    }
    Ok(())
}
