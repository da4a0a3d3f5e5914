//! Inspects picture files, and decodes those whose pixels a browser's canvas would not keep.

use super::format::Format;
use super::jpeg::JpegCoding;
use super::metadata::Metadata;
use super::vp8::{self, WebpCoding};
use crate::pixels::Image;
use crate::{Error, Result};
use image::codecs::{gif::GifDecoder, png::PngDecoder, webp::WebPDecoder};
use image::metadata::Orientation;
use image::{AnimationDecoder, DynamicImage, ImageDecoder, RgbaImage, imageops};
use std::io::Cursor;

/// What is known about a source file: as much as is needed to save an edited picture in the same way.
#[derive(Clone, Debug)]
pub struct Source {
    /// Container.
    pub format: Format,
    /// Whether it has more than one frame.
    pub animated: bool,
    /// How its JPEG data is coded; none for other formats and damaged files.
    pub jpeg: Option<JpegCoding>,
    /// How its WebP data is coded; none for other formats and damaged files.
    pub webp: Option<WebpCoding>,
    /// Colour profile, Exif and the like.
    pub metadata: Metadata,
    /// FNV-1a hash of its bytes. It tells files apart, but not those that somebody made to collide.
    pub fingerprint: u64,
}

impl Source {
    /// Inspects a file. Never fails: what cannot be understood is left out.
    pub fn inspect(bytes: &[u8]) -> Self {
        let format = Format::of(bytes);
        let animated = match format {
            Format::Png => PngDecoder::new(Cursor::new(bytes)).and_then(|d| d.is_apng()).unwrap_or(false),
            Format::Gif => GifDecoder::new(Cursor::new(bytes)).is_ok_and(|d| {
                let (width, height) = d.dimensions();
                Image::check_size(width, height).is_ok() && d.into_frames().take(2).filter(|f| f.is_ok()).count() == 2
            }),
            Format::Webp => WebPDecoder::new(Cursor::new(bytes)).is_ok_and(|d| d.has_animation()),
            Format::Jpeg => false,
            // An AVIF sequence names the brand `avis`.
            Format::Other => bytes.get(4..12) == Some(b"ftypavis"),
        };
        Self {
            format,
            animated,
            jpeg: (format == Format::Jpeg).then(|| JpegCoding::read(bytes)).flatten(),
            webp: (format == Format::Webp).then(|| vp8::coding(bytes)).flatten(),
            metadata: Metadata::read(format, bytes),
            fingerprint: bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
                (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
            }),
        }
    }

    /// Whether the file's own colour values can be saved again together with its profile. Otherwise (a profile that is not for RGB, or a container
    /// whose profile is not read here) the browser has to convert them to sRGB.
    pub fn keeps_colours(&self) -> bool {
        !self.metadata.foreign_profile && self.format != Format::Other
    }

    /// Decodes PNG, GIF and lossless WebP, whose values a canvas would not keep, and turns the picture upright. None for other formats, which the
    /// browser decodes.
    ///
    /// # Errors
    /// [`Error::Decode`] when the file is damaged or cut short. Those of [`Image::check_size`], before any pixel is decoded.
    pub fn decode(&self, bytes: &[u8]) -> Result<Option<Image>> {
        let pixels = match self.format {
            Format::Png => pixels(PngDecoder::new(Cursor::new(bytes)), true)?,
            Format::Gif => pixels(GifDecoder::new(Cursor::new(bytes)), false)?,
            Format::Webp if self.webp == Some(WebpCoding::Lossless) => {
                pixels(WebPDecoder::new(Cursor::new(bytes)), true)?
            }
            _ => return Ok(None),
        };
        Image::new(pixels.width(), pixels.height(), pixels.into_raw()).map(Some)
    }
}

/// All pixels of a picture, turned upright if `oriented`.
fn pixels<D: ImageDecoder>(decoder: image::ImageResult<D>, oriented: bool) -> Result<RgbaImage> {
    let failed = |e: image::ImageError| Error::Decode(e.to_string());
    let mut decoder = decoder.map_err(failed)?;
    let (width, height) = decoder.dimensions();
    Image::check_size(width, height)?;
    let orientation = decoder.orientation().map_err(failed)?;
    let pixels = DynamicImage::from_decoder(decoder).map_err(failed)?.into_rgba8();
    Ok(if oriented { upright(pixels, orientation) } else { pixels })
}

