//! Finds marks in other pictures, where it is known where they are.
//!
//! ```sh
//! find_bench measure CASES    # for each target: what is there and what was found; in the end the counts and the slowest
//! ```
//!
//! `cases.py` makes cases. A mark is found where its place is right within a tenth of its shorter side (two pixels at least) and its size within 4 %.

use std::path::Path;
use std::time::Instant;
use wasm_core::find::{Found, Mark, find};
use wasm_core::pixels::{Image, Mask};
use wasm_core::{Unpaced, erase};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [command, cases] if command == "measure" => measure(Path::new(cases)),
        _ => Err("find_bench measure CASES".into()),
    }
}

fn picture(path: &Path) -> Result<Image> {
    let pixels = image::open(path)?.to_rgba8();
    Ok(Image::new(pixels.width(), pixels.height(), pixels.into_raw())?)
}

/// Where a mark is: left, top, how many times as large.
type Place = [f64; 3];

fn is_right(found: &Found, [x, y, scale]: Place, shorter: f64) -> bool {
    let near = (shorter * scale / 10.0).max(2.0);
    (found.x - x).abs() <= near && (found.y - y).abs() <= near && (found.scale / scale - 1.0).abs() <= 0.04
}

#[expect(clippy::print_stdout, reason = "printing is what it is for")]
fn measure(folder: &Path) -> Result<()> {
    let (mut right, mut wrong, mut missed, mut clear, mut slowest) = (0, 0, 0, 0, 0.0f64);
    let mut cases: Vec<_> = std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    cases.sort();
    for case in cases {
        let source = picture(&case.join("source.png"))?;
        let painted = image::open(case.join("mask.png"))?.to_luma8();
        let mask = Mask::new(source.bounds(), painted.into_raw())?.fitted(&source)?;
        let erased = pollster::block_on(erase(&source, &mask, 1, &Unpaced))?;
        let mark = Mark::between(&source, &erased).ok_or("nothing was erased")?;
        let shorter = f64::from(mask.rect().width.min(mask.rect().height));
        for line in std::fs::read_to_string(case.join("truth.tsv"))?.lines() {
            let mut columns = line.split('\t');
            let name = columns.next().ok_or("a target without a name")?;
            let numbers: Vec<f64> = columns.map(str::parse).collect::<std::result::Result<_, _>>()?;
            let truth = <Place>::try_from(numbers).ok();
            let target = picture(&case.join(name))?;
            let start = Instant::now();
            let found = pollster::block_on(find(&mark, &target, &Unpaced))?;
            let seconds = start.elapsed().as_secs_f64();
            slowest = slowest.max(seconds);
            let verdict = match truth {
                Some(place) if found.iter().any(|found| is_right(found, place, shorter)) => {
                    right += 1;
                    wrong += found.len() - 1;
                    "right"
                }
                Some(_) => {
                    missed += 1;
                    wrong += found.len();
                    "missed"
                }
                None if found.is_empty() => {
                    clear += 1;
                    "clear"
                }
                None => {
                    wrong += found.len();
                    "false"
                }
            };
            println!("{}\t{name}\t{verdict}\t{seconds:.2} s\t{truth:?}\t{found:?}", case.display());
        }
    }
    println!("right {right}, missed {missed}, rightly nothing {clear}, wrong places {wrong}; slowest {slowest:.2} s");
    Ok(())
}
