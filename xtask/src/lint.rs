//! Formatting, clippy on both targets, TypeScript; licences, sources and versions of what we depend on, and its notices.

use crate::shell::{self, cargo, root};
use crate::{Result, dependencies, notices, tools};

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
    notices::text().map(drop)
}
