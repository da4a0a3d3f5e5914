//! Finds a mark of one picture in another one, elsewhere and up to a fifth larger or smaller: [`find`].
//!
//! What is sought is what the mark adds to its picture ([`Mark`]): the picture with it minus the picture without, so that nothing of the ground that it
//! lay on is sought along. Its edges are compared with those of the other picture by normalised correlation ([`matching`]), first in a reduced picture
//! at every place and size ([`search`]), then finer and finer around what fitted best.

mod mark;
mod matching;
mod plane;
mod search;
mod template;

pub use mark::Mark;
pub use search::Found;

use crate::pixels::{Image, Mask, Rect};
use crate::{Pacer, Result};
use mark::{BRIGHTNESS, View, main_colour};

/// Fits from 0 to 1: that of the mark as a whole, and that of its worst quarter.
type Fits = (f32, f32);
/// What fits like this is the mark, whatever else fits.
const SURE: Fits = (0.75, 0.5);
/// What fits less than this is not the mark.
const LEAST: Fits = (0.35, 0.15);
/// In between, the copies of the mark fit so many times better than whatever fits best beside them. Where they are far ahead, a part of them may lie on
/// ground of their own colour, and not be seen.
const AHEAD: f32 = 1.35;
const FAR_AHEAD: f32 = 1.8;

/// Where `mark` is in `image`, the best first. Copies do not overlap.
///
/// It is sought in the colour in which it differs most from what it covered: red lines among grey ones, say. On another ground that may be another colour:
/// where nothing is found, brightness alone is looked at.
///
/// # Errors
/// [`Error::Cancelled`] from `pacer`.
pub async fn find(mark: &Mark, image: &Image, pacer: &dyn Pacer) -> Result<Vec<Found>> {
    for colour in [main_colour(&mark.changes), BRIGHTNESS] {
        let found = find_in(&mark.seen(colour), image, pacer).await?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(vec![])
}

async fn find_in(mark: &View, image: &Image, pacer: &dyn Pacer) -> Result<Vec<Found>> {
    let mut all: Vec<(Found, f32)> = search::search(mark, image, pacer).await?;
    all.sort_by(|(a, _), (b, _)| b.fit.total_cmp(&a.fit));
    let mut apart: Vec<(Found, f32)> = vec![];
    for (found, quarter) in all {
        if apart.iter().all(|(other, _)| !overlap(mark, other, &found)) {
            apart.push((found, quarter));
        }
    }
    let fits: Vec<Fits> = apart.iter().map(|(found, quarter)| (found.fit, *quarter)).collect();
    Ok(apart.into_iter().take(copies(&fits)).map(|(found, _)| found).collect())
}

/// How many of these places, the best first, are the mark.
fn copies(fits: &[Fits]) -> usize {
    let reaches = |fit: &Fits, least: Fits| fit.0 >= least.0 && fit.1 >= least.1;
    let sure = fits.iter().take_while(|fit| reaches(fit, SURE)).count();
    if sure > 0 {
        return sure;
    }
    let likely = fits.iter().take_while(|fit| fit.0 >= LEAST.0).count();
    let is_ahead = |count: &usize| {
        let least = if fits[..*count].iter().all(|fit| reaches(fit, LEAST)) { AHEAD } else { FAR_AHEAD };
        match fits.get(*count) {
            Some(next) => fits[count - 1].0 >= least * next.0,
            None => *count == 1,
        }
    };
    (1..=likely).find(is_ahead).unwrap_or(0)
}

/// Whether two places share more than a quarter of the smaller one.
fn overlap(mark: &View, a: &Found, b: &Found) -> bool {
    let shared = |from_a: f64, from_b: f64, side: u32| {
        let side = f64::from(side);
        ((from_a + side * a.scale).min(from_b + side * b.scale) - from_a.max(from_b)).max(0.0)
    };
    let common = shared(a.x, b.x, mark.width) * shared(a.y, b.y, mark.height);
    let smaller = a.scale.min(b.scale);
    common > 0.25 * f64::from(mark.width) * f64::from(mark.height) * smaller * smaller
}

/// What was painted over the mark in its own picture, laid where it was found. `painted` has the mark's rectangle. None where all of it lies outside.
///
/// # Errors
/// Never for what [`find`] found in a picture with these `bounds`.
pub fn laid(painted: &Mask, found: &[Found], bounds: Rect) -> Result<Option<Mask>> {
    let own = painted.rect();
    let rect_of = |found: &Found| {
        let end = |at: f64, side: u32| (at + f64::from(side) * found.scale).ceil().max(0.0) as u32;
        let (x, y) = (found.x.floor().max(0.0) as u32, found.y.floor().max(0.0) as u32);
        let (right, bottom) = (end(found.x, own.width).min(bounds.width), end(found.y, own.height).min(bounds.height));
        (x < right && y < bottom).then(|| Rect { x, y, width: right - x, height: bottom - y })
    };
    let Some(rect) = found.iter().filter_map(rect_of).reduce(|all, one| all.union(&one)) else { return Ok(None) };
    let mut coverage = vec![0u8; rect.area()];
    for place in found {
        let Some(part) = rect_of(place) else { continue };
        for (x, y) in part.places() {
            // Whatever a pixel covers of the painted ones counts, so that thin lines stay whole.
            let own_range = |pixel: u32, start: f64, side: u32| {
                let from = ((f64::from(pixel) - start) / place.scale).max(0.0) as u32;
                let to = ((f64::from(pixel + 1) - start) / place.scale).ceil().max(0.0) as u32;
                from.min(side)..to.min(side)
            };
            let (columns, rows) = (own_range(x, place.x, own.width), own_range(y, place.y, own.height));
            let over = rows.flat_map(|row| columns.clone().map(move |column| (column, row)));
            let most = over.map(|(column, row)| painted.at(own.x + column, own.y + row)).max().unwrap_or(0);
            let at = (y - rect.y) as usize * rect.width as usize + (x - rect.x) as usize;
            coverage[at] = coverage[at].max(most);
        }
    }
    Mask::new(rect, coverage).map(Some)
}

#[cfg(test)]
mod tests;
