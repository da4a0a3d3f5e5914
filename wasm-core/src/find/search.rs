//! The search: everywhere in a reduced picture, then finer around the best places.

use super::mark::View;
use super::matching::Field;
use super::plane::Plane;
use super::template::{FRAME, Template};
use crate::pixels::{Image, Rect};
use crate::{Pacer, Result, Stage};

/// How much larger or smaller a mark may be.
const SMALLEST: f64 = 0.8;
const LARGEST: f64 = 1.25;
/// Sides of the reduced mark, pixels: the longer one need not be longer, and the shorter one not be shorter than this.
const LONG: u32 = 40;
const SHORT: u32 = 10;
/// Places in the reduced picture, about.
const PLACES: f64 = 800_000.0;
/// Points of the mark that are compared everywhere, and in the end.
const FEW: usize = 96;
const MANY: usize = 1500;
/// How many places are looked at closer.
const CANDIDATES: usize = 32;
/// The longer side of the mark in the last look, pixels.
const FINE: u32 = 480;
/// How far around a place the next finer look goes, reduced pixels, and how many sizes it tries on either side.
const AROUND: usize = 3;
const SIZES: i32 = 2;

/// Where a mark was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// Its left end, pixels.
    pub x: f64,
    /// Its top end, pixels.
    pub y: f64,
    /// How many times as large as in its own picture.
    pub scale: f64,
    /// How well it fits, up to 1.
    pub fit: f32,
}

/// A place in the reduced picture.
#[derive(Clone, Copy)]
struct Candidate {
    x: f64,
    y: f64,
    scale: f64,
    fit: f32,
}

/// The places that fit best, each with the fit of the quarter that fits least.
pub(super) async fn search(mark: &View, image: &Image, pacer: &dyn Pacer) -> Result<Vec<(Found, f32)>> {
    let (long, short) = (mark.width.max(mark.height), mark.width.min(mark.height));
    let crowded = (image.bounds().area() as f64 / PLACES).sqrt().ceil() as u32;
    let by = (long / LONG).min(short / SHORT).max(crowded).max(1);
    let mut best = everywhere(mark, image, by, pacer).await?;
    let mut fine = 1;
    while long / fine > FINE {
        fine *= 2;
    }
    let mut found = vec![];
    best.truncate(CANDIDATES);
    for mut candidate in best {
        pacer.checkpoint().await?;
        let mut level = by;
        let mut least = 0.0;
        loop {
            let next = (level / 2).max(fine).min(level);
            (candidate, least) = match closer(mark, image, candidate, level.min(next)) {
                Some(better) => better,
                None => break,
            };
            if next == level || next == fine {
                break;
            }
            level = next;
        }
        let Candidate { x, y, scale, fit } = candidate;
        found.push((Found { x, y, scale, fit }, least));
    }
    Ok(found)
}

/// The best place of each neighbourhood, the best first.
async fn everywhere(mark: &View, image: &Image, by: u32, pacer: &dyn Pacer) -> Result<Vec<Candidate>> {
    let Some(usual) = Template::new(mark, 1.0, by, FEW) else { return Ok(vec![]) };
    let field = Field::new(&Plane::reduced(image, mark.colour, image.bounds(), by), usual.power());
    let long = f64::from(mark.width.max(mark.height)) / f64::from(by);
    // From one size to the next, the ends of the mark move by a pixel.
    let step = (1.0 / long).clamp(0.01, 0.1);
    let count = ((LARGEST / SMALLEST).ln() / (1.0 + step).ln()).ceil() as i32;
    let (cell_width, cell_height) = ((usual.width / 3).max(2), (usual.height / 3).max(2));
    let columns = field.width.div_ceil(cell_width);
    let mut cells: Vec<Option<Candidate>> = vec![None; columns * field.height.div_ceil(cell_height)];
    for number in 0..=count {
        let scale = SMALLEST * (LARGEST / SMALLEST).powf(f64::from(number) / f64::from(count));
        let Some(template) = Template::new(mark, scale, by, FEW) else { continue };
        if template.width > field.width {
            continue;
        }
        for y in 0..(field.height + 1).saturating_sub(template.height) {
            if y % 16 == 0 {
                pacer.checkpoint().await?;
            }
            for (x, fit) in field.row(&template, y).into_iter().enumerate() {
                let cell = &mut cells[y / cell_height * columns + x / cell_width];
                if cell.is_none_or(|best| fit > best.fit) {
                    let place = |at: usize| (at + FRAME) as f64 * f64::from(by);
                    *cell = Some(Candidate { x: place(x), y: place(y), scale, fit });
                }
            }
        }
        pacer.progress(Stage::Filling, (number + 1) as f32 / (count + 1) as f32);
    }
    let mut best: Vec<Candidate> = cells.into_iter().flatten().collect();
    best.sort_by(|a, b| b.fit.total_cmp(&a.fit));
    Ok(best)
}

/// The best place near `candidate` in a picture that is reduced `by` this, with the fit of the quarter that fits least.
fn closer(mark: &View, image: &Image, candidate: Candidate, by: u32) -> Option<(Candidate, f32)> {
    let side = f64::from(by);
    let long = f64::from(mark.width.max(mark.height)) / side;
    let largest = candidate.scale * (1.0 + f64::from(SIZES) / long);
    // The window begins at a whole pixel, so that the place is known as exactly as the picture allows.
    let start = |at: f64| (at - (FRAME + AROUND) as f64 * side).round().max(0.0);
    let end = |at: f64, length: u32, limit: u32| {
        let end = at + f64::from(length) * largest + (FRAME + AROUND + 2) as f64 * side;
        end.ceil().min(f64::from(limit))
    };
    let (left, top) = (start(candidate.x), start(candidate.y));
    let width = end(candidate.x, mark.width, image.width()) - left;
    let height = end(candidate.y, mark.height, image.height()) - top;
    if width < side || height < side {
        return None;
    }
    // All of them lie in the picture.
    let rect = Rect { x: left as u32, y: top as u32, width: width as u32, height: height as u32 };
    let plane = Plane::reduced(image, mark.colour, rect, by);
    let power = Template::new(mark, candidate.scale, by, MANY)?.power();
    let field = Field::new(&plane, power);
    let mut best: Option<(Candidate, f32)> = None;
    for size in -SIZES..=SIZES {
        let scale = candidate.scale * (1.0 + f64::from(size) / long);
        let Some(template) = Template::new(mark, scale, by, MANY) else { continue };
        let (Some(columns), Some(rows)) =
            ((field.width + 1).checked_sub(template.width), (field.height + 1).checked_sub(template.height))
        else {
            continue;
        };
        for (y, x) in (0..rows.min(2 * AROUND + 3)).flat_map(|y| (0..columns.min(2 * AROUND + 3)).map(move |x| (y, x)))
        {
            let (fit, least) = field.at(&template, x, y);
            if best.is_none_or(|(best, _)| fit > best.fit) {
                let place = |from: f64, at: usize| from + (at + FRAME) as f64 * side;
                best = Some((Candidate { x: place(left, x), y: place(top, y), scale, fit }, least));
            }
        }
    }
    best
}
