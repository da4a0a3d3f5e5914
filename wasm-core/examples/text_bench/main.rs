//! Finds the text of pages whose words are known, and says how much of it was found and how much else.
//!
//! ```sh
//! text_bench measure CASES     # for each script and ground: recall and precision; the largest time for a megapixel
//! text_bench time PICTURE
//! ```
//!
//! `e2e/text-pages.mjs` makes cases; `docs/testing.md` says how. A word (a line in Chinese and Japanese) is found where a box overlaps it by half
//! (intersection over union). What the picture cuts off, and what has neither letters nor digits, is neither asked for nor held against what is found.

mod score;

use score::Score;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;
use wasm_core::pixels::Image;
use wasm_core::{Unpaced, text};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["measure", cases] => measure(Path::new(cases)),
        ["time", picture] => time(Path::new(picture)),
        _ => Err("text_bench measure CASES | time PICTURE".into()),
    }
}

fn picture(path: &Path) -> Result<Image> {
    let pixels = image::open(path)?.to_rgba8();
    Ok(Image::new(pixels.width(), pixels.height(), pixels.into_raw())?)
}

#[expect(clippy::print_stdout, reason = "printing is what it is for")]
fn measure(folder: &Path) -> Result<()> {
    let (mut scores, mut slowest) = (BTreeMap::<String, Score>::new(), 0.0f64);
    for case in score::cases(&std::fs::read_to_string(folder.join("boxes.tsv"))?)? {
        let image = picture(&folder.join(&case.file))?;
        let start = Instant::now();
        let lines = pollster::block_on(text::find(&image, &Unpaced))?;
        slowest = slowest.max(start.elapsed().as_secs_f64() * 1e9 / image.bounds().area() as f64);
        let score = case.score(&lines, image.bounds());
        println!("{}\t{score}", case.file);
        let of_ground = if case.ground == "photograph" { "all over photographs" } else { "all pages" };
        for key in [format!("{} {}", case.ground, case.script), of_ground.into()] {
            scores.entry(key).or_default().add(&score);
        }
    }
    scores.iter().for_each(|(key, score)| println!("{key}\t{score}"));
    println!("slowest: {slowest:.0} ms for a megapixel");
    Ok(())
}

/// Prints how long it takes, the fastest of five times, and how many lines and words are found.
#[expect(clippy::print_stdout, reason = "printing is what it is for")]
fn time(path: &Path) -> Result<()> {
    let image = picture(path)?;
    let mut fastest = u128::MAX;
    let mut lines = vec![];
    for _ in 0..5 {
        let start = Instant::now();
        lines = pollster::block_on(text::find(&image, &Unpaced))?;
        fastest = fastest.min(start.elapsed().as_millis());
    }
    let words: usize = lines.iter().map(|line| line.words.len()).sum();
    println!("{} x {}: {fastest} ms, {} lines, {words} words", image.width(), image.height(), lines.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recall and precision over the pictures of the fixtures whose name begins in one of these ways.
    fn score_of(beginnings: &[&str]) -> Result<Score> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/text");
        let mut all = Score::default();
        for case in score::cases(&std::fs::read_to_string(folder.join("boxes.tsv"))?)? {
            if beginnings.iter().any(|beginning| case.file.starts_with(beginning)) {
                let image = picture(&folder.join(&case.file))?;
                let lines = pollster::block_on(text::find(&image, &Unpaced))?;
                all.add(&case.score(&lines, image.bounds()));
            }
        }
        Ok(all)
    }

    #[test]
    fn text_of_four_scripts_is_found_on_light_and_dark_pages() {
        // Measured: 0.91 and 0.93; in these narrow pages, many lines are of one or two characters.
        let score = score_of(&["light", "dark"]).expect("they can be read");
        assert!(score.recall() >= 0.88 && score.precision() >= 0.9, "{score}");
    }

    #[test]
    fn text_is_found_over_photographs() {
        // Measured: 0.79 and 1.
        let score = score_of(&["photograph"]).expect("they can be read");
        assert!(score.recall() >= 0.75 && score.precision() >= 0.85, "{score}");
    }
}
