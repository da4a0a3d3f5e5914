//! Gives the repainted part the grain of its surroundings: a camera's noise, which the model's decoder smooths away.

use super::seam::Region;
use crate::noise::{self, Stream};

/// A normal variable's absolute value stays below this many standard deviations with the probability of [`SHARE`].
const DEVIATIONS: f32 = 0.385;
/// Edges and textures are in the upper part of all differences; the lower part is noise.
const SHARE: f32 = 0.3;
/// A pixel less the mean of its four neighbours has this many times the noise of one pixel: sqrt(1 + 1/4).
const OF_DIFFERENCE: f32 = 1.118;
/// Standard deviation below which noise is only rounding, levels.
const ROUNDING: f32 = 0.6;
/// Largest standard deviation of noise that is believed, levels. What looks like more is texture.
const MAX_GRAIN: f32 = 12.0;

/// Adds the noise that is missing, the same to all three colours.
pub(super) fn add(region: &mut Region, seed: u64) {
    let around = level(region, true);
    let inside = level(region, false);
    if around < ROUNDING || around <= inside {
        return;
    }
    let missing = (around * around - inside * inside).sqrt().min(MAX_GRAIN);
    let noise = noise::gaussian(seed, Stream::Grain, region.painted.len());
    for ((painted, noise), known) in region.painted.iter_mut().zip(noise).zip(&region.known) {
        if !known {
            painted.iter_mut().for_each(|value| *value += missing * noise);
        }
    }
}

/// Standard deviation of the noise, levels: of the picture where it is known, or else of what was painted in the hole.
fn level(region: &Region, known: bool) -> f32 {
    let (width, values) = (region.width(), if known { &region.picture } else { &region.painted });
    let height = region.rect.height as usize;
    let luma = |at: usize| 0.299 * values[at][0] + 0.587 * values[at][1] + 0.114 * values[at][2];
    let mut differences = vec![];
    for y in 1..height.saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            let at = y * width + x;
            let around = [at - 1, at + 1, at - width, at + width];
            if region.known[at] == known && around.iter().all(|near| region.known[*near] == known) {
                differences.push((luma(at) - around.map(luma).iter().sum::<f32>() / 4.0).abs());
            }
        }
    }
    if differences.is_empty() {
        return 0.0;
    }
    let place = (SHARE * differences.len() as f32) as usize;
    let (_, share, _) = differences.select_nth_unstable_by(place, f32::total_cmp);
    *share / DEVIATIONS / OF_DIFFERENCE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::Rect;

    /// A flat picture with noise of this standard deviation, and a smooth hole.
    fn region(deviation: f32) -> Region {
        let (width, height) = (90u32, 70u32);
        let noise = noise::gaussian(3, Stream::Start, (width * height) as usize);
        Region {
            rect: Rect { x: 0, y: 0, width, height },
            picture: noise.iter().map(|noise| [100.0 + deviation * noise; 3]).collect(),
            painted: vec![[100.0; 3]; (width * height) as usize],
            known: (0..width * height)
                .map(|i| !((25..65).contains(&(i % width)) && (20..50).contains(&(i / width))))
                .collect(),
        }
    }

    #[test]
    fn the_holes_grain_becomes_that_of_its_surroundings() {
        for deviation in [2.0, 5.0, 9.0] {
            let mut region = region(deviation);
            let measured = level(&region, true);
            assert!((measured / deviation - 1.0).abs() < 0.15, "{measured} for {deviation}");
            add(&mut region, 11);
            let added = level(&region, false);
            assert!((added / deviation - 1.0).abs() < 0.25, "{added} for {deviation}");
        }
    }

    #[test]
    fn clean_pictures_stay_clean_also_with_edges() {
        let mut region = region(0.0);
        for (at, colour) in region.picture.iter_mut().enumerate() {
            if at % 7 == 0 {
                *colour = [250.0; 3];
            }
        }
        let before = region.painted.clone();
        add(&mut region, 1);
        assert_eq!(region.painted, before);
    }
}
