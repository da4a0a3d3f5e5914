//! The unpacked extension.

use crate::shell::{self, cargo, copy_folder, root};
use crate::{Result, catalogue, notices, tools};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use wasm_bindgen_cli_support::Bindgen;

/// Where it is built.
pub fn folder() -> PathBuf {
    root().join("dist/chrome")
}

/// Version of the extension: that of the workspace.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Cargo's arguments for the programs that have no engine in them; without its feature, none of them carries any of it.
const WITHOUT_ENGINE: [&str; 8] =
    ["--package", "extension", "--bin", "overlay", "--bin", "background", "--bin", "models"];
const ENGINE: [&str; 6] = ["--package", "extension", "--bin", "engine", "--features", "extension/engine"];
const PARITY: [&str; 4] = ["--package", "wasm-core", "--bin", "parity"];

/// How the programs are compiled: the name of a profile in `Cargo.toml`.
#[derive(Clone, Copy)]
pub enum Profile {
    /// What ships.
    Web,
    /// What is there soon, for trying a change in a browser.
    Quick,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Quick => "quick",
        }
    }
}

/// Builds the extension into `dist/chrome/`.
pub fn run(profile: Profile) -> Result {
    prepare()?;
    compile(profile, &WITHOUT_ENGINE)?;
    compile(profile, &ENGINE)?;
    extension(profile)
}

/// Builds the extension, and the parity cases of the engine into `dist/parity/`. What both need is compiled once, and they are linked
/// side by side.
pub fn with_parity() -> Result {
    prepare()?;
    compile(Profile::Web, &WITHOUT_ENGINE)?;
    compile(Profile::Web, &[&ENGINE[..], &PARITY].concat())?;
    extension(Profile::Web)?;
    bindings(Profile::Web, &["parity"], &root().join("dist/parity"))
}

/// Builds the parity cases alone.
pub fn parity() -> Result {
    prepare()?;
    compile(Profile::Web, &PARITY)?;
    bindings(Profile::Web, &["parity"], &root().join("dist/parity"))
}

fn prepare() -> Result {
    tools::wasm_target()?;
    tools::npm_packages()
}

fn compile(profile: Profile, what: &[&str]) -> Result {
    cargo(&[&["build", "--target", shell::WASM, "--profile", profile.name()], what].concat())
}

/// Puts together what is compiled and what is copied.
fn extension(profile: Profile) -> Result {
    let (root, dist) = (root(), folder());
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
    std::fs::copy(catalogue::file(), dist.join("catalogue.json"))?;
    std::fs::write(dist.join(notices::FILE), notices::text()?)?;
    bindings(profile, &["overlay", "background", "models", "engine"], &dist.join("wasm"))?;
    shim(&dist)?;
    manifest(&dist)?;
    eprintln!("built {}", dist.display());
    Ok(())
}

/// Makes JavaScript modules of compiled programs, side by side.
fn bindings(profile: Profile, names: &[&str], to: &Path) -> Result {
    let bind = |name: &str| {
        let wasm = shell::target().join(format!("{}/{}/{name}.wasm", shell::WASM, profile.name()));
        binding(&wasm, to).map_err(|e| format!("wasm-bindgen on {name}: {e:#}"))
    };
    let bind = &bind;
    std::thread::scope(|scope| {
        let running: Vec<_> = names.iter().map(|name| scope.spawn(move || bind(name))).collect();
        running.into_iter().try_for_each(|binding| binding.join().expect("it does not panic"))
    })?;
    Ok(())
}

fn binding(wasm: &Path, to: &Path) -> std::result::Result<(), Box<dyn std::error::Error>> {
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
    // Names of our own that no message and no object of the browser has; the tests of the shim bundle with the same.
    let own = "--mangle-props=^(element|layer|original|ours|tainted|topmost|isThere|rejected)$";
    let options = ["--bundle", "--minify", own, "--format=iife", "--target=chrome148", "--log-level=warning"];
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