/// Turns and mirrors a picture as its file asks for. `DynamicImage` has this for every kind of pixel, which would make the engine 4 kB larger.
fn upright(mut pixels: RgbaImage, orientation: Orientation) -> RgbaImage {
    match orientation {
        Orientation::NoTransforms => {}
        Orientation::FlipHorizontal => imageops::flip_horizontal_in_place(&mut pixels),
        Orientation::FlipVertical => imageops::flip_vertical_in_place(&mut pixels),
        Orientation::Rotate180 => imageops::rotate180_in_place(&mut pixels),
        Orientation::Rotate90 => return imageops::rotate90(&pixels),
        Orientation::Rotate270 => return imageops::rotate270(&pixels),
        Orientation::Rotate90FlipH => {
            pixels = imageops::rotate90(&pixels);
            imageops::flip_horizontal_in_place(&mut pixels);
        }
        Orientation::Rotate270FlipH => {
            pixels = imageops::rotate270(&pixels);
            imageops::flip_horizontal_in_place(&mut pixels);
        }
    }
    pixels
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::gif::GifEncoder;
    use image::{ExtendedColorType, Frame, ImageEncoder};

    fn noise(width: u32, height: u32, opaque: bool) -> RgbaImage {
        RgbaImage::from_fn(width, height, |x, y| {
            let v = x.wrapping_mul(2_654_435_761).wrapping_add(y.wrapping_mul(40_503)) >> 8;
            let alpha = if opaque { 255 } else { (v >> 12) as u8 };
            image::Rgba([v as u8, (v >> 4) as u8, (v >> 8) as u8, alpha])
        })
    }

    #[test]
    fn pictures_are_turned_as_the_library_turns_them() {
        let pixels = RgbaImage::from_fn(5, 3, |x, y| image::Rgba([x as u8, y as u8, 7, (x * y) as u8]));
        for exif in 1..=8 {
            let orientation = Orientation::from_exif(exif).expect("there are eight");
            let mut turned = DynamicImage::ImageRgba8(pixels.clone());
            turned.apply_orientation(orientation);
            assert_eq!(upright(pixels.clone(), orientation), turned.into_rgba8(), "{orientation:?}");
        }
    }

    #[test]
    fn png_and_lossless_webp_keep_every_straight_alpha_value() {
        let picture = noise(33, 21, false);
        let mut png = Vec::new();
        picture.write_to(&mut Cursor::new(&mut png), image::ImageFormat::Png).unwrap();
        let mut webp = Vec::new();
        image::codecs::webp::WebPEncoder::new_lossless(&mut webp)
            .write_image(&picture, 33, 21, ExtendedColorType::Rgba8)
            .unwrap();
        for bytes in [png, webp] {
            let source = Source::inspect(&bytes);
            assert!(!source.animated);
            let decoded = source.decode(&bytes).unwrap().expect("decoded here");
            assert_eq!(decoded.rgba(), picture.as_raw().as_slice());
        }
    }

    #[test]
    fn animations_are_known_as_such() {
        let mut bytes = Vec::new();
        let mut encoder = GifEncoder::new(&mut bytes);
        encoder.encode_frames([noise(8, 8, true), noise(8, 8, true)].map(Frame::new)).unwrap();
        drop(encoder);
        assert!(Source::inspect(&bytes).animated);
    }

    #[test]
    fn damaged_files_are_errors_and_never_panics() {
        let picture = noise(40, 40, false);
        let mut png = Vec::new();
        picture.write_to(&mut Cursor::new(&mut png), image::ImageFormat::Png).unwrap();
        for cut in (0..png.len()).step_by(7) {
            let bytes = &png[..cut];
            match Source::inspect(bytes).decode(bytes) {
                Err(Error::Decode(_)) | Ok(None) => {}
                // Only the end marker is missing.
                Ok(Some(image)) => assert!(image.rgba() == picture.as_raw().as_slice(), "{cut} bytes"),
                Err(other) => panic!("{cut} bytes: {other}"),
            }
        }
    }

    #[test]
    fn jpeg_is_left_to_the_browser() {
        let mut jpeg = Vec::new();
        let rgb = DynamicImage::from(noise(20, 20, true)).into_rgb8();
        rgb.write_to(&mut Cursor::new(&mut jpeg), image::ImageFormat::Jpeg).unwrap();
        let source = Source::inspect(&jpeg);
        assert_eq!(source.format, Format::Jpeg);
        assert!(source.decode(&jpeg).unwrap().is_none() && source.jpeg.is_some());
    }
}
