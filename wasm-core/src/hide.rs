//! Hiding what a mask covers, for private details: black, coarse pixels or a blur in its place.
//!
//! Only black is safe. A mosaic and a blur are averages, which hold enough of a text to tell which of several known texts it was, and sometimes
//! enough to read it (Hill et al., "On the (In)effectiveness of Mosaicing and Blurring as Tools for Document Redaction", PoPETs 2016).

use crate::erase::blend_covered;
use crate::pixels::{Image, Mask, Patch};
use crate::{Error, Pacer, Result, Stage};

/// What takes the place of what is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hiding {
    /// Opaque black in every pixel that the mask covers at all: nothing is left.
    BlackOut,
    /// A mosaic: squares in the mean colours of what they cover.
    Pixelate,
    /// A Gaussian blur.
    Blur,
}

/// Side of a square of the mosaic and standard deviation of the blur, over the shorter side of what is hidden; and their minimum, in pixels. A line
/// of text becomes a few squares high, a face a few squares wide.
const COARSENESS: f32 = 0.2;
const MIN_COARSENESS: u32 = 12;
/// Maximum number of pixels that are blurred at once: each takes 20 bytes.
const MAX_BLURRED: usize = 60_000_000;
/// Rows between two checkpoints: a few milliseconds of work.
const ROWS: usize = 64;

/// Premultiplied colour and alpha, 0 to 255.
type Pixel = [f32; 4];

/// Hides what `mask` covers and returns the rectangle that changed. Pixels that the mask does not cover keep their exact value. In a mosaic or a blur,
/// partly covered pixels are blended.
///
/// # Errors
/// [`Error::EmptyMask`], [`Error::WholeMask`], [`Error::MaskOutside`]; [`Error::TooLarge`] for a blur of more than 60 million pixels with its
/// surroundings; [`Error::Cancelled`] from `pacer`.
pub async fn hide(image: &Image, mask: &Mask, by: Hiding, pacer: &dyn Pacer) -> Result<Patch> {
    let mask = mask.fitted(image)?;
    let rect = mask.rect();
    pacer.progress(Stage::Filling, 0.0);
    let mut patch = image.crop(rect)?;
    let coarseness = (COARSENESS * rect.width.min(rect.height) as f32) as u32;
    let coarseness = coarseness.max(MIN_COARSENESS);
    match by {
        Hiding::BlackOut => {
            for ((x, y), pixel) in rect.places().zip(patch.rgba.chunks_exact_mut(4)) {
                if mask.at(x, y) > 0 {
                    pixel.copy_from_slice(&[0, 0, 0, 255]);
                }
            }
            return Ok(patch);
        }
        Hiding::Pixelate => pixelate(&mut patch, &mask, coarseness, pacer).await?,
        Hiding::Blur => blur(&mut patch, image, &mask, coarseness, pacer).await?,
    }
    blend_covered(&mut patch, image, &mask)?;
    Ok(patch)
}

fn premultiplied([r, g, b, a]: [u8; 4]) -> Pixel {
    let share = f32::from(a) / 255.0;
    [f32::from(r) * share, f32::from(g) * share, f32::from(b) * share, f32::from(a)]
}

fn straight([r, g, b, a]: Pixel) -> [u8; 4] {
    if a <= 0.0 {
        return [0; 4];
    }
    let of = |v: f32| (v * 255.0 / a).round() as u8;
    [of(r), of(g), of(b), a.round() as u8]
}

