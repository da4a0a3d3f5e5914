//! Encodes pictures into files, with their metadata.

use super::comments::WithComments;
use super::jpeg::JpegCoding;
use super::metadata::Metadata;
use super::palette::{self, Indexed, Palette};
use super::rows::{Effort, at_once, failed, write_rows};
use super::{resources, xmp};
use crate::pacer::{Pacer, Stage, Unpaced};
use crate::pixels::{Cutout, Image};
use crate::{Error, Result};
use image_webp::WebPEncoder;
use img_parts::{Bytes, DynImage, ImageEXIF, ImageICC};
use jpeg_encoder::{Encoder, ImageBuffer, JpegColorType, QuantizationTableType, rgb_to_ycbcr};
use std::io::Write;

/// JPEG quality for pictures whose source is no JPEG.
const DEFAULT_JPEG_QUALITY: u8 = 92;
/// Maximum length in bytes of the Exif block of a JPEG. A PNG or WebP may hold a longer one; saved as a JPEG, it goes without.
const JPEG_EXIF_LIMIT: usize = 65_527;
/// Maximum length in bytes of the resources in one segment of a JPEG.
const JPEG_RESOURCES_LIMIT: usize = 65_533 - resources::HEADER.len();
/// Number of pixels below which the codes of a JPEG are chosen for the picture, which makes the file a few percent smaller and takes up to 9 bytes a
/// pixel.
const OPTIMISED_JPEG: usize = 32_000_000;

/// Writes a PNG. It has the picture's size and, in `part`, its pixels; all others are transparent. `quick` saves time at the cost of size, for
/// pictures that are shown or copied and not kept.
///
/// # Errors
/// [`Error::MaskOutside`] when `part` does not lie inside the picture. [`Error::Encode`] when the encoder fails, or `file` does.
/// [`Error::Cancelled`] when `pacer` says so.
pub async fn write_png(
    image: &Image,
    part: &Cutout,
    metadata: &Metadata,
    quick: bool,
    file: &mut dyn Write,
    pacer: &dyn Pacer,
) -> Result<()> {
    if !image.bounds().contains(&part.rect) {
        return Err(Error::MaskOutside);
    }
    let opaque = *part == image.bounds().into() && image.is_opaque();
    let colour = if opaque { png::ColorType::Rgb } else { png::ColorType::Rgba };
    let mut info = png::Info::with_size(image.width(), image.height());
    info.color_type = colour;
    let effort = if quick { Effort::Quick } else { Effort::Thorough };
    let stride = image.width() as usize * 4;
    let row = |y: u32, written: &mut Vec<u8>| {
        let pixels = &image.rgba()[y as usize * stride..][..stride];
        written.clear();
        if opaque {
            written.resize(stride / 4 * 3, 0);
            for (to, from) in written.chunks_exact_mut(3).zip(pixels.chunks_exact(4)) {
                to.copy_from_slice(&from[..3]);
            }
        } else {
            written.resize(stride, 0);
            let columns = part.row(y);
            let columns = columns.start as usize * 4..columns.end as usize * 4;
            written[columns.clone()].copy_from_slice(&pixels[columns]);
        }
    };
    write_rows(info, metadata, effort, file, pacer, row).await
}

/// Writes a PNG in as few bits as the colours of its source allow: with a palette, or in few levels of grey. Where the picture has too many other
/// colours by now, it is [`write_png`].
///
/// # Errors
/// Those of [`write_png`].
pub async fn write_png_of_few(
    image: &Image,
    palette: &Palette,
    metadata: &Metadata,
    file: &mut dyn Write,
    pacer: &dyn Pacer,
) -> Result<()> {
    let Some(Indexed { colours, indices, depth, is_grey }) = palette.fit(image) else {
        return write_png(image, &image.bounds().into(), metadata, false, file, pacer).await;
    };
    let mut info = png::Info::with_size(image.width(), image.height());
    info.color_type = if is_grey { png::ColorType::Grayscale } else { png::ColorType::Indexed };
    info.bit_depth = png::BitDepth::from_u8(depth).ok_or_else(|| failed("no such depth"))?;
    if !is_grey {
        info.palette = Some(colours.iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect());
        let opaque = colours.iter().rposition(|colour| colour[3] < 255).map_or(0, |last| last + 1);
        info.trns = (opaque > 0).then(|| colours[..opaque].iter().map(|colour| colour[3]).collect());
    }
    let width = image.width() as usize;
    let row = |y: u32, written: &mut Vec<u8>| {
        *written = palette::row(&indices[y as usize * width..][..width], depth);
    };
    write_rows(info, metadata, Effort::Thorough, file, pacer, row).await
}

