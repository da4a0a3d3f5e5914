//! Every test.

use crate::shell::{self, cargo, root};
use crate::{Result, build, size, tools};

/// Rust natively, then the built extension in a real browser on a virtual screen.
pub fn run() -> Result {
    tools::software_vulkan()?;
    cargo(&["test", "--workspace"])?;
    build::run()?;
    build::parity()?;
    size::check()?;
    browser_tests(".test.mjs")
}

/// The engine's parity cases in a browser.
pub fn parity() -> Result {
    tools::wasm_target()?;
    tools::npm_packages()?;
    build::parity()?;
    browser_tests("parity.test.mjs")
}

/// Runs the files in `e2e/` with names of this ending.
fn browser_tests(ending: &str) -> Result {
    let chromium = tools::chromium()?;
    tools::virtual_screen()?;
    let folder = root().join("e2e");
    let mut files: Vec<String> = std::fs::read_dir(&folder)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(ending))
        .collect();
    files.sort();
    if files.is_empty() {
        return Err("no browser tests found".into());
    }
    let chromium = format!("CHROMIUM={chromium}");
    let screen = ["xvfb-run", "--auto-servernum", "--server-args=-screen 0 1280x900x24"];
    let node = ["node", "--test", "--test-concurrency=1", "--test-reporter=spec"];
    let mut arguments = vec![chromium.as_str()];
    arguments.extend(screen);
    arguments.extend(node);
    arguments.extend(files.iter().map(String::as_str));
    shell::run(&folder, "env", &arguments)
}
