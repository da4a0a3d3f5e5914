//! Keeps the fill as rough as its surroundings. Among patches that fit equally well by colour, the smoothest nearly always wins, because it differs
//! least from whatever is looked for; without a countermeasure the fill would be too smooth.
//!
//! - [`describe`] replaces the alpha of opaque pictures, which is constant there, by a texture feature: the mean difference between neighbouring
//!   pixels. It is then guessed, compared and voted on like a colour channel (after Newson et al. 2014).
//! - [`restore`] amplifies the highest frequencies where averaging has taken them away, up to the energy of the sources.

use super::field::{FIXED_POINT_SCALE, Field, State, Window, quantised};
use super::summed_area::SummedArea;
use super::votes::{Ballot, Voters};
use crate::{Pacer, Result};
use std::num::Wrapping;

/// Radius of the square over which the texture feature is a mean, in pixels.
const RADIUS: usize = 3;
/// Weight of the texture feature against a colour channel, in halves.
const WEIGHT: u32 = 7;
const OPAQUE: i16 = 255 * FIXED_POINT_SCALE;

/// Radius of the square over which energies are compared, in pixels.
const ENERGY_RADIUS: usize = 4;
/// Largest amplification in one pass.
const MAX_GAIN: f32 = 2.0;
/// One pass is not enough, because the filter passes some of the frequencies that the energy is measured on.
const PASSES: usize = 2;
/// Rows between two checkpoints: a few milliseconds of work.
const ROWS: usize = 32;

/// Replaces alpha by the texture feature if all pixels are opaque; returns whether it did.
pub(super) async fn describe(field: &mut Field, pacer: &dyn Pacer) -> Result<bool> {
    if field.pixels.iter().any(|p| p[3] != OPAQUE) {
        return Ok(false);
    }
    let [width, height] = [field.width, field.height];
    let mut texture = vec![0; field.pixels.len()];
    let differences = |at: usize| {
        let mut sums = [0; 2];
        for (next, is_inside) in [(at + 1, at % width + 1 < width), (at + width, at / width + 1 < height)] {
            if is_inside && field.states[at] == State::Known && field.states[next] == State::Known {
                sums[0] += field.luma(at).abs_diff(field.luma(next));
                sums[1] += 1;
            }
        }
        sums
    };
    let note = &mut |at, [sum, count]: [u32; 2]| {
        texture[at] = (sum * WEIGHT / (2 * count.max(1))).min(OPAQUE.unsigned_abs().into()) as i16;
    };
    local_sums([width, height], RADIUS, &differences, note, pacer).await?;
    field.pixels.iter_mut().zip(texture).for_each(|(pixel, texture)| pixel[3] = texture);
    Ok(true)
}

/// Undoes [`describe`]: every pixel is opaque again.
pub(super) fn forget(field: &mut Field) {
    field.pixels.iter_mut().for_each(|pixel| pixel[3] = OPAQUE);
}

/// Amplifies the highest frequencies of the targets where their energy is below that of the source pixels that voted for them.
pub(super) async fn restore(field: &mut Field, voters: Voters<'_>, pacer: &dyn Pacer) -> Result<()> {
    let window = Window::of_targets(field, 0);
    let mut energies = vec![[0.0f32; 2]; window.width * window.height];
    let laplacians = laplacians(field, pacer).await?;
    let note = |slot: usize, from: usize, weight: f32| {
        let [sum, total] = &mut energies[slot];
        *sum += weight * f32::from(laplacians[from]);
        *total += weight;
    };
    voters.each(field, &window, Ballot::Targets, note, pacer).await?;
    let wanted: Vec<u32> =
        energies.into_iter().map(|[sum, total]| if total > 0.0 { (sum / total) as u32 } else { 0 }).collect();
    for _ in 0..PASSES {
        sharpen(field, &window, &wanted, pacer).await?;
    }
    Ok(())
}

/// The [`laplacian`] of every pixel: a source has many votes, but needs to be looked at once.
async fn laplacians(field: &Field, pacer: &dyn Pacer) -> Result<Vec<u16>> {
    let Field { width, height, .. } = *field;
    let mut lumas: Vec<u16> = Vec::with_capacity(field.pixels.len());
    for y in 0..height {
        if y.is_multiple_of(ROWS) {
            pacer.checkpoint().await?;
        }
        lumas.extend((y * width..(y + 1) * width).map(|at| field.luma(at) as u16));
    }
    let mut laplacians = vec![0; lumas.len()];
    for y in 1..height.saturating_sub(1) {
        if y.is_multiple_of(ROWS) {
            pacer.checkpoint().await?;
        }
        for at in y * width + 1..(y + 1) * width - 1 {
            let around = [at - 1, at + 1, at - width, at + width].map(|next| lumas[next]);
            laplacians[at] = (4 * lumas[at]).abs_diff(around.iter().sum());
        }
    }
    Ok(laplacians)
}

