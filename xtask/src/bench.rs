//! The built-in fill, timed in a real browser, and the model, timed on this machine's GPU.

use crate::shell::{self, root};
use crate::{Result, build, tools};
use std::path::absolute;

/// Builds, then runs the cases of `folder` and leaves pictures and times in `out`.
pub fn run(folder: &str, out: &str) -> Result {
    build::run(build::Profile::Web)?;
    let chromium = format!("CHROMIUM={}", tools::chromium()?);
    let (folder, out) = (absolute(folder)?, absolute(out)?);
    let arguments = [&*chromium, "node", "bench.mjs", &folder.to_string_lossy(), &out.to_string_lossy()];
    shell::run(&root().join("e2e"), "env", &arguments)
}

/// Dawn, the WebGPU of Chromium, for Node.
const DAWN: &str = "webgpu@0.6.2";

/// Times the model on this machine's GPU; `arguments` go to the program (`wasm-core/examples/bench`). The binary stays at
/// `target/release/examples/bench` and runs on any machine with a driver. With `--dawn`, the WebAssembly runs in Dawn, as it does in a browser;
/// `dist/bench`, `e2e/dawn.mjs` and `target/dawn` are all that another machine with Node needs.
pub fn gpu(arguments: &[&str]) -> Result {
    let commit = shell::output("git", &["rev-parse", "--short", "HEAD"]).unwrap_or_default();
    let arguments = [&["--commit", commit.trim()], arguments].concat();
    if !arguments.contains(&"--dawn") {
        let program = ["run", "--release", "-p", "wasm-core", "--example", "bench", "--"];
        return shell::cargo(&[&program, &arguments[..]].concat());
    }
    let (module, dawn) = (build::benchmark()?, shell::target().join("dawn"));
    let index = dawn.join("node_modules/webgpu/index.js");
    if !index.exists() {
        std::fs::create_dir_all(&dawn)?;
        shell::run(&dawn, "npm", &["install", "--no-audit", "--no-fund", "--prefix", ".", DAWN])?;
    }
    let (module, index) = (module.to_string_lossy(), index.to_string_lossy());
    shell::run(&root(), "node", &[&["e2e/dawn.mjs", &module, &index], &arguments[..]].concat())
}
