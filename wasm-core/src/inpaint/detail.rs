//! Native sharpness for a hole that the model was shown reduced.
//!
//! What the model paints at `1 / scale` of the picture's size has no detail finer than `scale` pixels. The surroundings have it: the
//! difference between the picture and the same reduced and enlarged again. Each pixel of the hole takes that difference from the
//! place in the surroundings that looks most like it at the model's size (image analogies: Hertzmann et al. 2001).

use super::seam::Region;
use super::square::Square;
use crate::fill::likeness;
use crate::{Pacer, Result};

/// Reductions below this lose nothing that can be seen.
const WORTH_IT: f32 = 1.1;
/// Levels of difference at which a likeness counts half: detail of something else looks wrong.
const TRUSTED: f32 = 14.0;

/// Adds detail to what was painted. `reduced` is what the model was shown, with what it painted in the hole: `[native, native, 3]`;
/// `in_hole` is true for the hole, `[native, native]`.
pub(super) async fn add(
    region: &mut Region,
    square: &Square<'_>,
    reduced: &[u8],
    in_hole: &[bool],
    seed: u32,
    pacer: &impl Pacer,
) -> Result<()> {
    let (window, native) = (square.window.rect, square.native as usize);
    let scale = square.window.side as f32 / native as f32;
    if scale < WORTH_IT {
        return Ok(());
    }
    let [left, top] = square.origin().map(|start| start as f32);
    // Beyond the window there are only reflections of it.
    let inside = |at: usize| {
        let centre = |place: usize| (place as f32 + 0.5) * scale;
        let (x, y) = (left + centre(at % native), top + centre(at / native));
        (window.x as f32..window.right() as f32).contains(&x) && (window.y as f32..window.bottom() as f32).contains(&y)
    };
    let known: Vec<bool> = (0..native * native).map(|at| !in_hole[at] && inside(at)).collect();
    let wanted: Vec<bool> = (0..native * native).map(|at| in_hole[at] && inside(at)).collect();
    let found = likeness([native; 2], reduced, &known, &wanted, seed, pacer).await?;
    let coarse = square.restored(reduced)?;
    let detail = |x: i64, y: i64| {
        let (column, row) = (x - i64::from(window.x), y - i64::from(window.y));
        if column < 0 || row < 0 || column >= i64::from(window.width) || row >= i64::from(window.height) {
            return None;
        }
        let (x, y) = (x as u32, y as u32);
        let pixel = square.pixel(x, y);
        if square.mask.at(x, y) > 0 || pixel[3] < 255 {
            return None;
        }
        let at = (row as usize * window.width as usize + column as usize) * 3;
        Some([0, 1, 2].map(|c| f32::from(pixel[c]) - f32::from(coarse[at + c])))
    };
    let cell = |place: f32| ((place / scale) as usize).min(native - 1);
    for at in (0..region.painted.len()).filter(|at| !region.known[*at]).collect::<Vec<_>>() {
        let (x, y) = (region.rect.x + (at % region.width()) as u32, region.rect.y + (at / region.width()) as u32);
        let (column, row) = (cell(x as f32 + 0.5 - left), cell(y as f32 + 0.5 - top));
        let Some(like) = found[row * native + column] else { continue };
        let place = like.place as usize;
        let shift = |to: usize, from: usize| ((to as f32 - from as f32) * scale).round() as i64;
        let from = (i64::from(x) + shift(place % native, column), i64::from(y) + shift(place / native, row));
        let Some(detail) = detail(from.0, from.1) else { continue };
        let share = 1.0 / (1.0 + (like.difference / TRUSTED).powi(2));
        for (value, detail) in region.painted[at].iter_mut().zip(detail) {
            *value += share * detail;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::windows::plan;
    use super::*;
    use crate::Unpaced;
    use crate::pixels::{Filter, Image, Mask, Rect, resize};

    #[test]
    #[ignore]
    fn tryout() {
        for name in std::env::var("PICS").unwrap().split(',') {
            let image = image::open(name).unwrap().to_rgba8();
            let (w, h) = image.dimensions();
            let image = Image::new(w, h, image.into_raw()).unwrap();
            let native: u32 = std::env::var("NATIVE").unwrap().parse().unwrap();
            let hole = Rect { x: w * 3 / 10, y: h * 3 / 10, width: w * 4 / 10, height: h * 4 / 10 };
            let mask = Mask::new(hole, vec![255; hole.area()]).unwrap();
            let patch = image.crop(hole).unwrap();
            let window = plan(image.bounds(), &[hole], native).remove(0);
            let square = Square { image: &image, mask: &mask, patch: &patch, window: &window, native };
            let shown = square.shown().unwrap();
            let painted = shown.rgb.clone();
            let rgb = square.restored(&painted).unwrap();
            let scale = window.side as f32 / native as f32;
            let energy = |pixels: &[[f32; 3]], width: usize, known: &[bool]| {
                let mut sum = 0.0f64;
                let mut n = 0.0f64;
                for at in 0..pixels.len() - width - 1 {
                    if !known[at] && !known[at + 1] && !known[at + width] {
                        sum += f64::from((pixels[at][1] - pixels[at + 1][1]).powi(2) + (pixels[at][1] - pixels[at + width][1]).powi(2));
                        n += 1.0;
                    }
                }
                (sum / n).sqrt()
            };
            let mut region = Region::cut(&square, &rgb, hole.grown(24, &window.rect));
            // `picture` of the hole is what it was.
            let truth = energy(&region.picture, region.width(), &region.known);
            let blurred = energy(&region.painted, region.width(), &region.known);
            let before = region.painted.clone();
            let start = std::time::Instant::now();
            pollster::block_on(add(&mut region, &square, &painted, &shown.in_hole, 1, &Unpaced)).unwrap();
            let took = start.elapsed();
            let sharp = energy(&region.painted, region.width(), &region.known);
            let rms = |a: &[[f32; 3]]| {
                let sum: f32 = a.iter().zip(&region.picture).flat_map(|(a, b)| (0..3).map(move |c| (a[c] - b[c]).powi(2))).sum();
                (sum / a.len() as f32 / 3.0).sqrt()
            };
            let stem = std::path::Path::new(name).file_stem().unwrap().to_str().unwrap().to_owned();
            println!("{stem} scale {scale:.2}: gradients {truth:.2} true, {blurred:.2} enlarged, {sharp:.2} with detail; rms {:.2} -> {:.2}; {took:?}", rms(&before), rms(&region.painted));
            let save = |pixels: &[[f32; 3]], kind: &str| {
                let bytes: Vec<u8> = pixels.iter().flatten().map(|v| v.round().clamp(0.0, 255.0) as u8).collect();
                image::save_buffer(format!("/tmp/detail-{stem}-{kind}.png"), &bytes, region.rect.width, region.rect.height, image::ColorType::Rgb8).unwrap();
            };
            save(&region.picture, "0true");
            save(&before, "1blur");
            save(&region.painted, "2sharp");
        }
        let _ = (Filter::Lanczos, resize(&[0; 3], 3, (1, 1), (1, 1), Filter::Lanczos));
    }
}
