//! Makes composites with known mattes and measures how well things are found in them.
//!
//! ```sh
//! select_bench generate GROUNDS CUT_OUTS OUT SEED CASES
//! select_bench measure CASES [RESULTS]
//! ```
//!
//! `docs/testing.md` says where the pictures come from and how OpenCV's GrabCut is measured on the same cases.

mod generate;
mod measure;
mod random;
mod thing;

use std::path::Path;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["generate", grounds, cut_outs, out, seed, cases] => {
            generate::generate(Path::new(grounds), Path::new(cut_outs), Path::new(out), seed.parse()?, cases.parse()?)
        }
        ["measure", cases] => measure::measure(Path::new(cases), None),
        ["measure", cases, results] => measure::measure(Path::new(cases), Some(Path::new(results))),
        ["time", picture] => measure::time(Path::new(picture)),
        _ => {
            Err("select_bench generate GROUNDS CUT_OUTS OUT SEED CASES | measure CASES [RESULTS] | time PICTURE".into())
        }
    }
}
