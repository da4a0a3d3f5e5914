//! Native sharpness for a hole that the model was shown reduced.
//!
//! What the model paints at `1 / scale` of the picture's size has no detail finer than `scale` pixels. The surroundings have it: the
//! difference between the picture and the same reduced and enlarged again. Each pixel of the hole takes that difference from the
//! place in the surroundings that looks most like it at the model's size (image analogies: Hertzmann et al. 2001).

use super::seam::Region;
use super::square::Square;
use crate::fill::nn_field;
use crate::{Pacer, Result};

/// Scales (pixels of the picture to one of the model's) below this lose nothing that can be seen.
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
    pacer: &dyn Pacer,
) -> Result<()> {
    let (crop, native) = (square.crop.rect, square.native as usize);
    let scale = square.crop.side as f32 / native as f32;
    if scale < WORTH_IT {
        return Ok(());
    }
    let [left, top] = square.origin().map(|start| start as f32);
    // Beyond the crop there are only reflections of it.
    let inside = |at: usize| {
        let centre = |place: usize| (place as f32 + 0.5) * scale;
        let (x, y) = (left + centre(at % native), top + centre(at / native));
        (crop.x as f32..crop.right() as f32).contains(&x) && (crop.y as f32..crop.bottom() as f32).contains(&y)
    };
    let known: Vec<bool> = (0..native * native).map(|at| !in_hole[at] && inside(at)).collect();
    let wanted: Vec<bool> = (0..native * native).map(|at| in_hole[at] && inside(at)).collect();
    let found = nn_field([native; 2], reduced, &known, &wanted, seed, pacer).await?;
    let coarse = square.restored(reduced)?;
    let detail = |x: i64, y: i64| {
        let (column, row) = (x - i64::from(crop.x), y - i64::from(crop.y));
        if column < 0 || row < 0 || column >= i64::from(crop.width) || row >= i64::from(crop.height) {
            return None;
        }
        let (x, y) = (x as u32, y as u32);
        let pixel = square.pixel(x, y);
        if square.mask.at(x, y) > 0 || pixel[3] < 255 {
            return None;
        }
        let at = (row as usize * crop.width as usize + column as usize) * 3;
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
    use super::super::crops::plan;
    use super::*;
    use crate::Unpaced;
    use crate::pixels::{Image, Mask, Rect};

    const NATIVE: u32 = 64;

    /// Slanted bands, each with a fine weave of its own, of an odd size; what is to go is white.
    fn weave(width: u32, height: u32, hole: Rect) -> (Image, Vec<[f32; 3]>) {
        let colour = |x: u32, y: u32| {
            let band = (x + 2 * y) / 29 % 3;
            let fine = match band {
                0 => x % 2 * 60,
                1 => y % 2 * 60,
                _ => (x + y) % 2 * 60,
            };
            [(40 + band * 60 + fine) as u8, (150 - band * 40 + fine) as u8, (90 + fine) as u8]
        };
        let places = || (0..width * height).map(|i| (i % width, i / width));
        let image = places().flat_map(|(x, y)| {
            let gone = (hole.x..hole.right()).contains(&x) && (hole.y..hole.bottom()).contains(&y);
            let [r, g, b] = if gone { [255; 3] } else { colour(x, y) };
            [r, g, b, 255]
        });
        let truth = places().map(|(x, y)| colour(x, y).map(f32::from)).collect();
        (Image::new(width, height, image.collect()).unwrap(), truth)
    }

    /// What is painted when a perfect model sees the picture reduced, before and after; and what it should be.
    fn sharpened(width: u32, height: u32, hole: Rect) -> [Vec<[f32; 3]>; 3] {
        let (image, truth) = weave(width, height, hole);
        let mask = Mask::new(hole, vec![255; hole.area()]).unwrap();
        // The hole as it should be, so that a reduction of it is what a perfect model paints.
        let rgba = (hole.y..hole.bottom()).flat_map(|y| (hole.x..hole.right()).map(move |x| (y * width + x) as usize));
        let rgba = rgba.flat_map(|at| [truth[at][0] as u8, truth[at][1] as u8, truth[at][2] as u8, 255]).collect();
        let patch = crate::pixels::Patch { rect: hole, rgba };
        let crop = plan(image.bounds(), &[hole], NATIVE).remove(0);
        let square = Square { image: &image, mask: &mask, patch: &patch, crop: &crop, native: NATIVE };
        let shown = square.shown().unwrap();
        let rgb = square.restored(&shown.rgb).unwrap();
        let mut region = Region::cut(&square, &rgb, hole.grown(5, &crop.rect));
        let before = region.painted.clone();
        pollster::block_on(add(&mut region, &square, &shown.rgb, &shown.in_hole, 1, &Unpaced)).unwrap();
        for (at, (after, before)) in region.painted.iter().zip(&before).enumerate() {
            assert!(!region.known[at] || after == before, "what is known changed");
        }
        [before, region.painted, region.picture]
    }

    fn apart(a: &[[f32; 3]], b: &[[f32; 3]]) -> f32 {
        let sum: f32 = a.iter().zip(b).flat_map(|(a, b)| (0..3).map(|c| (a[c] - b[c]).powi(2))).sum();
        (sum / a.len() as f32 / 3.0).sqrt()
    }

    /// How much neighbours in a row differ.
    fn sharpness(pixels: &[[f32; 3]]) -> f32 {
        pixels.windows(2).map(|pair| (pair[0][1] - pair[1][1]).abs()).sum()
    }

    #[test]
    fn what_was_shown_reduced_becomes_as_sharp_as_its_surroundings() {
        let [before, after, truth] = sharpened(157, 143, Rect { x: 43, y: 41, width: 62, height: 55 });
        let (blurred, sharp, wanted) = (sharpness(&before), sharpness(&after), sharpness(&truth));
        assert!(blurred < 0.6 * wanted, "{blurred} of {wanted} before");
        assert!(
            sharp < 1.1 * wanted && wanted - sharp < 0.6 * (wanted - blurred),
            "{blurred} became {sharp} of {wanted}"
        );
        let bright = after.iter().flatten().filter(|value| **value > 250.0).count();
        assert!(bright < after.len() / 100, "{bright} values are as white as what was to go");
        assert!(apart(&after, &truth) < 1.3 * apart(&before, &truth), "it is still the same picture");
    }

    #[test]
    fn what_was_shown_at_its_own_size_stays() {
        let [before, after, _] = sharpened(61, 59, Rect { x: 21, y: 23, width: 13, height: 11 });
        assert_eq!(before, after);
    }
}
