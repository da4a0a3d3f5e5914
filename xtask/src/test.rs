//! Every test, or those that are asked for.

use crate::browser_tests::{self, LONG, Which};
use crate::shell::cargo;
use crate::{Result, build, lint, size, tools};
use std::time::Instant;

/// The file of browser tests that runs the parity cases.
const PARITY: &str = "parity";
/// Makes the browser run the whole list of parity cases, where a test run is content with one of each kernel family.
const WHOLE_PARITY: (&str, &str) = ("PARITY", "all");

/// Rust natively, then the built extension in a real browser: what CI runs.
pub fn run() -> Result {
    everything(&[])
}

/// What [`run`] does, the whole list of parity cases in the browser, and the tests that take minutes.
pub fn all() -> Result {
    everything(&[WHOLE_PARITY, LONG])
}

fn everything(environment: &[(&str, &str)]) -> Result {
    let start = Instant::now();
    // The programs for the browser are linked by one thread for minutes, which the native tests leave a core for.
    let (tested, built) = std::thread::scope(|scope| {
        let building = scope.spawn(|| build::with_parity().map_err(|e| e.to_string()));
        (native(None), building.join().expect("it does not panic"))
    });
    tested?;
    built?;
    println!("native tests and builds took {:.0} s", start.elapsed().as_secs_f64());
    size::check()?;
    lint::firefox_package()?;
    browser_tests::run(Which::All, environment)
}

/// The Rust tests; those whose names contain `name`, where there is one.
pub fn native(name: Option<&str>) -> Result {
    tools::software_vulkan()?;
    // xtask by itself: together with the others, what both need would be compiled once more, with the features of both.
    for packages in [&["xtask"][..], &["wasm-core", "extension"]] {
        let packages = packages.iter().flat_map(|package| ["--package", package]);
        // Lint compiles the examples, and the browser tests build the one that they need.
        cargo(&["test", "--tests"].into_iter().chain(packages).chain(name).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// A file of browser tests (`jobs` is `e2e/jobs.test.mjs`), or all tests whose names contain `name`, in Rust and in the browser.
pub fn only(name: &str) -> Result {
    if browser_tests::is_file(name) {
        // Only the parity cases are no part of the extension.
        if name == PARITY {
            build::parity()?
        } else {
            build::run(build::Profile::Web)?
        };
        return browser_tests::run(Which::File(name), &[]);
    }
    native(Some(name))?;
    if browser_tests::files(Which::Named(name))?.is_empty() {
        return Ok(());
    }
    build::with_parity()?;
    browser_tests::run(Which::Named(name), &[])
}

/// The whole list of the engine's parity cases in a browser.
pub fn parity() -> Result {
    build::parity()?;
    browser_tests::run(Which::File(PARITY), &[WHOLE_PARITY])
}