/// One pass of amplification towards the energies `wanted`, one for each pixel of `window`.
async fn sharpen(field: &mut Field, window: &Window, wanted: &[u32], pacer: &dyn Pacer) -> Result<()> {
    let places: Vec<usize> = window.pixels().collect();
    let counts = |at: usize| field.states[at] == State::Target && field.is_inner(at);
    let both = |slot: usize| if counts(places[slot]) { [wanted[slot], laplacian(field, places[slot])] } else { [0; 2] };
    let mut gains = vec![1.0f32; places.len()];
    let note = &mut |slot: usize, [wanted, own]: [u32; 2]| {
        gains[slot] = (wanted as f32 / (own as f32 + f32::from(FIXED_POINT_SCALE))).clamp(1.0, MAX_GAIN);
    };
    local_sums([window.width, window.height], ENERGY_RADIUS, &both, note, pacer).await?;
    let sharper: Vec<_> = places
        .iter()
        .zip(gains)
        .filter(|(at, gain)| counts(**at) && *gain > 1.0)
        .map(|(at, gain)| (*at, quantised(amplified(field, *at, gain))))
        .collect();
    sharper.into_iter().for_each(|(at, pixel)| field.pixels[at] = pixel);
    Ok(())
}

/// Magnitude of the Laplacian of luma, in steps; 0 on the border of the field.
fn laplacian(field: &Field, at: usize) -> u32 {
    if !field.is_inner(at) {
        return 0;
    }
    let around = [at - 1, at + 1, at - field.width, at + field.width];
    (4 * field.luma(at)).abs_diff(around.into_iter().map(|next| field.luma(next)).sum())
}

/// The colour of a pixel with `gain` times its difference from the binomial mean of its 3x3 neighbourhood.
fn amplified(field: &Field, at: usize, gain: f32) -> [f32; 4] {
    let rows = [at - field.width, at, at + field.width];
    std::array::from_fn(|i| {
        let row = |at: usize| {
            let [a, b, c] = [at - 1, at, at + 1].map(|at| f32::from(field.pixels[at][i]));
            a + 2.0 * b + c
        };
        let mean = (row(rows[0]) + 2.0 * row(rows[1]) + row(rows[2])) / 16.0;
        let own = f32::from(field.pixels[at][i]);
        own + (gain - 1.0) * (own - mean)
    })
}

