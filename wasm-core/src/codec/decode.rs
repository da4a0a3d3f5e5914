//! Inspects picture files, and decodes those whose pixels a browser's canvas would not keep.

use super::format::Format;
use super::jpeg::JpegCoding;
use super::metadata::Metadata;
use super::vp8::{self, WebpCoding};
use crate::pixels::{Image, MAX_PIXELS};
use crate::{Error, Result};
use gif::{ColorOutput, MemoryLimit};
use image::metadata::Orientation;
use image::{RgbaImage, imageops};
use image_webp::WebPDecoder;
use png::{BitDepth, ColorType, Transformations};
use std::io::Cursor;
use std::num::NonZeroU64;

/// What a PNG's decoder may take beside the file, in bytes: some rows of 65 535 pixels with 64 bits each.
const PNG_ROWS: usize = 16 << 20;

/// Within how many bytes a JPEG says what it holds beside the picture.
const EXTRAS_WITHIN: usize = 1 << 18;

/// How many bytes DEFLATE makes of one at most: 258 of two bits (RFC 1951, 3.2.5).
const INFLATION: usize = 1032;

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
    /// Whether its pixels are numbers of colours, or levels of grey: it is saved in as few bits where its colours allow that.
    pub is_of_few: bool,
    /// Whether it is a PNG with 16 bits a sample that stands upright.
    pub is_deep: bool,
    /// What it holds beside the picture that is not saved with an edit.
    pub extra: Option<Extra>,
    /// Colour profile, Exif and the like.
    pub metadata: Metadata,
    /// FNV-1a hash of its bytes. It tells files apart, but not those that somebody made to collide.
    pub fingerprint: u64,
}

/// Something that some photographs hold beside the picture, and that would not fit the edited one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    /// How much brighter each part is on a screen with a high dynamic range.
    GainMap,
    /// A short film.
    Video,
}

impl Extra {
    /// By what the XMP of a JPEG says of it.
    fn of(bytes: &[u8]) -> Option<Self> {
        let head = &bytes[..bytes.len().min(EXTRAS_WITHIN)];
        let has = |words: &[&[u8]]| words.iter().any(|word| head.windows(word.len()).any(|window| window == *word));
        if has(&[b"MotionPhoto=\"1", b"MotionPhoto>1", b"MicroVideo=\"1", b"MicroVideo>1"]) {
            Some(Self::Video)
        } else {
            has(&[b"hdrgm:", b"HDRGainMap"]).then_some(Self::GainMap)
        }
    }
}

