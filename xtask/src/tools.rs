//! What the tasks need on this machine: installed where a package manager allows, else named with what to type.

use crate::Result;
use crate::shell::{WASM, output, root, run};

/// Rust's target for the browser.
pub fn wasm_target() -> Result {
    let Some(installed) = output("rustup", &["target", "list", "--installed"]) else {
        // A toolchain that was not installed by rustup: the compiler says itself when the target is missing.
        return Ok(());
    };
    if installed.lines().any(|l| l == WASM) { Ok(()) } else { run(&root(), "rustup", &["target", "add", WASM]) }
}

/// The packages of `e2e/package.json`: esbuild for the shim, Playwright and axe-core for the tests.
pub fn npm_packages() -> Result {
    if output("node", &["--version"]).is_none() || output("npm", &["--version"]).is_none() {
        return Err("Node.js 20 or newer is needed. Type: sudo apt-get install nodejs npm \
                    (or see https://nodejs.org/en/download)"
            .into());
    }
    let folder = root().join("e2e");
    let stamp = folder.join("node_modules/.package-lock.json");
    let age = |path: &std::path::Path| path.metadata().and_then(|m| m.modified()).ok();
    if age(&stamp).is_some_and(|installed| age(&folder.join("package-lock.json")).is_some_and(|l| l <= installed)) {
        return Ok(());
    }
    run(&folder, "npm", &["ci", "--no-audit", "--no-fund"])
}

/// A Chromium to drive. Its path is also what the tests use.
pub fn chromium() -> Result<String> {
    if let Ok(path) = std::env::var("CHROMIUM") {
        return Ok(path);
    }
    let find = || {
        ["chromium", "chromium-browser", "google-chrome-for-testing"]
            .into_iter()
            .find_map(|name| output("sh", &["-c", &format!("command -v {name}")]))
    };
    if find().is_none() {
        install("Chromium 148 or newer", &["chromium"])?;
    }
    let path = find().ok_or("Chromium was installed but is not on the PATH; set CHROMIUM to its path")?;
    Ok(path.trim().to_owned())
}

/// A Firefox to drive. Its path is also what the tests use.
pub fn firefox() -> Result<String> {
    if let Ok(path) = std::env::var("FIREFOX") {
        return Ok(path);
    }
    let find =
        || ["firefox-esr", "firefox"].into_iter().find_map(|name| output("sh", &["-c", &format!("command -v {name}")]));
    if find().is_none() {
        install("Firefox 142 or newer", &["firefox-esr"])?;
    }
    let path = find().ok_or("Firefox was installed but is not on the PATH; set FIREFOX to its path")?;
    Ok(path.trim().to_owned())
}

/// A screen that nobody sees, and hands to use the native context menu on it.
pub fn virtual_screen() -> Result {
    let missing: Vec<&str> = [("xvfb-run", "xvfb"), ("xauth", "xauth"), ("xdotool", "xdotool")]
        .into_iter()
        .filter(|(program, _)| output("sh", &["-c", &format!("command -v {program}")]).is_none())
        .map(|(_, package)| package)
        .collect();
    if missing.is_empty() { Ok(()) } else { install("A virtual screen", &missing) }
}

/// A Vulkan driver, if only one that computes on the CPU, for the engine's native tests.
pub fn software_vulkan() -> Result {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let loader = output("sh", &["-c", "ldconfig -p | grep libvulkan.so.1"]).is_some();
    let drivers = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];
    let driver = drivers.iter().any(|d| std::fs::read_dir(d).is_ok_and(|mut files| files.next().is_some()));
    if loader && driver { Ok(()) } else { install("A Vulkan driver", &["libvulkan1", "mesa-vulkan-drivers"]) }
}

fn install(what: &str, packages: &[&str]) -> Result {
    let list = packages.join(" ");
    let is_root = output("id", &["-u"]).is_some_and(|id| id.trim() == "0");
    let has_apt = output("sh", &["-c", "command -v apt-get"]).is_some();
    if !(is_root && has_apt) {
        return Err(format!("{what} is needed. Type: sudo apt-get install {list}").into());
    }
    let here = root();
    run(&here, "apt-get", &["update", "-qq"])?;
    let mut arguments = vec!["-o", "Dpkg::Use-Pty=0", "install", "-y", "-qq", "--no-install-recommends"];
    arguments.extend(packages);
    run(&here, "env", &[&["DEBIAN_FRONTEND=noninteractive", "apt-get"], &arguments[..]].concat())
}
