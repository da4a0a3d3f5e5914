//! The nearest-neighbour field of a picture ([`patch_match`](super::patch_match)), for holes that were filled by other means: which known place
//! looks most like each pixel.

use super::field::{FIXED_POINT_SCALE, Field, State};
use super::patch_match::{PatchMatch, Radius};
use super::random::Random;
use crate::{Pacer, Result};

/// Patches are 5x5 pixels.
const RADIUS: Radius = Radius::Two;
/// Pairs of sweeps, one in each direction. Matches hardly change after that.
const ROUNDS: usize = 4;

/// The known pixel whose surroundings are most similar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Neighbour {
    /// Its row-major index.
    pub(crate) place: u32,
    /// Root mean square difference between the two surroundings, in levels.
    pub(crate) difference: f32,
}

/// For every `wanted` pixel of `rgb` (`[height, width, 3]`), the pixel with the most similar 5x5 surroundings among those whose surroundings are
/// all `known`. None for pixels that are not wanted, that are less than two pixels from the border, or when nothing is known.
///
/// # Errors
/// [`Error::Cancelled`](crate::Error::Cancelled) from `pacer`.
pub(crate) async fn nn_field(
    [width, height]: [usize; 2],
    rgb: &[u8],
    known: &[bool],
    wanted: &[bool],
    seed: u32,
    pacer: &dyn Pacer,
) -> Result<Vec<Option<Neighbour>>> {
    let state = |(known, wanted): (&bool, &bool)| match (known, wanted) {
        (_, true) => State::Target,
        (true, false) => State::Known,
        (false, false) => State::Excluded,
    };
    let field = Field {
        width,
        height,
        pixels: rgb
            .chunks_exact(3)
            .map(|c| [c[0], c[1], c[2], 255].map(|v| i16::from(v) * FIXED_POINT_SCALE))
            .collect(),
        states: known.iter().zip(wanted).map(state).collect(),
    };
    let mut found = vec![None; width * height];
    let Some(mut search) = PatchMatch::new(&field, RADIUS, false) else { return Ok(found) };
    let mut random = Random::new(seed);
    search.randomise(&mut random);
    search.measure(&field, pacer).await?;
    for _ in 0..ROUNDS {
        for backward in [false, true] {
            search.sweep(&field, backward, u32::MAX, &mut random, pacer).await?;
        }
    }
    let side = 2 * RADIUS as usize + 1;
    let values = (side * side * 3) as f32;
    for (at, best) in search.patches.targets.iter().zip(&search.matches).filter(|(at, _)| wanted[**at as usize]) {
        let difference = (best.distance as f32 / values).sqrt() / f32::from(FIXED_POINT_SCALE);
        found[*at as usize] = Some(Neighbour { place: best.source, difference });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unpaced;

    #[test]
    fn finds_the_most_similar_places_and_says_how_similar() {
        let (width, height) = (53, 47);
        let colour = |i: usize| {
            let (x, y) = (i % width, i / width);
            [(x % 9 * 28) as u8, (y % 7 * 36) as u8, 90]
        };
        let mut rgb: Vec<u8> = (0..width * height).flat_map(colour).collect();
        let wanted: Vec<bool> =
            (0..width * height).map(|i| (20..31).contains(&(i % width)) && (17..25).contains(&(i / width))).collect();
        // A column that is not to be copied from, and one pixel that is like nothing else.
        let known: Vec<bool> = (0..width * height).map(|i| i % width != 50 && !wanted[i]).collect();
        let odd = 21 * width + 25;
        rgb[odd * 3..odd * 3 + 3].copy_from_slice(&[255, 255, 255]);
        let found = pollster::block_on(nn_field([width, height], &rgb, &known, &wanted, 3, &Unpaced)).unwrap();
        let mut exact = 0;
        for (i, found) in found.iter().enumerate() {
            assert_eq!(found.is_some(), wanted[i], "{i}");
            let Some(Neighbour { place, difference }) = found else { continue };
            let (x, y) = (*place as usize % width, *place as usize / width);
            assert!(!wanted[*place as usize] && x.abs_diff(50) > RADIUS as usize && y >= RADIUS as usize);
            exact += usize::from(*difference == 0.0);
        }
        // All but the 5x5 patches around the odd pixel.
        assert!((11 * 8 - 25 - 3..=11 * 8 - 25).contains(&exact), "{exact}");
    }
}
