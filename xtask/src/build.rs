//! The unpacked extension.

use crate::shell::{self, cargo, copy_folder, root};
use crate::{Result, catalogue, notices, tools};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use wasm_bindgen_cli_support::Bindgen;

/// The browsers that it is built for: from the same sources, with a manifest for each.
#[derive(Clone, Copy)]
pub enum Browser {
    /// Chromium, and all that is made of it.
    Chrome,
    /// Firefox, where the engine lives in the background's event page.
    Firefox,
}

impl Browser {
    /// Name of its folder in `dist/`, and of its manifest.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chrome => "chrome",
            Self::Firefox => "firefox",
        }
    }

    /// Where the extension is built for it.
    pub fn folder(self) -> PathBuf {
        root().join("dist").join(self.name())
    }
}

/// Where it is built for Chromium.
pub fn folder() -> PathBuf {
    Browser::Chrome.folder()
}

/// Version of the extension: that of the workspace.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Cargo's arguments for the programs that have no engine in them; without its feature, none of them carries any of it.
const WITHOUT_ENGINE: [&str; 10] =
    ["--package", "extension", "--bin", "overlay", "--bin", "background", "--bin", "models", "--bin", "editor"];
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

/// Builds the extension into `dist/chrome/` and `dist/firefox/`.
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

/// Builds the model's benchmark for Dawn, and gives its folder.
pub fn benchmark() -> Result<PathBuf> {
    tools::wasm_target()?;
    compile(Profile::Web, &["--package", "wasm-core", "--bin", "bench"])?;
    let folder = root().join("dist/bench");
    bindings(Profile::Web, &["bench"], &folder)?;
    Ok(folder)
}

fn prepare() -> Result {
    tools::wasm_target()?;
    tools::npm_packages()
}

fn compile(profile: Profile, what: &[&str]) -> Result {
    // Messages about panics name source files: not where those lie on this machine, so that the same sources give the same bytes everywhere.
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    // The later one counts where both hold.
    let named = [(Some(root()), "rubout"), (Some(shell::target()), "rubout/target"), (home, "cargo")];
    let flags = named
        .iter()
        .filter_map(|(path, name)| Some(format!("--remap-path-prefix={}={name}", path.as_ref()?.display())));
    let flags = format!("target.{}.rustflags={}", shell::WASM, json!(flags.collect::<Vec<_>>()));
    let options = ["build", "--target", shell::WASM, "--profile", profile.name(), "--config", &flags];
    cargo(&[&options[..], what].concat())
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
    bindings(profile, &["overlay", "background", "models", "editor", "engine"], &dist.join("wasm"))?;
    shim(&dist)?;
    // Everything but the manifest is the same.
    let firefox = Browser::Firefox.folder();
    if firefox.exists() {
        std::fs::remove_dir_all(&firefox)?;
    }
    copy_folder(&dist, &firefox)?;
    for browser in [Browser::Chrome, Browser::Firefox] {
        std::fs::write(browser.folder().join("manifest.json"), manifest(browser)?)?;
        eprintln!("built {}", browser.folder().display());
    }
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

/// The scripts that enter pages: each with all its modules in one, minified.
fn shim(dist: &Path) -> Result {
    // Names of our own that no message and no object of the browser has; the tests of the shim bundle with the same.
    let own = "--mangle-props=^(element|layer|original|ours|tainted|topmost|isThere|rejected|property|pseudo|shield)$";
    let options =
        ["--bundle", "--minify", own, "--format=iife", "--target=chrome148,firefox142", "--log-level=warning"];
    let esbuild = root().join("e2e/node_modules/.bin/esbuild");
    for (entry, name) in
        [("main.ts", "shim.js"), ("upload.ts", "upload.js"), ("offer.ts", "offer.js"), ("scroll.ts", "scroll.js")]
    {
        let (entry, out) = (format!("../extension/shim/{entry}"), format!("--outfile={}", dist.join(name).display()));
        let words = [&[entry.as_str(), &out], &options[..]].concat();
        shell::run(&root().join("e2e"), &esbuild.to_string_lossy(), &words)?;
    }
    Ok(())
}

/// The manifest for a browser: what all have in common, what is its own, and the workspace's version.
fn manifest(browser: Browser) -> Result<String> {
    let read = |name: &str| -> Result<Value> {
        Ok(serde_json::from_str(&std::fs::read_to_string(root().join(format!("manifest/{name}.json")))?)?)
    };
    let mut manifest = read("common")?;
    merge(&mut manifest, read(browser.name())?);
    manifest["version"] = json!(VERSION);
    Ok(serde_json::to_string_pretty(&manifest)? + "\n")
}

/// Adds `more` to a manifest: to objects member by member, to lists at the end.
fn merge(manifest: &mut Value, more: Value) {
    match (manifest, more) {
        (Value::Object(manifest), Value::Object(more)) => {
            for (name, value) in more {
                merge(manifest.entry(name).or_insert(Value::Null), value);
            }
        }
        (Value::Array(manifest), Value::Array(more)) => manifest.extend(more),
        (manifest, more) => *manifest = more,
    }
}