/// Gives the covered pixels of each square of `side` pixels their mean colour.
async fn pixelate(patch: &mut Patch, mask: &Mask, side: u32, pacer: &dyn Pacer) -> Result<()> {
    let rect = patch.rect;
    let (columns, rows) = (rect.width.div_ceil(side), rect.height.div_ceil(side));
    let square = |x: u32, y: u32| ((y - rect.y) / side * columns + (x - rect.x) / side) as usize;
    let mut sums = vec![([0.0f64; 4], 0.0f64); (columns * rows) as usize];
    for (i, ((x, y), pixel)) in rect.places().zip(patch.rgba.as_chunks().0).enumerate() {
        if i.is_multiple_of(ROWS * rect.width as usize) {
            pacer.checkpoint().await?;
        }
        if mask.at(x, y) > 0 {
            let (sum, count) = &mut sums[square(x, y)];
            sum.iter_mut().zip(premultiplied(*pixel)).for_each(|(sum, v)| *sum += f64::from(v));
            *count += 1.0;
        }
    }
    let means: Vec<[u8; 4]> =
        sums.into_iter().map(|(sum, count)| straight(sum.map(|v| (v / count.max(1.0)) as f32))).collect();
    for ((x, y), pixel) in rect.places().zip(patch.rgba.as_chunks_mut().0) {
        if mask.at(x, y) > 0 {
            *pixel = means[square(x, y)];
        }
    }
    Ok(())
}

/// Blurs the covered pixels of a patch of `image` with the surroundings that reach into it: three box filters, whose result is close to a Gaussian (Wells 1986).
async fn blur(patch: &mut Patch, image: &Image, mask: &Mask, deviation: u32, pacer: &dyn Pacer) -> Result<()> {
    // Three boxes of side 2 r + 1 have a variance of r (r + 1).
    let radius = deviation as usize;
    let around = patch.rect.grown(3 * deviation, &image.bounds());
    if around.area() > MAX_BLURRED {
        return Err(Error::TooLarge { width: around.width, height: around.height });
    }
    let around = image.crop(around)?;
    let (width, height) = (around.rect.width as usize, around.rect.height as usize);
    let mut pixels: Vec<Pixel> = around.rgba.as_chunks().0.iter().map(|pixel| premultiplied(*pixel)).collect();
    for _ in 0..3 {
        for y in 0..height {
            if y.is_multiple_of(ROWS) {
                pacer.checkpoint().await?;
            }
            average(&mut pixels[y * width..(y + 1) * width], radius, 1);
        }
        for x in 0..width {
            if x.is_multiple_of(ROWS) {
                pacer.checkpoint().await?;
            }
            average(&mut pixels[x..], radius, width);
        }
    }
    let (left, top) = ((patch.rect.x - around.rect.x) as usize, (patch.rect.y - around.rect.y) as usize);
    let rect = patch.rect;
    for ((x, y), pixel) in rect.places().zip(patch.rgba.as_chunks_mut().0) {
        if mask.at(x, y) > 0 {
            let (column, row) = (left + (x - rect.x) as usize, top + (y - rect.y) as usize);
            *pixel = straight(pixels[row * width + column]);
        }
    }
    Ok(())
}

