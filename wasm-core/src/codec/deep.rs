//! PNGs with 16 bits a sample. They are filled in 8 bits, and saved in 16: what was not filled keeps its own samples.

use super::decode::deep_samples;
use super::framing::Framing;
use super::metadata::Metadata;
use super::rows::{Effort, write_rows};
use crate::Result;
use crate::pacer::Pacer;
use crate::pixels::{Image, Rect};
use std::io::Write;

/// Most pixels of a picture that is saved in 16 bits: its samples are decoded once more for that, 8 bytes a pixel.
const MOST: usize = 48_000_000;

/// Writes `image`, the edited picture of the PNG in `source` or what `framing` leaves of it, with 16 bits a sample. False, and nothing is written,
/// where `source` cannot be decoded so, or has another size.
///
/// # Errors
/// [`Error::Encode`](crate::Error::Encode) when the encoder fails, or `file` does; [`Error::Cancelled`](crate::Error::Cancelled) when `pacer` says
/// so.
pub async fn write_png_deep(
    image: &Image,
    source: &[u8],
    framing: Option<&Framing>,
    metadata: &Metadata,
    file: &mut dyn Write,
    pacer: &dyn Pacer,
) -> Result<bool> {
    if image.bounds().area() > MOST {
        return Ok(false);
    }
    let Some((width, height, samples)) = deep_samples(source) else { return Ok(false) };
    let whole = Framing { part: Rect::of_size(width, height), turns: 0 };
    let framing = framing.unwrap_or(&whole);
    if framing.size() != (image.width(), image.height()) || !whole.part.contains(&framing.part) {
        return Ok(false);
    }
    let samples = if *framing == whole { samples } else { framing.samples(&samples, width, pacer).await? };
    let (width, height) = framing.size();
    let opaque = image.is_opaque();
    let grey = image.rgba().chunks_exact(4).all(|p| p[0] == p[1] && p[1] == p[2])
        && samples.chunks_exact(4).all(|p| p[0] == p[1] && p[1] == p[2]);
    let mut info = png::Info::with_size(width, height);
    info.bit_depth = png::BitDepth::Sixteen;
    info.color_type = match (grey, opaque) {
        (true, true) => png::ColorType::Grayscale,
        (true, false) => png::ColorType::GrayscaleAlpha,
        (false, true) => png::ColorType::Rgb,
        (false, false) => png::ColorType::Rgba,
    };
    let written: &[usize] = match (grey, opaque) {
        (true, true) => &[0],
        (true, false) => &[0, 3],
        (false, true) => &[0, 1, 2],
        (false, false) => &[0, 1, 2, 3],
    };
    let stride = width as usize * 4;
    let row = |y: u32, row: &mut Vec<u8>| {
        let at = y as usize * stride..(y as usize + 1) * stride;
        row.clear();
        for (pixel, deep) in image.rgba()[at.clone()].chunks_exact(4).zip(samples[at].chunks_exact(4)) {
            let is_own = (0..4).all(|i| shallow(deep[i]) == pixel[i]);
            row.extend(
                written.iter().flat_map(|i| if is_own { deep[*i] } else { u16::from(pixel[*i]) * 257 }.to_be_bytes()),
            );
        }
    };
    write_rows(info, metadata, Effort::Thorough, file, pacer, row).await.map(|()| true)
}

/// A sample in 8 bits.
pub(super) fn shallow(sample: u16) -> u8 {
    ((u32::from(sample) + 128) / 257) as u8
}

#[cfg(test)]
mod tests {
    use super::super::Source;
    use super::super::rows::at_once;
    use super::*;
    use crate::Unpaced;
    use image::{ExtendedColorType, ImageEncoder};

    /// Samples that no 8 bits hold.
    fn sample(i: usize) -> u16 {
        (i as u32).wrapping_mul(2_654_435_761).wrapping_shr(11) as u16
    }

    fn deep(colour: ExtendedColorType, channels: usize) -> Vec<u8> {
        let bytes: Vec<u8> = (0..31 * 17 * channels).flat_map(|i| sample(i).to_ne_bytes()).collect();
        let mut file = vec![];
        image::codecs::png::PngEncoder::new(&mut file).write_image(&bytes, 31, 17, colour).unwrap();
        file
    }

    #[test]
    fn what_was_not_filled_keeps_its_samples() {
        for (colour, channels) in [
            (ExtendedColorType::L16, 1),
            (ExtendedColorType::La16, 2),
            (ExtendedColorType::Rgb16, 3),
            (ExtendedColorType::Rgba16, 4),
        ] {
            let file = deep(colour, channels);
            let source = Source::inspect(&file);
            assert!(source.is_deep);
            let image = source.decode(&file).unwrap().expect("decoded here");
            let mut rgba = image.rgba().to_vec();
            let filled = [9, 9, 9, 255];
            rgba[4 * 40..4 * 41].copy_from_slice(&filled);
            let edited = Image::new(31, 17, rgba).unwrap();
            let mut saved = vec![];
            assert!(at_once(write_png_deep(&edited, &file, None, &Metadata::default(), &mut saved, &Unpaced)).unwrap());
            let (was, now) = (deep_samples(&file).expect("deep").2, deep_samples(&saved).expect("deep").2);
            let changed: Vec<usize> = (0..was.len()).filter(|at| was[*at] != now[*at]).collect();
            assert!(!changed.is_empty() && changed.iter().all(|at| at / 4 == 40), "{colour:?}: {changed:?}");
            assert_eq!(now[160..164], filled.map(|v| u16::from(v) * 257));
        }
    }

    #[test]
    fn what_is_left_of_a_picture_keeps_its_samples_in_their_new_places() {
        let file = deep(ExtendedColorType::Rgb16, 3);
        let image = Source::inspect(&file).decode(&file).unwrap().expect("decoded here");
        let framing = Framing { part: Rect { x: 5, y: 2, width: 20, height: 11 }, turns: 1 };
        let left = at_once(framing.of(&image, &Unpaced)).unwrap();
        let mut saved = vec![];
        let plain = Metadata::default();
        let written = write_png_deep(&left, &file, Some(&framing), &plain, &mut saved, &Unpaced);
        assert!(at_once(written).unwrap());
        let (was, now) = (deep_samples(&file).expect("deep").2, deep_samples(&saved).expect("deep"));
        assert_eq!((now.0, now.1), (11, 20));
        for (x, y) in Rect::of_size(20, 11).places() {
            let (from, to) = ((y as usize + 2) * 31 + x as usize + 5, x as usize * 11 + 10 - y as usize);
            assert_eq!(was[from * 4..][..4], now.2[to * 4..][..4], "{x} {y}");
        }
    }

    #[test]
    fn other_files_are_not_written_so() {
        let image = Image::new(2, 2, vec![255; 16]).unwrap();
        for source in [
            vec![],
            super::super::encode_png(&image, &Metadata::default(), true).unwrap(),
            deep(ExtendedColorType::L16, 1),
        ] {
            let mut saved = vec![];
            assert!(
                !at_once(write_png_deep(&image, &source, None, &Metadata::default(), &mut saved, &Unpaced)).unwrap()
            );
            assert!(saved.is_empty());
        }
    }
}
