//! TIFF files, which browsers do not open: their first picture becomes a PNG with the same samples.

use crate::pixels::Image;
use crate::{Error, Result};
use image::codecs::tiff::TiffDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ExtendedColorType, ImageDecoder, Limits};
use std::borrow::Cow;
use std::io::Cursor;
use tiff::decoder::Decoder;
use tiff::tags::Tag;

/// Bytes that the decoder may take for a pixel (four samples of 32 bits), and beside them.
const PER_PIXEL: u64 = 16;
const BESIDE_PIXELS: u64 = 16 << 20;
/// What `ExtraSamples` says of alpha that the colours are multiplied by (TIFF 6.0, section 18).
const ASSOCIATED: u16 = 1;

/// The first picture of a TIFF file as a PNG, upright, with 8 or 16 bits a sample as in the file, and with its colour profile. CMYK becomes RGB.
///
/// # Errors
/// [`Error::Decode`] when the file is damaged, or of a kind that is not decoded here (palettes, Lab, whole numbers of 32 bits). Those of
/// [`Image::check_size`], before any pixel is decoded.
pub fn tiff_as_png(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut decoder = TiffDecoder::new(Cursor::new(bytes)).map_err(failed)?;
    let (width, height) = decoder.dimensions();
    Image::check_size(width, height)?;
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(u64::from(width) * u64::from(height) * PER_PIXEL + BESIDE_PIXELS);
    decoder.set_limits(limits).map_err(failed)?;
    let is_converted = matches!(decoder.original_color_type(), ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16);
    // Without what cannot be read of it, the picture is still one.
    let profile = decoder.icc_profile().ok().flatten().filter(|profile| !is_converted && !profile.is_empty());
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = match DynamicImage::from_decoder(decoder).map_err(failed)? {
        // A PNG has no such samples.
        DynamicImage::ImageRgb32F(picture) => DynamicImage::ImageRgb32F(picture).to_rgb16().into(),
        DynamicImage::ImageRgba32F(picture) => DynamicImage::ImageRgba32F(picture).to_rgba16().into(),
        picture => picture,
    };
    if has_associated_alpha(bytes) {
        divide_by_alpha(&mut picture);
    }
    picture.apply_orientation(orientation);
    written(&picture, profile)
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Decode(error.to_string())
}

fn has_associated_alpha(bytes: &[u8]) -> bool {
    let extra =
        Decoder::new(Cursor::new(bytes)).and_then(|mut file| file.find_tag_unsigned_vec::<u16>(Tag::ExtraSamples));
    extra.is_ok_and(|extra| extra.is_some_and(|extra| extra.first() == Some(&ASSOCIATED)))
}

fn divide_by_alpha(picture: &mut DynamicImage) {
    match picture {
        DynamicImage::ImageLumaA8(picture) => divide(picture, 2, 255),
        DynamicImage::ImageRgba8(picture) => divide(picture, 4, 255),
        DynamicImage::ImageLumaA16(picture) => divide(picture, 2, 65_535),
        DynamicImage::ImageRgba16(picture) => divide(picture, 4, 65_535),
        _ => {}
    }
}

/// Divides samples by the last one of their pixel, of which `most` stands for 1.
fn divide<T: Copy + Into<u32> + TryFrom<u32>>(samples: &mut [T], channels: usize, most: u32) {
    for pixel in samples.chunks_exact_mut(channels) {
        let Some((alpha, colours)) = pixel.split_last_mut() else { continue };
        let alpha: u32 = (*alpha).into();
        for colour in colours.iter_mut().filter(|_| alpha > 0 && alpha < most) {
            let value: u32 = (*colour).into();
            // 65 535 times itself and half of that still fit.
            let divided = ((value.min(alpha) * most + alpha / 2) / alpha).min(most);
            *colour = T::try_from(divided).unwrap_or(*colour);
        }
    }
}