/// Replaces every pixel of a line by the mean of those at most `radius` away in it; the line goes through every `step`-th of `pixels`.
fn average(pixels: &mut [Pixel], radius: usize, step: usize) {
    let line: Vec<Pixel> = pixels.iter().step_by(step).copied().collect();
    let mut sum = [0.0f64; 4];
    let add = |sum: &mut [f64; 4], pixel: &Pixel, sign: f64| {
        sum.iter_mut().zip(pixel).for_each(|(sum, v)| *sum += sign * f64::from(*v));
    };
    line.iter().take(radius).for_each(|pixel| add(&mut sum, pixel, 1.0));
    for (i, pixel) in pixels.iter_mut().step_by(step).enumerate() {
        if let Some(next) = line.get(i + radius) {
            add(&mut sum, next, 1.0);
        }
        if let Some(last) = i.checked_sub(radius + 1) {
            add(&mut sum, &line[last], -1.0);
        }
        let count = (i + radius).min(line.len() - 1) + 1 - i.saturating_sub(radius);
        *pixel = sum.map(|sum| (sum / count as f64).max(0.0) as f32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unpaced;
    use crate::pixels::Rect;
    use proptest::prelude::*;

    /// Noise, also in alpha where `is_opaque` is false.
    fn noise(width: u32, height: u32, seed: u32, is_opaque: bool) -> Image {
        let byte = |i: u32| (i.wrapping_mul(2_654_435_761).wrapping_add(seed).wrapping_mul(0x9E37_79B1) >> 23) as u8;
        let value = |i: u32| if is_opaque && i % 4 == 3 { 255 } else { byte(i) };
        Image::new(width, height, (0..width * height * 4).map(value).collect()).unwrap()
    }

    fn hidden(image: &Image, mask: &Mask, by: Hiding) -> Image {
        let patch = pollster::block_on(hide(image, mask, by, &Unpaced)).unwrap();
        let mut after = image.clone();
        after.replace(&patch).unwrap();
        after
    }

    proptest! {
        #[test]
        fn what_is_not_covered_stays_and_black_is_opaque_wherever_anything_is_covered(
            seed: u32, is_opaque: bool, (x, y) in (0u32..40, 0u32..30), (width, height) in (1u32..30, 1u32..25), by in 0usize..3,
        ) {
            let image = noise(61, 47, seed, is_opaque);
            let rect = Rect { x, y, width: width.min(61 - x), height: height.min(47 - y) };
            let coverage: Vec<u8> = (0..rect.area()).map(|i| [0, 3, 130, 255][(i * 7 + seed as usize % 5) % 4]).collect();
            prop_assume!(coverage.iter().any(|c| *c > 0));
            let mask = Mask::new(rect, coverage).unwrap();
            let by = [Hiding::BlackOut, Hiding::Pixelate, Hiding::Blur][by];
            let after = hidden(&image, &mask, by);
            for (x, y) in image.bounds().places() {
                match by {
                    _ if mask.at(x, y) == 0 => prop_assert_eq!(after.pixel(x, y), image.pixel(x, y)),
                    Hiding::BlackOut => prop_assert_eq!(after.pixel(x, y), [0, 0, 0, 255]),
                    _ => {}
                }
            }
        }

        #[test]
        fn a_blur_is_the_mean_of_what_is_near(seed: u32, radius in 1usize..9, length in 1usize..40, step in 1usize..4) {
            let value = |i: usize| ((i as u32).wrapping_mul(2_654_435_761) ^ seed) as f32 / 1e7;
            let mut pixels: Vec<Pixel> = (0..length * step).map(|i| [value(i); 4]).collect();
            let before = pixels.clone();
            average(&mut pixels, radius, step);
            for i in 0..length {
                let near = i.saturating_sub(radius)..(i + radius + 1).min(length);
                let mean = near.clone().map(|j| before[j * step][0]).sum::<f32>() / near.len() as f32;
                prop_assert!((pixels[i * step][0] - mean).abs() < 1e-2, "{} for {}", pixels[i * step][0], mean);
            }
        }
    }

    #[test]
    fn a_mosaic_has_one_colour_in_each_square_and_lettering_does_not_survive_a_blur() {
        let letters = |x: u32, y: u32| (x / 2 + y / 3).is_multiple_of(2);
        let rgba =
            Rect::of_size(120, 80).places().flat_map(|(x, y)| if letters(x, y) { [0, 0, 0, 255] } else { [255; 4] });
        let image = Image::new(120, 80, rgba.collect()).unwrap();
        let rect = Rect { x: 20, y: 15, width: 70, height: 40 };
        let mask = Mask::new(rect, vec![255; rect.area()]).unwrap();
        let mosaic = hidden(&image, &mask, Hiding::Pixelate);
        for (x, y) in rect.places() {
            let corner = |v: u32, origin: u32| origin + (v - origin) / MIN_COARSENESS * MIN_COARSENESS;
            assert_eq!(mosaic.pixel(x, y), mosaic.pixel(corner(x, rect.x), corner(y, rect.y)), "{x}, {y}");
        }
        let blurred = hidden(&image, &mask, Hiding::Blur);
        let levels: Vec<u8> = rect.places().map(|(x, y)| blurred.pixel(x, y)[0]).collect();
        let (least, most) = (levels.iter().min().unwrap(), levels.iter().max().unwrap());
        assert!(most - least < 40, "{least} to {most}");
    }
}