impl Source {
    /// Inspects a file. Never fails: what cannot be understood is left out.
    pub fn inspect(bytes: &[u8]) -> Self {
        let format = Format::of(bytes);
        let animated = match format {
            Format::Png => png_reader(bytes).is_ok_and(|reader| reader.info().animation_control.is_some()),
            Format::Gif => has_two_frames(bytes).unwrap_or(false),
            Format::Webp => WebPDecoder::new(Cursor::new(bytes)).is_ok_and(|decoder| decoder.is_animated()),
            Format::Jpeg => false,
            // An AVIF sequence names the brand `avis`.
            Format::Other => bytes.get(4..12) == Some(b"ftypavis"),
        };
        let is_of_few = match format {
            Format::Png => png_reader(bytes).is_ok_and(|reader| {
                let (colour, depth) = (reader.info().color_type, reader.info().bit_depth);
                matches!(colour, ColorType::Indexed | ColorType::Grayscale) && depth != BitDepth::Sixteen
            }),
            format => format == Format::Gif,
        };
        Self {
            format,
            animated,
            is_of_few,
            is_deep: format == Format::Png && deep_reader(bytes).is_some(),
            extra: (format == Format::Jpeg).then(|| Extra::of(bytes)).flatten(),
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

    /// Whether the file says what its values mean. What says nothing is sRGB, and nothing of it is converted: the browser decodes that sooner.
    pub fn says_colours(&self) -> bool {
        self.metadata.icc.is_some() || !matches!(self.format, Format::Jpeg | Format::Webp)
    }

    /// Decodes PNG, GIF and lossless WebP, whose values a canvas would not keep, as browsers show them: a PNG upright, a WebP as its pixels lie. None
    /// for what the browser has to decode: other formats, values that it has to convert ([`Self::keeps_colours`]), and an animated PNG whose default
    /// image is not among its frames.
    ///
    /// # Errors
    /// [`Error::Decode`] when the file is damaged or cut short. Those of [`Image::check_size`], before any pixel is decoded.
    pub fn decode(&self, bytes: &[u8]) -> Result<Option<Image>> {
        if self.metadata.foreign_profile {
            return Ok(None);
        }
        match self.format {
            Format::Png => png(bytes),
            Format::Gif => gif(bytes).map(Some),
            Format::Webp if self.webp == Some(WebpCoding::Lossless) => webp(bytes).map(Some),
            _ => Ok(None),
        }
    }
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Decode(error.to_string())
}

/// A reader that has read everything up to the pixels but what can be inflated: profile and texts, which [`Metadata`] reads within limits. Then
/// nothing of the file takes more memory than its length.
fn png_reader(bytes: &[u8]) -> Result<png::Reader<Cursor<&[u8]>>> {
    let limits = png::Limits { bytes: bytes.len().saturating_add(PNG_ROWS) };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::EXPAND | Transformations::ALPHA);
    let header = decoder.read_header_info().map_err(failed)?;
    Image::check_size(header.width, header.height)?;
    decoder.read_info().map_err(failed)
}

/// A reader of a PNG whose samples have 16 bits, and which is not turned.
fn deep_reader(bytes: &[u8]) -> Option<png::Reader<Cursor<&[u8]>>> {
    let reader = png_reader(bytes).ok()?;
    let info = reader.info();
    let upright = info.exif_metadata.as_deref().and_then(Orientation::from_exif_chunk);
    let is_still = info.animation_control.is_none();
    let is_deep = info.bit_depth == BitDepth::Sixteen && is_still;
    (is_deep && upright.unwrap_or(Orientation::NoTransforms) == Orientation::NoTransforms).then_some(reader)
}

/// Width, height and samples of such a PNG: four for each pixel, 16 bits each.
pub(super) fn deep_samples(bytes: &[u8]) -> Option<(u32, u32, Vec<u16>)> {
    let mut reader = deep_reader(bytes)?;
    if reader.info().raw_bytes() / INFLATION > bytes.len() {
        return None;
    }
    let (width, height) = reader.info().size();
    let mut samples = vec![0; reader.output_buffer_size()?];
    reader.next_frame(&mut samples).ok()?;
    let sample = |pair: &[u8]| u16::from_be_bytes([pair[0], pair[1]]);
    let samples = match reader.output_color_type().0 {
        ColorType::GrayscaleAlpha => {
            samples.chunks_exact(4).flat_map(|pixel| [0, 0, 0, 2].map(|at| sample(&pixel[at..at + 2]))).collect()
        }
        ColorType::Rgba => samples.chunks_exact(2).map(sample).collect(),
        _ => return None,
    };
    Some((width, height, samples))
}

/// The default image of a PNG; none where it is hidden, because the frames of the animation do not begin with it (APNG, `fcTL` before `IDAT`).
fn png(bytes: &[u8]) -> Result<Option<Image>> {
    let mut reader = png_reader(bytes)?;
    if reader.info().animation_control.is_some() && reader.info().frame_control.is_none() {
        return Ok(None);
    }
    // Else the room for all pixels would be taken for a file that cannot hold them.
    if reader.info().raw_bytes() / INFLATION > bytes.len() {
        return Err(failed("cut short"));
    }
    let (width, height) = reader.info().size();
    let orientation = reader.info().exif_metadata.as_deref().and_then(Orientation::from_exif_chunk);
    let (colour, depth) = reader.output_color_type();
    let length = reader.output_buffer_size().ok_or_else(|| failed("too large"))?;
    let mut samples = vec![0; length];
    reader.next_frame(&mut samples).map_err(failed)?;
    if depth == BitDepth::Sixteen {
        for at in 0..length / 2 {
            let sample = u32::from(samples[2 * at]) << 8 | u32::from(samples[2 * at + 1]);
            samples[at] = ((sample + 128) / 257) as u8;
        }
        samples.truncate(length / 2);
        samples.shrink_to_fit();
    }
    if colour == ColorType::GrayscaleAlpha {
        let pixels: Vec<_> = samples.chunks_exact(2).map(|pixel| [pixel[0], pixel[0], pixel[0], pixel[1]]).collect();
        samples = pixels.into_flattened();
    }
    let pixels = RgbaImage::from_raw(width, height, samples).ok_or_else(|| failed("too few pixels"))?;
    let pixels = upright(pixels, orientation.unwrap_or(Orientation::NoTransforms));
    Image::new(pixels.width(), pixels.height(), pixels.into_raw()).map(Some)
}

/// Whether a GIF has a second frame. Decodes none.
fn has_two_frames(bytes: &[u8]) -> Result<bool> {
    let mut options = gif::DecodeOptions::new();
    options.skip_frame_decoding(true);
    let mut decoder = options.read_info(bytes).map_err(failed)?;
    let mut next = || decoder.next_frame_info().map(|frame| frame.is_some()).map_err(failed);
    Ok(next()? && next()?)
}

/// The first frame of a GIF on its screen, which is as large as it has to be for that frame, as browsers have it.
fn gif(bytes: &[u8]) -> Result<Image> {
    let mut options = gif::DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    options.set_memory_limit(MemoryLimit::Bytes(NonZeroU64::new(4 * MAX_PIXELS).expect("more than 0")));
    let mut decoder = options.read_info(bytes).map_err(failed)?;
    let (width, height) = (u32::from(decoder.width()), u32::from(decoder.height()));
    let frame = decoder.next_frame_info().map_err(failed)?.ok_or_else(|| failed("there is no frame"))?;
    let [left, top, across, down] = [frame.left, frame.top, frame.width, frame.height].map(u32::from);
    Image::check_size(across, down)?;
    let (width, height) = (width.max(left + across), height.max(top + down));
    Image::check_size(width, height)?;
    let mut frame = vec![0; decoder.buffer_size()];
    decoder.read_into_buffer(&mut frame).map_err(failed)?;
    if (left, top, across, down) == (0, 0, width, height) {
        return Image::new(width, height, frame);
    }
    let mut screen = vec![0; width as usize * height as usize * 4];
    let row = across as usize * 4;
    for (y, samples) in (top..).zip(frame.chunks_exact(row)) {
        let at = (y as usize * width as usize + left as usize) * 4;
        screen[at..at + row].copy_from_slice(samples);
    }
    Image::new(width, height, screen)
}

/// A lossless WebP, or the first frame of an animated one.
fn webp(bytes: &[u8]) -> Result<Image> {
    let mut decoder = WebPDecoder::new(Cursor::new(bytes)).map_err(failed)?;
    decoder.set_memory_limit(bytes.len());
    let (width, height) = decoder.dimensions();
    Image::check_size(width, height)?;
    let mut samples = vec![0; decoder.output_buffer_size().ok_or_else(|| failed("too large"))?];
    decoder.read_image(&mut samples).map_err(failed)?;
    if !decoder.has_alpha() {
        let pixels: Vec<_> = samples.chunks_exact(3).map(|pixel| [pixel[0], pixel[1], pixel[2], 255]).collect();
        samples = pixels.into_flattened();
    }
    Image::new(width, height, samples)
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
    use image::{DynamicImage, ExtendedColorType, Frame, ImageEncoder};

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
    fn the_screen_of_a_gif_is_as_large_as_its_first_frame_needs() {
        for (left, top, size) in
            [(0, 0, (4, 3)), (1, 1, (4, 3)), (3, 0, (5, 3)), (6, 2, (8, 4)), (0, 9, (4, 11)), (9, 9, (11, 11))]
        {
            let mut bytes = Vec::new();
            let palette = [10, 20, 30, 200, 150, 100];
            let mut encoder = gif::Encoder::new(&mut bytes, 4, 3, &palette).unwrap();
            let frame =
                gif::Frame { left, top, width: 2, height: 2, buffer: vec![1, 0, 0, 1].into(), ..Default::default() };
            encoder.write_frame(&frame).unwrap();
            drop(encoder);
            let image = Source::inspect(&bytes).decode(&bytes).unwrap().expect("decoded here");
            assert_eq!((image.width(), image.height()), size);
            let at = |x: u16, y: u16| {
                let start = (usize::from(top + y) * image.width() as usize + usize::from(left + x)) * 4;
                image.rgba()[start..start + 4].to_vec()
            };
            assert_eq!([at(0, 0), at(1, 0), at(0, 1)], [[200, 150, 100, 255], [10, 20, 30, 255], [10, 20, 30, 255]]);
            assert_eq!(image.rgba().chunks(4).filter(|pixel| pixel[3] == 255).count(), 4);
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

    /// Exif that asks for a quarter turn.
    const TURN: &[u8] = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

    #[test]
    fn exif_turns_a_png_and_no_webp() {
        let picture = noise(6, 4, false);
        for (format, size) in [(image::ImageFormat::Png, (4, 6)), (image::ImageFormat::WebP, (6, 4))] {
            let mut bytes = Vec::new();
            picture.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
            let mut file = img_parts::DynImage::from_bytes(bytes.into()).unwrap().expect("a known format");
            img_parts::ImageEXIF::set_exif(&mut file, Some(TURN.to_vec().into()));
            let mut bytes = Vec::new();
            file.encoder().write_to(&mut bytes).unwrap();
            let image = Source::inspect(&bytes).decode(&bytes).unwrap().expect("decoded here");
            assert_eq!((image.width(), image.height()), size, "{format:?}");
        }
    }

    /// A PNG with other chunks in front of its pixels.
    fn png_with(chunks: impl IntoIterator<Item = ([u8; 4], Vec<u8>)>) -> Vec<u8> {
        let mut bytes = Vec::new();
        noise(6, 4, true).write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
        let mut png = img_parts::png::Png::from_bytes(bytes.into()).unwrap();
        let chunks = chunks.into_iter().map(|(kind, data)| img_parts::png::PngChunk::new(kind, data.into()));
        png.chunks_mut().splice(1..1, chunks);
        png.encoder().bytes().to_vec()
    }

    #[test]
    fn a_default_image_that_is_no_frame_is_left_to_the_browser() {
        let [one, six, four] = [1u32, 6, 4].map(u32::to_be_bytes);
        let animation = (*b"acTL", [one, [0; 4]].concat());
        let frame = (*b"fcTL", [&[0; 4], &six[..], &four, &[0; 8], &[0, 1, 0, 10, 0, 0]].concat());
        let shown = png_with([animation.clone(), frame]);
        assert!(Source::inspect(&shown).decode(&shown).unwrap().is_some());
        let hidden = png_with([animation]);
        assert!(Source::inspect(&hidden).decode(&hidden).unwrap().is_none());
    }

    #[test]
    fn values_of_another_colour_model_are_left_to_the_browser_and_the_files_other_words_on_colours_go() {
        let profile = |space: &[u8; 4]| {
            let icc = [&[0; 16][..], space, &[7; 180]].concat();
            [&b"name\0\0"[..], &miniz_oxide::deflate::compress_to_vec_zlib(&icc, 6)].concat()
        };
        for (space, is_ours) in [(b"RGB ", true), (b"GRAY", false), (b"Lab ", false)] {
            let bytes = png_with([
                (*b"iCCP", profile(space)),
                (*b"gAMA", 45_455u32.to_be_bytes().to_vec()),
                (*b"pHYs", vec![0, 0, 1, 0, 0, 0, 1, 0, 1]),
            ]);
            let source = Source::inspect(&bytes);
            assert_eq!((source.keeps_colours(), source.decode(&bytes).unwrap().is_some()), (is_ours, is_ours));
            let kept: Vec<_> = source.metadata.png_chunks.iter().map(|(kind, _)| kind).collect();
            assert_eq!(kept, if is_ours { vec![b"gAMA", b"pHYs"] } else { vec![b"pHYs"] });
        }
    }

    #[test]
    fn a_row_may_be_longer_than_the_file() {
        let picture = RgbaImage::from_pixel(65_535, 2, image::Rgba([1, 2, 3, 4]));
        let mut png = Vec::new();
        picture.write_to(&mut Cursor::new(&mut png), image::ImageFormat::Png).unwrap();
        assert!(png.len() < 65_535);
        let decoded = Source::inspect(&png).decode(&png).unwrap().expect("decoded here");
        assert_eq!(decoded.rgba(), picture.as_raw().as_slice());
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