/// [`write_png`] of the whole picture into memory.
///
/// # Errors
/// Those of [`write_png`].
pub fn encode_png(image: &Image, metadata: &Metadata, quick: bool) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    at_once(write_png(image, &image.bounds().into(), metadata, quick, &mut bytes, &Unpaced)).map(|()| bytes)
}

/// How much a JPEG keeps.
#[derive(Clone, Copy, Debug)]
pub enum JpegQuality<'a> {
    /// As much as is usual.
    Usual,
    /// From 1 to 100, as encoders count.
    Of(u8),
    /// As much as another JPEG: its quantisation, sampling and scans.
    Like(&'a JpegCoding),
}

/// Writes a JPEG. Transparent pixels are composited onto white. `pacer` is told how far it is; the encoder makes no pause in which it could be stopped.
///
/// # Errors
/// [`Error::Encode`] when a side exceeds 65 535 pixels, or the encoder or `file` fails.
pub fn write_jpeg(
    image: &Image,
    metadata: &Metadata,
    quality: JpegQuality<'_>,
    file: &mut dyn Write,
    pacer: &dyn Pacer,
) -> Result<()> {
    let side = |length: u32| u16::try_from(length).map_err(|_| failed("a JPEG has at most 65535 pixels a side"));
    // The encoder takes no longer ones.
    let _ = (side(image.width())?, side(image.height())?);
    let number = if let JpegQuality::Of(number) = quality { number.clamp(1, 100) } else { DEFAULT_JPEG_QUALITY };
    let mut encoder = Encoder::new(WithComments::new(file, &metadata.comments), number);
    if let JpegQuality::Like(coding) = quality {
        encoder.set_quantization_tables(
            QuantizationTableType::Custom(Box::new(coding.luma)),
            QuantizationTableType::Custom(Box::new(coding.chroma)),
        );
        encoder.set_sampling_factor(coding.sampling_factor());
        encoder.set_progressive(coding.progressive);
    }
    // To choose the codes, the encoder keeps all coefficients of the picture.
    encoder.set_optimized_huffman_tables(image.bounds().area() < OPTIMISED_JPEG);
    if let Some(density) = metadata.density {
        encoder.set_density(density);
    }
    if let Some(exif) = metadata.exif.as_ref().filter(|block| block.len() <= JPEG_EXIF_LIMIT) {
        encoder.add_exif_metadata(exif).map_err(failed)?;
    }
    if let Some(segment) = metadata.xmp.as_deref().and_then(xmp::jpeg_segment) {
        encoder.add_app_segment(1, segment).map_err(failed)?;
    }
    for part in metadata.resources.iter().flat_map(|resources| resources.chunks(JPEG_RESOURCES_LIMIT)) {
        encoder.add_app_segment(13, [resources::HEADER, part].concat()).map_err(failed)?;
    }
    if let Some(icc) = &metadata.icc {
        encoder.add_icc_profile(icc).map_err(failed)?;
    }
    encoder.encode_image(OnWhite { image, pacer }).map_err(failed)
}

/// A picture as the JPEG encoder asks for it: row by row, transparent pixels on white.
struct OnWhite<'a> {
    image: &'a Image,
    pacer: &'a dyn Pacer,
}

impl ImageBuffer for OnWhite<'_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        JpegColorType::Ycbcr
    }

    fn width(&self) -> u16 {
        self.image.width() as u16
    }

    fn height(&self) -> u16 {
        self.image.height() as u16
    }

    fn fill_buffers(&self, y: u16, buffers: &mut [Vec<u8>; 4]) {
        let (y, height) = (usize::from(y), self.image.height() as usize);
        // Once for each percent: the encoder works without a pause, and what is told is sent all the same.
        if y * 100 / height != (y + 1) * 100 / height {
            self.pacer.progress(Stage::Writing, y as f32 / height as f32);
        }
        let on_white = |c: u8, a: u8| ((u32::from(c) * u32::from(a) + 255 * (255 - u32::from(a)) + 127) / 255) as u8;
        let stride = self.image.width() as usize * 4;
        let [luma, blue, red, _] = buffers;
        for pixel in self.image.rgba()[y * stride..][..stride].chunks_exact(4) {
            let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(|c| on_white(c, pixel[3]));
            let (y, cb, cr) = rgb_to_ycbcr(r, g, b);
            luma.push(y);
            blue.push(cb);
            red.push(cr);
        }
    }
}

