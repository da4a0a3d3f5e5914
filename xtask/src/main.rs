//! The one entry point to everything that is done with this repository.
//!
//! `cargo xtask demo | test | parity | build | bench | catalogue | package | reproduce | release | store-pictures | lint | size`; see [`USAGE`].

mod bench;
mod browser_tests;
mod build;
mod catalogue;
mod changelog;
mod demo;
mod dependencies;
mod lint;
mod notices;
mod package;
mod release;
mod reproduce;
mod shell;
mod size;
mod store_pictures;
mod test;
mod tools;
mod workflows;

use build::Profile;
use std::process::ExitCode;

/// What a task ends with: nothing, or a sentence for the person at the terminal.
type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "\
cargo xtask demo      build, erase something from a picture in a real browser, show where the pictures are
      --firefox       the same in Firefox
cargo xtask test      every test: Rust, the page shim, the extension in a real browser
      --native        those in Rust, without a browser
      --only NAME     one file of browser tests, or the tests with NAME in their names
      --all           those too that take long: before a release, and nightly
cargo xtask parity    every parity case of the engine in a browser's WebGPU, and nothing else
cargo xtask build     the unpacked extension, in dist/chrome/ and dist/firefox/
      --quick         the same unoptimised, within seconds of a change
cargo xtask bench FOLDER OUT
                      the built-in fill on the cases of a folder, timed in a real browser
cargo xtask bench gpu [--dawn] [--json FILE]
                      the model at full size on this machine's GPU, kernel by kernel; with --dawn as a browser runs it
cargo xtask catalogue pins the catalogue's models to what their hub has now
cargo xtask package   a zip for the Chrome Web Store, an xpi for Firefox, and the sources, in dist/
cargo xtask reproduce the packages from their archive of the sources, in another folder: the same bytes?
cargo xtask release TAG
                      the packages of a version that is ready to go out, with checksums
      --check TAG     whether it is ready, and nothing else
cargo xtask store-pictures
                      the pictures that the stores show, in dist/store/
cargo xtask lint      formatting, clippy, TypeScript, what we depend on, changelog and workflows
cargo xtask size      raw and brotli sizes against xtask/size-budget.json";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["demo"] => demo::run(),
        ["demo", "--firefox"] => demo::in_firefox(),
        ["test"] => test::run(),
        ["test", "--native"] => test::native(None),
        ["test", "--only", name] => test::only(name),
        ["test", "--all"] => test::all(),
        ["parity"] => test::parity(),
        ["build"] => build::run(Profile::Web),
        ["build", "--quick"] => build::run(Profile::Quick),
        ["bench", "gpu", ref arguments @ ..] => bench::gpu(arguments),
        ["bench", folder, out] => bench::run(folder, out),
        ["catalogue"] => catalogue::run(),
        ["package"] => package::run(),
        ["reproduce"] => reproduce::run(),
        ["release", "--check", tag] => release::check(tag).map(drop),
        ["release", tag] => release::run(tag),
        ["store-pictures"] => store_pictures::run(),
        ["lint"] => lint::run(),
        ["size"] => build::run(Profile::Web).and_then(|()| size::check()),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
