//! Formatting, clippy on both targets, TypeScript, Mozilla's checks of the built extension; licences, sources and versions of what we depend on, and its notices;
//! the changelog and the workflows.

use crate::build::Browser;
use crate::shell::{self, cargo, root};
use crate::{Result, changelog, dependencies, notices, tools, workflows};

/// Fails on any warning.
pub fn run() -> Result {
    tools::wasm_target()?;
    tools::npm_packages()?;
    cargo(&["fmt", "--all", "--check"])?;
    cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])?;
    let web = ["clippy", "--package", "extension", "--all-features", "--bins", "--target", "wasm32-unknown-unknown"];
    cargo(&[&web[..], &["--", "--deny", "warnings"]].concat())?;
    let tsc = root().join("e2e/node_modules/.bin/tsc");
    shell::run(&root().join("e2e"), &tsc.to_string_lossy(), &["-p", "../extension/shim"])?;
    dependencies::check()?;
    notices::text().map(drop)?;
    changelog::check()?;
    workflows::check()?;
    // What is not built yet is checked by the test run, which builds it.
    if Browser::Firefox.folder().exists() { firefox_package() } else { Ok(()) }
}

/// Mozilla's own checks of the extension as it is built for Firefox.
pub fn firefox_package() -> Result {
    let (program, folder) = (root().join("e2e/node_modules/.bin/web-ext"), Browser::Firefox.folder());
    let folder = folder.to_string_lossy();
    let words = ["lint", "--warnings-as-errors", "--no-config-discovery", "--source-dir", &folder];
    shell::run(&root().join("e2e"), &program.to_string_lossy(), &words)
}