fn written(picture: &DynamicImage, profile: Option<Vec<u8>>) -> Result<Vec<u8>> {
    let (colour, is_deep) = match picture {
        DynamicImage::ImageLuma8(_) => (png::ColorType::Grayscale, false),
        DynamicImage::ImageLumaA8(_) => (png::ColorType::GrayscaleAlpha, false),
        DynamicImage::ImageRgb8(_) => (png::ColorType::Rgb, false),
        DynamicImage::ImageRgba8(_) => (png::ColorType::Rgba, false),
        DynamicImage::ImageLuma16(_) => (png::ColorType::Grayscale, true),
        DynamicImage::ImageLumaA16(_) => (png::ColorType::GrayscaleAlpha, true),
        DynamicImage::ImageRgb16(_) => (png::ColorType::Rgb, true),
        DynamicImage::ImageRgba16(_) => (png::ColorType::Rgba, true),
        _ => return Err(failed("samples of another kind")),
    };
    let mut info = png::Info::with_size(picture.width(), picture.height());
    info.color_type = colour;
    info.bit_depth = if is_deep { png::BitDepth::Sixteen } else { png::BitDepth::Eight };
    info.icc_profile = profile.map(Cow::Owned);
    let mut samples = Cow::Borrowed(picture.as_bytes());
    if is_deep && cfg!(target_endian = "little") {
        samples.to_mut().chunks_exact_mut(2).for_each(|sample| sample.swap(0, 1));
    }
    let mut file = vec![];
    let mut encoder = png::Encoder::with_info(&mut file, info).map_err(failed)?;
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(&samples).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::tiff::TiffEncoder;
    use image::{ImageBuffer, ImageEncoder, Luma, Rgb, Rgba};
    use proptest::prelude::*;
    use tiff::encoder::colortype::RGB8;
    use tiff::tags::ExtraSamples;

    fn tiff(picture: &DynamicImage) -> Vec<u8> {
        let mut file = Cursor::new(vec![]);
        TiffEncoder::new(&mut file)
            .write_image(picture.as_bytes(), picture.width(), picture.height(), picture.color().into())
            .expect("written");
        file.into_inner()
    }

    fn pictures() -> Vec<DynamicImage> {
        let value = |x: u32, y: u32, channel: u32| x * 4001 + y * 911 + channel * 20_011;
        vec![
            ImageBuffer::from_fn(7, 5, |x, y| Luma([value(x, y, 0) as u8])).into(),
            ImageBuffer::from_fn(7, 5, |x, y| Luma([value(x, y, 0) as u16])).into(),
            ImageBuffer::from_fn(7, 5, |x, y| Rgb([0, 1, 2].map(|c| value(x, y, c) as u8))).into(),
            ImageBuffer::from_fn(7, 5, |x, y| Rgb([0, 1, 2].map(|c| value(x, y, c) as u16))).into(),
            ImageBuffer::from_fn(7, 5, |x, y| Rgba([0, 1, 2, 3].map(|c| value(x, y, c) as u8))).into(),
            ImageBuffer::from_fn(7, 5, |x, y| Rgba([0, 1, 2, 3].map(|c| value(x, y, c) as u16))).into(),
        ]
    }

    #[test]
    fn every_sample_is_in_the_png() {
        for picture in pictures() {
            let png = tiff_as_png(&tiff(&picture)).expect("it is decoded");
            let read = image::load_from_memory_with_format(&png, image::ImageFormat::Png).expect("a PNG");
            assert_eq!(read, picture);
        }
    }

    /// The place of the value of a tag in the entries of a file with the low byte first, each of 12 bytes.
    fn entry(file: &[u8], tag: u16) -> usize {
        let number = |at: usize| usize::from(u16::from_le_bytes([file[at], file[at + 1]]));
        let first = u32::from_le_bytes(file[4..8].try_into().expect("four bytes")) as usize;
        let mut entries = (0..number(first)).map(|count| first + 2 + 12 * count);
        entries.find(|at| number(*at) == usize::from(tag)).expect("the tag") + 8
    }

    #[test]
    fn colours_are_not_darkened_by_their_alpha() {
        for (extra, colours) in
            [(ExtraSamples::AssociatedAlpha, [199, 100, 0, 128]), (ExtraSamples::UnassociatedAlpha, [100, 50, 0, 128])]
        {
            let mut file = Cursor::new(vec![]);
            let mut encoder = tiff::encoder::TiffEncoder::new(&mut file).expect("an encoder");
            let mut picture = encoder.new_image::<RGB8>(2, 2).expect("a picture");
            picture.extra_samples(&[extra]).expect("said");
            picture.write_data(&[100, 50, 0, 128].repeat(4)).expect("written");
            let png = tiff_as_png(&file.into_inner()).expect("it is decoded");
            let read = image::load_from_memory_with_format(&png, image::ImageFormat::Png).expect("a PNG").into_rgba8();
            assert_eq!(read.get_pixel(1, 1).0, colours);
        }
    }

    #[test]
    fn what_is_too_large_or_damaged_is_refused() {
        let mut file = tiff(&pictures()[2]);
        assert!(matches!(tiff_as_png(&file[..file.len() / 2]), Err(Error::Decode(_))));
        assert!(matches!(tiff_as_png(b"II*\0"), Err(Error::Decode(_))));
        for tag in [256, 257] {
            let at = entry(&file, tag);
            file[at..at + 4].copy_from_slice(&60_000_u32.to_le_bytes());
        }
        // Its strips do not fit that, or it is too large: whatever is noticed first.
        assert!(tiff_as_png(&file).is_err());
    }

    proptest! {
        #[test]
        fn damaged_files_do_no_harm(which in 0..6usize, changes in proptest::collection::vec((0..400usize, any::<u8>()), 1..5), cut in 8..600usize) {
            let mut file = tiff(&pictures()[which]);
            for (at, byte) in changes {
                if let Some(it) = file.get_mut(at) {
                    *it = byte;
                }
            }
            file.truncate(cut);
            let _ = tiff_as_png(&file);
        }
    }
}
