//! Erases from a file what a mask covers: `cargo run --release -p wasm-core --example erase -- in.png mask.png out.png`.
//!
//! The mask is white where to erase. `--seed N` gives another fill; `--bench DIR OUT` runs every case of a
//! benchmark folder (manifest.tsv with the columns id, input and mask) and writes `OUT/<id>.png` and `OUT/times.tsv`.
#![expect(clippy::print_stdout, reason = "a command-line example")]

use std::error::Error;
use std::path::Path;
use std::time::Instant;
use wasm_core::pixels::{Image, Mask};
use wasm_core::{Unpaced, erase};

fn read_image(path: &Path) -> Result<Image, Box<dyn Error>> {
    let image = image::open(path)?.into_rgba8();
    Ok(Image::new(image.width(), image.height(), image.into_raw())?)
}

fn read_mask(path: &Path, image: &Image) -> Result<Mask, Box<dyn Error>> {
    let mask = image::open(path)?.into_luma8();
    if (mask.width(), mask.height()) != (image.width(), image.height()) {
        return Err(format!("{}: a mask has the size of its picture", path.display()).into());
    }
    let coverage = mask.into_raw().into_iter().map(|v| if v > 127 { 255 } else { 0 }).collect();
    Ok(Mask::new(image.bounds(), coverage)?)
}

/// Seconds that the fill took.
fn run(input: &Path, mask: &Path, output: &Path, seed: u32) -> Result<f64, Box<dyn Error>> {
    let mut image = read_image(input)?;
    let mask = read_mask(mask, &image)?;
    let start = Instant::now();
    let patch = pollster::block_on(erase(&image, &mask, seed, &Unpaced))?;
    let seconds = start.elapsed().as_secs_f64();
    image.replace(&patch)?;
    let (width, height) = (image.width(), image.height());
    image::save_buffer(output, image.rgba(), width, height, image::ExtendedColorType::Rgba8)?;
    Ok(seconds)
}

fn bench(folder: &Path, output: &Path, seed: u32) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(output)?;
    let manifest = std::fs::read_to_string(folder.join("manifest.tsv"))?;
    let mut lines = manifest.lines();
    let header: Vec<&str> = lines.next().ok_or("empty manifest")?.split('\t').collect();
    let column = |name: &str| header.iter().position(|h| *h == name).ok_or(format!("no column {name}"));
    let (id, input, mask) = (column("id")?, column("input")?, column("mask")?);
    let mut times = String::new();
    for line in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        let to = output.join(format!("{}.png", cells[id]));
        let seconds = run(&folder.join(cells[input]), &folder.join(cells[mask]), &to, seed)?;
        println!("{}\t{seconds:.2}", cells[id]);
        times += &format!("{}\t{seconds:.3}\n", cells[id]);
    }
    std::fs::write(output.join("times.tsv"), times)?;
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut seed = 1;
    if let Some(at) = arguments.iter().position(|a| a == "--seed") {
        seed = arguments.get(at + 1).ok_or("--seed wants a number")?.parse()?;
        arguments.drain(at..at + 2);
    }
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--bench", folder, output] => bench(Path::new(folder), Path::new(output), seed),
        [input, mask, output] => {
            let seconds = run(Path::new(input), Path::new(mask), Path::new(output), seed)?;
            println!("{output}: erased in {seconds:.2} s");
            Ok(())
        }
        _ => Err("usage: erase [--seed N] IN MASK OUT | erase [--seed N] --bench FOLDER OUT".into()),
    }
}
