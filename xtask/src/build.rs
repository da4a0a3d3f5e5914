//! The unpacked extension.

use crate::shell::{self, cargo, copy_folder, root};
use crate::{Result, tools};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use wasm_bindgen_cli_support::Bindgen;

const TARGET: &str = "wasm32-unknown-unknown";

/// Where it is built.
pub fn folder() -> PathBuf {
    root().join("dist/chrome")
}

/// Version of the extension: that of the workspace.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Builds everything into `dist/chrome/`.
pub fn run() -> Result {
    tools::wasm_target()?;
    tools::npm_packages()?;
    let (root, dist) = (root(), folder());
    // Without the engine's feature, so that none of them carries any of it.
    let without_engine = ["--bin", "overlay", "--bin", "background", "--bin", "models"];
    let with_engine = ["--bin", "engine", "--features", "engine"];
    for what in [&without_engine[..], &with_engine[..]] {
        cargo(&[&["build", "--package", "extension", "--target", TARGET, "--profile", "web"], what].concat())?;
    }
    // A file that is no longer made must not stay behind.
    if dist.exists() {
        std::fs::remove_dir_all(&dist)?;
    }
    copy_folder(&root.join("extension/pages"), &dist)?;
    copy_folder(&root.join("extension/_locales"), &dist.join("_locales"))?;
    std::fs::create_dir_all(dist.join("icons"))?;
    for size in [16, 32, 48, 128] {
        let icon = format!("icons/icon-{size}.png");
        std::fs::copy(root.join(&icon), dist.join(&icon))?;
    }
    std::fs::copy(root.join("LICENSE"), dist.join("LICENSE"))?;
    for name in ["overlay", "background", "models", "engine"] {
        let wasm = shell::target().join(format!("{TARGET}/web/{name}.wasm"));
        bindings(&wasm, &dist.join("wasm")).map_err(|e| format!("wasm-bindgen on {name}: {e:#}"))?;
    }
    shim(&dist)?;
    manifest(&dist)?;
    eprintln!("built {}", dist.display());
    Ok(())
}

/// The parity cases of the engine as a module, into `dist/parity/`.
pub fn parity() -> Result {
    // In the extension's own profile, whose dependencies are compiled already.
    let what = ["--package", "wasm-core", "--bin", "parity", "--features", "parity"];
    cargo(&[&["build", "--target", TARGET, "--profile", "web"], &what[..]].concat())?;
    let wasm = shell::target().join(format!("{TARGET}/web/parity.wasm"));
    bindings(&wasm, &root().join("dist/parity")).map_err(|e| format!("wasm-bindgen on parity: {e:#}"))?;
    Ok(())
}

fn bindings(wasm: &Path, to: &Path) -> std::result::Result<(), Box<dyn std::error::Error>> {
    Bindgen::new()
        .input_path(wasm)
        .web(true)?
        .typescript(false)
        .omit_default_module_path(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(to)?;
    Ok(())
}

/// The one script that enters pages: all its modules in one, minified.
fn shim(dist: &Path) -> Result {
    let out = format!("--outfile={}", dist.join("shim.js").display());
    let entry = "../extension/shim/main.ts";
    let options = ["--bundle", "--minify", "--format=iife", "--target=chrome148", "--log-level=warning"];
    let esbuild = root().join("e2e/node_modules/.bin/esbuild");
    shell::run(&root().join("e2e"), &esbuild.to_string_lossy(), &[&[entry, &out], &options[..]].concat())
}

/// The manifest, with the workspace's version in it.
fn manifest(dist: &Path) -> Result {
    let text = std::fs::read_to_string(root().join("manifest/chrome.json"))?;
    let mut manifest: Value = serde_json::from_str(&text)?;
    manifest["version"] = json!(VERSION);
    std::fs::write(dist.join("manifest.json"), serde_json::to_string_pretty(&manifest)? + "\n")?;
    Ok(())
}