/// Hands the sums of `value` over the square of `radius` around each place of `[height, width]` to `note`.
async fn local_sums(
    [width, height]: [usize; 2],
    radius: usize,
    value: &dyn Fn(usize) -> [u32; 2],
    note: &mut dyn FnMut(usize, [u32; 2]),
    pacer: &dyn Pacer,
) -> Result<()> {
    let mut table = SummedArea::new(width, height);
    for y in 0..height {
        if y % ROWS == 0 {
            pacer.checkpoint().await?;
        }
        table.push_row(|x| value(y * width + x).map(Wrapping));
    }
    for y in 0..height {
        if y % ROWS == 0 {
            pacer.checkpoint().await?;
        }
        (0..width).for_each(|x| note(y * width + x, table.around([x, y], radius).map(|sum| sum.0)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::patch_match::{PatchMatch, Radius};
    use super::super::random::Random;
    use super::super::votes::{Voters, Votes, confidences};
    use super::*;
    use crate::Unpaced;

    #[test]
    fn local_sums_are_those_of_squares_cut_at_the_border() {
        let (width, height, radius) = (13, 9, 2);
        let mut random = Random::new(5);
        let values: Vec<[u32; 2]> = (0..width * height).map(|_| [random.below(100), 1 + random.below(3)]).collect();
        let mut seen = 0;
        let note = &mut |at: usize, sums: [u32; 2]| {
            let mut expected = [0; 2];
            for (other, value) in values.iter().enumerate() {
                let (dx, dy) = ((at % width).abs_diff(other % width), (at / width).abs_diff(other / width));
                if dx.max(dy) <= radius {
                    (0..2).for_each(|i| expected[i] += value[i]);
                }
            }
            assert_eq!(sums, expected, "at {at}");
            seen += 1;
        };
        pollster::block_on(local_sums([width, height], radius, &|at| values[at], note, &Unpaced)).unwrap();
        assert_eq!(seen, width * height);
    }

    #[test]
    fn all_laplacians_are_those_of_the_single_pixels() {
        let field = halves(41, 27);
        let all = pollster::block_on(laplacians(&field, &Unpaced)).unwrap();
        assert!(all.iter().any(|value| *value > 0));
        for (at, value) in all.into_iter().enumerate() {
            assert_eq!(u32::from(value), laplacian(&field, at), "at {at}");
        }
    }

    /// Left a smooth half, right a rough one; a hole across both.
    fn halves(width: usize, height: usize) -> Field {
        let mut random = Random::new(8);
        let mut pixel = |i: usize| {
            let light = if i % width < width / 2 { 0 } else { random.below(60) as i16 * FIXED_POINT_SCALE };
            [800 + light, 800 + light, 800 + light, OPAQUE]
        };
        let hole = |i: usize| (10..14).contains(&(i / width));
        Field {
            width,
            height,
            pixels: (0..width * height).map(&mut pixel).collect(),
            states: (0..width * height).map(|i| if hole(i) { State::Target } else { State::Known }).collect(),
        }
    }

    #[test]
    fn texture_tells_rough_from_smooth_and_alpha_comes_back() {
        let before = halves(41, 27);
        let mut field = before.clone();
        assert!(pollster::block_on(describe(&mut field, &Unpaced)).unwrap());
        let at = |x: usize, y: usize| field.pixels[y * 41 + x][3];
        assert!(at(8, 5) == 0 && at(33, 5) > 40 * FIXED_POINT_SCALE, "{} {}", at(8, 5), at(33, 5));
        forget(&mut field);
        assert_eq!(field.pixels, before.pixels);
        field.pixels[3][3] -= 1;
        assert!(!pollster::block_on(describe(&mut field, &Unpaced)).unwrap(), "alpha that says something stays");
    }

    #[test]
    fn an_amplified_pixel_is_further_from_its_surroundings() {
        let mut field = halves(41, 27);
        field.pixels.fill([400; 4]);
        field.pixels[5 * 41 + 7] = [480; 4];
        // The binomial mean has a quarter of the pixel itself: 60 of its 80 steps are difference.
        assert_eq!(amplified(&field, 5 * 41 + 7, 1.5), [510.0; 4]);
    }

    #[test]
    fn targets_come_nearer_to_the_energy_that_is_wanted_and_nothing_else_changes() {
        let mut random = Random::new(3);
        let (width, height) = (41, 27);
        let is_hole = |i: usize| (8..30).contains(&(i % width)) && (6..20).contains(&(i / width));
        let before = Field {
            width,
            height,
            pixels: (0..width * height).map(|_| [900 + random.below(80) as i16; 4]).collect(),
            states: (0..width * height).map(|i| if is_hole(i) { State::Target } else { State::Known }).collect(),
        };
        let mut field = before.clone();
        let window = Window::of_targets(&field, 0);
        let energy = |field: &Field| window.pixels().map(|at| laplacian(field, at)).sum::<u32>();
        let wanted: Vec<u32> = window.pixels().map(|at| laplacian(&field, at) * 3 / 2).collect();
        pollster::block_on(sharpen(&mut field, &window, &wanted, &Unpaced)).unwrap();
        let gain = energy(&field) as f32 / energy(&before) as f32;
        assert!((1.2..1.6).contains(&gain), "{gain}");
        assert!((0..width * height).all(|at| is_hole(at) || field.pixels[at] == before.pixels[at]));
        let enough: Vec<u32> = window.pixels().map(|at| laplacian(&field, at) / 2).collect();
        let after = field.clone();
        pollster::block_on(sharpen(&mut field, &window, &enough, &Unpaced)).unwrap();
        assert_eq!(field.pixels, after.pixels, "what has enough stays as it is");
    }

    #[test]
    fn texture_comes_back_in_the_middle_of_a_deep_hole_too() {
        let side = 240;
        let mut random = Random::new(7);
        let is_hole = |i: usize| (40..200).contains(&(i % side)) && (40..200).contains(&(i / side));
        let mut noise = |i: usize| 900 + random.below(if is_hole(i) { 60 } else { 120 }) as i16;
        let mut field = Field {
            width: side,
            height: side,
            pixels: (0..side * side).map(|i| [noise(i); 4]).collect(),
            states: (0..side * side).map(|i| if is_hole(i) { State::Target } else { State::Known }).collect(),
        };
        let middle = |field: &Field| -> u32 {
            let places = (110..130).flat_map(|y| (110..130).map(move |x| y * side + x));
            places.map(|at| laplacian(field, at)).sum()
        };
        let before = middle(&field);
        let mut search = PatchMatch::new(&field, Radius::Two, false).expect("room for patches");
        search.randomise(&mut random);
        let confidence = confidences(&field, &search.patches.targets);
        let voters = Voters::of(&search, &confidence, Votes::Even);
        pollster::block_on(restore(&mut field, voters, &Unpaced)).unwrap();
        let gain = middle(&field) as f32 / before as f32;
        assert!(gain > 1.4, "{gain}");
    }
}