/// [`write_jpeg`] into memory.
#[cfg(test)]
pub(super) fn encode_jpeg(image: &Image, metadata: &Metadata, coding: Option<&JpegCoding>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    write_jpeg(image, metadata, coding.map_or(JpegQuality::Usual, JpegQuality::Like), &mut bytes, &Unpaced)
        .map(|()| bytes)
}

/// Encodes a lossless WebP.
///
/// # Errors
/// [`Error::Encode`] when a side exceeds 16 383 pixels or the encoder fails.
pub fn encode_webp_lossless(image: &Image, metadata: &Metadata) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let encoder = WebPEncoder::new(&mut bytes);
    let (width, height) = (image.width(), image.height());
    if image.is_opaque() {
        let rgb: Vec<_> = image.rgba().chunks_exact(4).map(|p| [p[0], p[1], p[2]]).collect();
        encoder.encode(rgb.as_flattened(), width, height, image_webp::ColorType::Rgb8)
    } else {
        encoder.encode(image.rgba(), width, height, image_webp::ColorType::Rgba8)
    }
    .map_err(failed)?;
    with_metadata(bytes, metadata)
}

/// Replaces colour profile, Exif and XMP of a PNG, JPEG or WebP that the browser encoded.
///
/// # Errors
/// [`Error::Encode`] when the file is of another format, or damaged.
pub fn with_metadata(bytes: Vec<u8>, metadata: &Metadata) -> Result<Vec<u8>> {
    let mut file =
        DynImage::from_bytes(bytes.into()).map_err(failed)?.ok_or_else(|| failed("neither PNG, JPEG nor WebP"))?;
    file.set_icc_profile(metadata.icc.clone().map(Bytes::from));
    file.set_exif(metadata.exif.clone().map(Bytes::from));
    xmp::set(&mut file, metadata.xmp.as_deref())?;
    Ok(file.encoder().bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::super::exif::tests::exif_with_thumbnail;
    use super::super::{Source, edit_note, packet};
    use super::*;
    use crate::pixels::Rect;
    use image::{ImageDecoder, ImageReader};
    use img_parts::jpeg::Jpeg;
    use img_parts::png::{Png, PngChunk};
    use img_parts::riff::RiffChunk;
    use img_parts::webp::WebP;
    use proptest::prelude::*;
    use std::io::Cursor;

    fn picture(width: u32, height: u32, opaque: bool) -> Image {
        let byte = |i: usize| (i.wrapping_mul(2_654_435_761) >> 13) as u8;
        let rgba =
            (0..(width * height * 4) as usize).map(|i| if opaque && i % 4 == 3 { 255 } else { byte(i) }).collect();
        Image::new(width, height, rgba).unwrap()
    }

    fn metadata() -> Metadata {
        Metadata {
            icc: Some([&[0; 16][..], b"RGB ", &[7; 180]].concat()),
            foreign_profile: false,
            exif: Some(exif_with_thumbnail()),
            density: None,
            comments: vec![],
            resources: None,
            png_chunks: vec![(*b"tEXt", b"Title\0A cat".to_vec()), (*b"gAMA", 45455u32.to_be_bytes().to_vec())],
            xmp: Some(edit_note("Rubout 0.1.0", &["erased with a model, seed 7".into()], true)),
        }
    }

    proptest! {
        #[test]
        fn lossless_formats_give_back_every_pixel(width in 1u32..40, height in 1u32..40, opaque: bool) {
            let image = picture(width, height, opaque);
            for bytes in [
                encode_png(&image, &metadata(), true).unwrap(),
                encode_png(&image, &metadata(), false).unwrap(),
                encode_webp_lossless(&image, &metadata()).unwrap(),
            ] {
                // Orientation 6 in the test's Exif would rotate the pixels, so that they are read without it.
                let plain = with_metadata(bytes, &Metadata::default()).unwrap();
                let back = Source::inspect(&plain).decode(&plain).unwrap().expect("decoded here");
                prop_assert_eq!(&back, &image);
            }
        }
    }

    proptest! {
        #[test]
        fn a_part_has_the_pictures_own_values_and_the_rest_is_transparent(
            width in 1u32..40, height in 1u32..40, opaque: bool, corners: [u32; 4],
        ) {
            let image = picture(width, height, opaque);
            let [x, y, right, bottom] = [0, 1, 2, 3].map(|i| corners[i] % if i % 2 == 0 { width } else { height });
            let part = Rect { x: x.min(right), y: y.min(bottom), width: x.abs_diff(right) + 1, height: y.abs_diff(bottom) + 1 };
            let mut png = vec![];
            at_once(write_png(&image, &part.into(), &Metadata::default(), true, &mut png, &Unpaced)).unwrap();
            let back = Source::inspect(&png).decode(&png).unwrap().expect("decoded here");
            prop_assert_eq!(back.bounds(), image.bounds());
            for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
                let is_in = (part.x..part.right()).contains(&x) && (part.y..part.bottom()).contains(&y);
                prop_assert_eq!(back.pixel(x, y), if is_in { image.pixel(x, y) } else { [0; 4] });
            }
        }
    }

    #[test]
    fn a_part_that_hangs_over_is_refused() {
        let over = Rect { x: 3, y: 0, width: 4, height: 1 };
        let (picture, mut file) = (picture(6, 4, true), vec![]);
        let written = at_once(write_png(&picture, &over.into(), &Metadata::default(), true, &mut file, &Unpaced));
        assert!(matches!(written, Err(Error::MaskOutside)));
    }

    #[test]
    fn every_format_carries_profile_and_exif() {
        let image = picture(24, 18, true);
        for bytes in [
            encode_png(&image, &metadata(), false).unwrap(),
            encode_jpeg(&image, &metadata(), None).unwrap(),
            encode_webp_lossless(&image, &metadata()).unwrap(),
        ] {
            let read = Source::inspect(&bytes).metadata;
            assert_eq!(read.icc, metadata().icc);
            assert!(read.exif.is_some());
        }
        let png = encode_png(&image, &metadata(), false).unwrap();
        assert_eq!(Source::inspect(&png).metadata.png_chunks, metadata().png_chunks);
        assert_eq!(Source::inspect(&png).metadata.colours_only().png_chunks.len(), 1);
    }

    /// The packet as somebody else's reader finds it.
    fn packet(bytes: &[u8]) -> Option<Vec<u8>> {
        let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().unwrap();
        reader.into_decoder().unwrap().xmp_metadata().unwrap()
    }

    #[test]
    fn every_format_carries_the_note_beside_the_same_pixels() {
        for opaque in [true, false] {
            let image = picture(61, 47, opaque);
            for base in [Metadata::default(), Metadata { xmp: None, ..metadata() }] {
                // Of odd and of even length: WebP pads its chunks.
                for actions in [vec![], vec!["odd".to_owned()], vec!["even".to_owned()]] {
                    let noted = Metadata { xmp: Some(edit_note("Rubout 0.1.0", &actions, true)), ..base.clone() };
                    let files = |metadata: &Metadata| {
                        [
                            encode_png(&image, metadata, false).unwrap(),
                            encode_jpeg(&image, metadata, None).unwrap(),
                            encode_webp_lossless(&image, metadata).unwrap(),
                        ]
                    };
                    for (plain, direct) in files(&base).into_iter().zip(files(&noted)) {
                        let added = with_metadata(plain.clone(), &noted).unwrap();
                        // A second note takes the place of the first.
                        let replaced = with_metadata(
                            with_metadata(plain.clone(), &Metadata { xmp: Some(b"old".to_vec()), ..noted.clone() })
                                .unwrap(),
                            &noted,
                        );
                        for file in [direct, added, replaced.unwrap()] {
                            assert_eq!(packet(&file), noted.xmp);
                            let pixels = |bytes: &[u8]| image::load_from_memory(bytes).unwrap();
                            assert_eq!(pixels(&file), pixels(&plain));
                            let read = Source::inspect(&file).metadata;
                            assert_eq!((&read.icc, read.exif.is_some()), (&base.icc, base.exif.is_some()));
                            assert_eq!(read.xmp, packet::cleaned(&edit_note("Rubout 0.1.0", &actions, true)));
                            let removed = with_metadata(file, &base).unwrap();
                            assert_eq!(packet(&removed), None);
                            assert_eq!(pixels(&removed), pixels(&plain));
                        }
                        assert_eq!(packet(&plain), None);
                    }
                }
            }
        }
    }

    #[test]
    fn the_note_stands_where_readers_look() {
        let image = picture(61, 47, false);
        let png = Png::from_bytes(encode_png(&image, &metadata(), false).unwrap().into()).unwrap();
        let kinds: Vec<_> = png.chunks().iter().map(PngChunk::kind).collect();
        let first_pixels = kinds.iter().position(|kind| kind == b"IDAT").unwrap();
        assert_eq!(kinds.iter().position(|kind| kind == b"iTXt"), Some(first_pixels - 1));
        assert_eq!(kinds.iter().filter(|kind| *kind == b"iTXt").count(), 1);

        let direct = encode_jpeg(&image, &metadata(), None).unwrap();
        let added = with_metadata(encode_jpeg(&image, &Metadata::default(), None).unwrap(), &metadata()).unwrap();
        for bytes in [direct, added] {
            let jpeg = Jpeg::from_bytes(bytes.into()).unwrap();
            let segments: Vec<_> = jpeg.segments().iter().take(3).map(|s| (s.marker(), s.contents())).collect();
            assert_eq!(segments[0].0, 0xE0, "JFIF");
            assert!(segments[1].0 == 0xE1 && segments[1].1.starts_with(b"Exif\0\0"));
            assert!(segments[2].0 == 0xE1 && segments[2].1.starts_with(b"http://ns.adobe.com/xap/1.0/\0<?xpacket"));
        }

        let profile_only = Metadata { icc: metadata().icc, ..Metadata::default() };
        let note_only = Metadata { xmp: metadata().xmp, ..Metadata::default() };
        // With the extended header made anew, and with one that is there already.
        for (before, after, order, features) in [
            (Metadata::default(), note_only, &[b"VP8X", b"VP8L", b"XMP "][..], 0x14u8),
            (profile_only, metadata(), &[b"VP8X", b"ICCP", b"VP8L", b"EXIF", b"XMP "][..], 0x3C),
        ] {
            let bytes = with_metadata(encode_webp_lossless(&image, &before).unwrap(), &after).unwrap();
            let webp = WebP::from_bytes(bytes.into()).unwrap();
            assert!(webp.chunks().iter().map(RiffChunk::id).eq(order.iter().map(|id| **id)));
            let header = webp.chunk_by_id(*b"VP8X").unwrap().content().data().unwrap();
            assert_eq!(header[..], [features, 0, 0, 0, 60, 0, 0, 46, 0, 0]);
        }
    }

    #[test]
    fn a_jpeg_goes_without_a_note_that_does_not_fit() {
        let image = picture(61, 47, true);
        for (length, fits) in [(65_502, true), (65_503, false), (200_000, false)] {
            let noted = Metadata { xmp: Some(vec![b' '; length]), ..metadata() };
            let direct = encode_jpeg(&image, &noted, None).unwrap();
            let added = with_metadata(encode_jpeg(&image, &Metadata::default(), None).unwrap(), &noted).unwrap();
            for file in [direct, added] {
                assert_eq!(packet(&file), noted.xmp.clone().filter(|_| fits));
                assert_eq!(Source::inspect(&file).metadata.icc, noted.icc);
            }
        }
    }

    #[test]
    fn the_note_is_no_colour_and_a_packet_is_no_text() {
        assert_eq!(metadata().colours_only().xmp, None);
        let shown = encode_png(&picture(24, 18, true), &metadata().colours_only(), true).unwrap();
        assert_eq!(packet(&shown), None);
        let text = |kind: &[u8; 4], contents: &[u8]| (*kind, contents.to_vec());
        let notes = [
            text(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta/>"),
            text(b"tEXt", b"Raw profile type xmp\0\nxmp\n 2\n3c3e\n"),
            text(b"iTXt", b"Title\0\0\0\0\0A cat"),
            text(b"tEXt", b"Comment\0no XML:com.adobe.xmp"),
        ];
        // Made by hand: what is written here has none of them to begin with.
        let mut source =
            Png::from_bytes(encode_png(&picture(24, 18, true), &Metadata::default(), true).unwrap().into()).unwrap();
        for (kind, contents) in notes.iter().rev() {
            source.chunks_mut().insert(1, PngChunk::new(*kind, Bytes::copy_from_slice(contents)));
        }
        let read = Source::inspect(&source.encoder().bytes()).metadata;
        assert_eq!(read.png_chunks, notes[2..]);
    }

    #[test]
    fn a_jpeg_is_saved_with_the_tables_it_came_with() {
        let image = picture(64, 48, true);
        for (quality, sampling) in [(60, (2, 2)), (85, (2, 1)), (97, (1, 1))] {
            let mut original = Vec::new();
            let mut encoder = Encoder::new(&mut original, quality);
            encoder.set_sampling_factor(match sampling {
                (2, 2) => jpeg_encoder::SamplingFactor::F_2_2,
                (2, 1) => jpeg_encoder::SamplingFactor::F_2_1,
                _ => jpeg_encoder::SamplingFactor::F_1_1,
            });
            let rgb: Vec<u8> = image.rgba().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
            encoder.encode(&rgb, 64, 48, jpeg_encoder::ColorType::Rgb).unwrap();
            let coding = Source::inspect(&original).jpeg.expect("a JPEG");
            assert_eq!(coding.sampling, sampling);
            let saved = encode_jpeg(&image, &Metadata::default(), Some(&coding)).unwrap();
            assert_eq!(Source::inspect(&saved).jpeg.as_ref(), Some(&coding));
        }
    }
}
