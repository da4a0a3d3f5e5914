//! What is saved never shows the unedited picture: a marker picture is put into every known place of every format, and looked for in what
//! comes out.

use super::hidden_tests::pictures;
use super::{Source, encode_jpeg, encode_png, encode_webp_lossless, exif, png_text};
use crate::pixels::Image;
use img_parts::jpeg::{Jpeg, JpegSegment, markers};
use img_parts::png::{Png, PngChunk};
use img_parts::riff::{RiffChunk, RiffContent};
use img_parts::webp::WebP;
use img_parts::{Bytes, ImageEXIF};
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib;
use proptest::prelude::*;
use std::time::{Duration, Instant};

/// Who is named as the artist in every Exif block here, and has to stay.
const ARTIST: &[u8] = b"Ada Lovelace\0";
/// The latitude in every Exif block here, 51° 30′ 26″.
const LATITUDE: [u32; 6] = [51, 1, 30, 1, 26, 1];

/// Bytes without order, so that they are found nowhere by accident.
fn noise(seed: u32, length: usize) -> Vec<u8> {
    let byte = |i: u32| ((i ^ seed).wrapping_mul(2_654_435_761) ^ seed.rotate_left(i % 31)).wrapping_mul(40_503) >> 15;
    // No marker among them.
    (0..length as u32).map(|i| (byte(i) as u8).min(0xFE)).collect()
}

/// The pixels of a preview, and the JPEG stream that holds them.
pub(super) struct Marker {
    pub(super) pixels: Vec<u8>,
    pub(super) jpeg: Vec<u8>,
}

impl Marker {
    pub(super) fn new(seed: u32, length: usize) -> Self {
        let pixels = noise(seed, length);
        let table = [&[0xFF, 0xDB, 0, 67, 0][..], &[16; 64]].concat();
        let frame = [0xFF, 0xC0, 0, 11, 8, 0, 16, 0, 16, 1, 1, 0x11, 0];
        let scan = [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0];
        Self { jpeg: [&[0xFF, 0xD8], &table[..], &frame, &scan, &pixels, &[0xFF, 0xD9]].concat(), pixels }
    }

    /// Whether a piece of it is in a file, as it is, in hexadecimal, in base 64, or in base 64 in hexadecimal; also in compressed texts.
    fn is_in(&self, file: &[u8]) -> bool {
        let mut places = vec![file.to_vec()];
        if let Ok(png) = Png::from_bytes(file.to_vec().into()) {
            for chunk in png.chunks().iter().filter(|chunk| matches!(&chunk.kind(), b"zTXt" | b"iTXt")) {
                // Wherever in the chunk the stream begins.
                let from = |at| decompress_to_vec_zlib(&chunk.contents()[at..]).ok();
                places.extend((0..chunk.contents().len().min(80)).filter_map(from));
            }
        }
        places.iter_mut().for_each(|place| place.retain(|byte| !byte.is_ascii_whitespace()));
        self.pixels.chunks_exact(24).step_by(5).any(|piece| {
            let hex = |data: &[u8]| data.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes();
            let plain: Vec<u8> = piece.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
            // The letters that depend on this piece alone, wherever it begins.
            let letters = (0..3).map(|skipped| base64(&piece[skipped..skipped + 21]));
            let forms: Vec<_> = [plain, hex(piece)].into_iter().chain(letters.flat_map(|l| [hex(&l), l])).collect();
            forms.iter().any(|form| places.iter().any(|place| place.windows(form.len()).any(|window| window == form)))
        })
    }
}

pub(super) fn base64(data: &[u8]) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = |three: &[u8]| {
        let bits = three.iter().chain(&[0; 2]).take(3).fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        [18, 12, 6, 0].map(|shift| LETTERS[bits >> shift & 63])
    };
    data.chunks(3).flat_map(letters).collect()
}

/// Writes Exif blocks from the end of their directories to the beginning.
struct Tiff {
    little: bool,
    data: Vec<u8>,
}

/// Tag, type, number of values, and their bytes or the offset of them.
type Entry = (u16, u16, u32, u32);

impl Tiff {
    fn new(little: bool) -> Self {
        Self { little, data: if little { b"II\x2A\0\0\0\0\0".to_vec() } else { b"MM\0\x2A\0\0\0\0".to_vec() } }
    }

    fn short(&self, number: u16) -> [u8; 2] {
        if self.little { number.to_le_bytes() } else { number.to_be_bytes() }
    }

    fn long(&self, number: u32) -> [u8; 4] {
        if self.little { number.to_le_bytes() } else { number.to_be_bytes() }
    }

    /// Appends bytes and gives their offset.
    fn put(&mut self, bytes: &[u8]) -> u32 {
        self.data.resize(self.data.len().next_multiple_of(2), 0);
        let at = self.data.len() as u32;
        self.data.extend(bytes);
        at
    }

    fn value(&mut self, tag: u16, kind: u16, bytes: &[u8]) -> Entry {
        (tag, kind, bytes.len() as u32, self.put(bytes))
    }

    /// Appends a directory and gives its offset.
    fn directory(&mut self, entries: &[Entry], next: u32) -> u32 {
        let mut bytes = self.short(entries.len() as u16).to_vec();
        for (tag, kind, count, value) in entries {
            bytes.extend([self.short(*tag), self.short(*kind)].concat());
            bytes.extend(self.long(*count));
            // A single short value stands at the beginning of its four bytes.
            let short = *kind == 3 && *count == 1;
            bytes.extend(if short { [self.short(*value as u16), [0; 2]].concat() } else { self.long(*value).to_vec() });
        }
        bytes.extend(self.long(next));
        self.put(&bytes)
    }

    /// The block with this first directory.
    fn block(mut self, first: u32) -> Vec<u8> {
        let first = self.long(first);
        self.data[4..8].copy_from_slice(&first);
        self.data
    }
}

/// Where an Exif block holds a preview.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum ExifPlace {
    Ifd1Jpeg,
    Ifd1Strips,
    Ifd1Tiles,
    Ifd2,
    AfterExifDirectory,
    SubIfd,
    SubIfdInExif,
    StripsOfIfd0,
    MakerNote,
    MakerNoteOtherFirstByte,
    OutsideOfMakerNote,
    Gdi,
    Xmp,
    Photoshop,
    Iptc,
    UserComment,
    Unreferenced,
    AtTheEnd,
}

const EXIF_PLACES: [ExifPlace; 18] = {
    use ExifPlace::*;
    [
        Ifd1Jpeg,
        Ifd1Strips,
        Ifd1Tiles,
        Ifd2,
        AfterExifDirectory,
        SubIfd,
        SubIfdInExif,
        StripsOfIfd0,
        MakerNote,
        MakerNoteOtherFirstByte,
        OutsideOfMakerNote,
        Gdi,
        Xmp,
        Photoshop,
        Iptc,
        UserComment,
        Unreferenced,
        AtTheEnd,
    ]
};

/// An Exif block with an artist, a date, a position, a maker's note, and previews in these places.
pub(super) fn exif_with(places: &[ExifPlace], marker: &Marker, little: bool) -> Vec<u8> {
    use ExifPlace::*;
    let mut tiff = Tiff::new(little);
    let has = |place| places.contains(&place);
    let (jpeg, raw) = (&marker.jpeg, &marker.pixels);
    let length = |bytes: &[u8]| bytes.len() as u32;
    let mut first = vec![(0x0112, 3, 1, 6)];
    let mut exif = vec![tiff.value(0x9003, 2, b"2024:05:06 07:08:09\0")];
    first.push(tiff.value(0x013B, 2, ARTIST));
    let mut note = b"Maker's note \0 begins".to_vec();
    if has(MakerNote) {
        note.extend(jpeg);
    }
    if has(MakerNoteOtherFirstByte) {
        note.extend([&[7], &jpeg[1..]].concat());
    }
    note.extend(b"and ends");
    exif.push(tiff.value(0x927C, 7, &note));
    let jpeg_directory = |tiff: &mut Tiff, next| {
        let at = tiff.put(jpeg);
        tiff.directory(&[(0x0103, 3, 1, 6), (0x0201, 4, 1, at), (0x0202, 4, 1, length(jpeg))], next)
    };
    let pieces = |tiff: &mut Tiff, tags: [u16; 2]| {
        let halves = raw.split_at(raw.len() / 2);
        let places = [tiff.put(halves.0), tiff.put(halves.1)].map(|at| tiff.long(at)).concat();
        let lengths = [halves.0, halves.1].map(|half| tiff.long(length(half))).concat();
        [(tags[0], 4, 2, tiff.put(&places)), (tags[1], 4, 2, tiff.put(&lengths))]
    };
    let mut next = 0;
    if has(Ifd2) {
        next = jpeg_directory(&mut tiff, 0);
    }
    if has(Ifd1Strips) || has(Ifd2) {
        let entries = pieces(&mut tiff, [0x0111, 0x0117]);
        next = tiff.directory(&entries, next);
    } else if has(Ifd1Tiles) {
        let entries = pieces(&mut tiff, [0x0144, 0x0145]);
        next = tiff.directory(&entries, 0);
    } else if has(Ifd1Jpeg) {
        next = jpeg_directory(&mut tiff, 0);
    }
    if has(SubIfd) {
        let at = jpeg_directory(&mut tiff, 0);
        first.push((0x014A, 4, 1, at));
    }
    if has(SubIfdInExif) {
        let entries = pieces(&mut tiff, [0x0111, 0x0117]);
        let at = tiff.directory(&entries, 0);
        exif.push((0x014A, 13, 1, at));
    }
    if has(StripsOfIfd0) {
        first.extend(pieces(&mut tiff, [0x0111, 0x0117]));
    }
    if has(Gdi) {
        first.push(tiff.value(0x501B, 7, raw));
    }
    if has(Xmp) {
        first.push(tiff.value(0x02BC, 1, &xmp_with(marker)));
    }
    if has(Photoshop) {
        first.push(tiff.value(0x8649, 7, &photoshop_with(marker, 1036)));
    }
    if has(Iptc) {
        first.push(tiff.value(0x83BB, 7, &iptc_with(marker)));
    }
    if has(UserComment) {
        exif.push(tiff.value(0x9286, 7, &[b"ASCII\0\0\0data:image/jpeg;base64,", &base64(jpeg)[..]].concat()));
    }
    if has(Unreferenced) || has(OutsideOfMakerNote) {
        tiff.put(raw);
    }
    let after_exif = if has(AfterExifDirectory) { jpeg_directory(&mut tiff, 0) } else { 0 };
    let exif = tiff.directory(&exif, after_exif);
    let latitude = tiff.put(&LATITUDE.map(|number| tiff.long(number)).concat());
    let gps = tiff.directory(&[(0x0002, 5, 3, latitude)], 0);
    first.extend([(0x8769, 4, 1, exif), (0x8825, 4, 1, gps)]);
    let first = tiff.directory(&first, next);
    if has(AtTheEnd) {
        tiff.put(raw);
    }
    tiff.block(first)
}

pub(super) fn photoshop_with(marker: &Marker, id: u16) -> Vec<u8> {
    let resource = |id: u16, name: &[u8], data: &[u8]| {
        let name = [&[name.len() as u8], name, &[0][..(name.len() + 1) % 2]].concat();
        let padding = &[0][..data.len() % 2];
        [b"8BIM", &id.to_be_bytes()[..], &name, &(data.len() as u32).to_be_bytes(), data, padding].concat()
    };
    let preview = [&[0; 28], &marker.pixels[..]].concat();
    [
        resource(1028, b"", b"\x1C\x02\x78\0\x05A hat"),
        resource(id, b"odd", &preview),
        resource(1049, b"", &[0, 0, 0, 30]),
    ]
    .concat()
}

fn iptc_with(marker: &Marker) -> Vec<u8> {
    let length = marker.pixels.len() as u32;
    let length = if length < 0x8000 {
        (length as u16).to_be_bytes().to_vec()
    } else {
        [&[0x80, 4], &length.to_be_bytes()[..]].concat()
    };
    [b"\x1C\x02\x78\0\x05A hat\x1C\x02\xCA", &length[..], &marker.pixels, b"\x1C\x02\x50\0\x03Ada"].concat()
}

fn xmp_with(marker: &Marker) -> Vec<u8> {
    let lines: Vec<Vec<u8>> = base64(&marker.jpeg).chunks(76).map(<[u8]>::to_vec).collect();
    [
        b"<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF><xmp:Thumbnails><xapGImg:image>",
        &lines.join(&b"&#xA;"[..])[..],
        b"</xapGImg:image></xmp:Thumbnails></rdf:RDF></x:xmpmeta>",
    ]
    .concat()
}

/// A profile as ImageMagick puts it into a text.
fn hexadecimal(name: &str, data: &[u8]) -> Vec<u8> {
    let lines = data.chunks(36).map(|line| line.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n");
    format!("\n{name}\n{:8}\n{}", data.len(), lines.collect::<String>()).into_bytes()
}

/// How a PNG's text is stored.
#[derive(Clone, Copy, Debug)]
enum TextKind {
    Plain,
    Compressed,
    International,
    InternationalCompressed,
}

fn text_chunk(kind: TextKind, keyword: &str, text: &[u8]) -> PngChunk {
    let packed = compress_to_vec_zlib(text, 6);
    let (kind, head, text) = match kind {
        TextKind::Plain => (*b"tEXt", &b"\0"[..], text),
        TextKind::Compressed => (*b"zTXt", &b"\0\0"[..], &packed[..]),
        TextKind::International => (*b"iTXt", &b"\0\0\0en\0Title\0"[..], text),
        TextKind::InternationalCompressed => (*b"iTXt", &b"\0\x01\0\0\0"[..], &packed[..]),
    };
    PngChunk::new(kind, Bytes::from([keyword.as_bytes(), head, text].concat()))
}

fn picture() -> Image {
    Image::new(4, 4, [200, 100, 50, 255].repeat(16)).unwrap()
}

pub(super) fn png_with(chunks: impl IntoIterator<Item = PngChunk>) -> Vec<u8> {
    let mut png = Png::from_bytes(encode_png(&picture(), &Default::default(), true).unwrap().into()).unwrap();
    png.chunks_mut().splice(1..1, chunks);
    png.encoder().bytes().to_vec()
}

pub(super) fn jpeg_with(segments: impl IntoIterator<Item = (u8, Vec<u8>)>) -> Vec<u8> {
    let mut jpeg = Jpeg::from_bytes(encode_jpeg(&picture(), &Default::default(), None).unwrap().into()).unwrap();
    let made = segments.into_iter().map(|(marker, data)| JpegSegment::new_with_contents(marker, data.into()));
    jpeg.segments_mut().splice(1..1, made);
    jpeg.encoder().bytes().to_vec()
}

pub(super) fn webp_with(exif: Option<Vec<u8>>, chunks: impl IntoIterator<Item = ([u8; 4], Vec<u8>)>) -> Vec<u8> {
    let mut webp = WebP::from_bytes(encode_webp_lossless(&picture(), &Default::default()).unwrap().into()).unwrap();
    webp.set_exif(exif.map(Bytes::from));
    let made = chunks.into_iter().map(|(id, data)| RiffChunk::new(id, RiffContent::Data(data.into())));
    webp.chunks_mut().extend(made);
    webp.encoder().bytes().to_vec()
}

/// The picture of a file as every format saves it.
pub(super) fn saved(file: &[u8]) -> [Vec<u8>; 3] {
    let metadata = Source::inspect(file).metadata;
    [
        encode_png(&picture(), &metadata, false).unwrap(),
        encode_jpeg(&picture(), &metadata, None).unwrap(),
        encode_webp_lossless(&picture(), &metadata).unwrap(),
    ]
}

pub(super) fn has(data: &[u8], part: &[u8]) -> bool {
    data.windows(part.len()).any(|window| window == part)
}

/// Asserts that nothing of the marker is saved, and returns what is.
pub(super) fn clean(what: &str, file: &[u8], marker: &Marker) -> [Vec<u8>; 3] {
    assert!(marker.is_in(file), "{what}: the test puts it there");
    let saved = saved(file);
    for (format, file) in ["png", "jpeg", "webp"].iter().zip(&saved) {
        assert!(!marker.is_in(file), "{what}: still there, saved as {format}");
    }
    saved
}

/// A file with an Exif block in one of the places for it.
fn with_exif(container: usize, text: TextKind, block: Vec<u8>) -> Vec<u8> {
    let headed = [b"Exif\0\0", &block[..]].concat();
    match container {
        0 => jpeg_with([(markers::APP1, headed)]),
        1 => png_with([PngChunk::new(*b"eXIf", block.into())]),
        2 => png_with([PngChunk::new(*b"eXIf", headed.into())]),
        3 => webp_with(Some(block), []),
        4 => webp_with(Some(headed), []),
        5 => png_with([text_chunk(text, "Raw profile type exif", &hexadecimal("exif", &headed))]),
        6 => png_with([text_chunk(text, "Raw profile type APP1", &hexadecimal("APP1", &headed))]),
        _ => png_with([text_chunk(text, "raw profile type EXIF", &hexadecimal("exif", &block))]),
    }
}
const EXIF_CONTAINERS: usize = 8;

fn text_kind() -> impl Strategy<Value = TextKind> {
    use TextKind::*;
    prop::sample::select(vec![Plain, Compressed, International, InternationalCompressed])
}

proptest! {
    #[test]
    fn no_preview_in_exif_is_saved_and_all_else_is(
        places in prop::sample::subsequence(EXIF_PLACES.to_vec(), 1..4),
        little: bool, seed: u32, length in 400usize..3000, container in 0..EXIF_CONTAINERS, text in text_kind(),
    ) {
        let marker = Marker::new(seed, length);
        let file = with_exif(container, text, exif_with(&places, &marker, little));
        for file in clean(&format!("{places:?}"), &file, &marker) {
            let block = Source::inspect(&file).metadata.exif.expect("it is still there");
            prop_assert!(has(&block, ARTIST) && has(&block, b"2024:05:06 07:08:09\0"));
            prop_assert!(has(&block, b"Maker's note \0 begins") && has(&block, b"and ends"));
            let long = |number: u32| if little { number.to_le_bytes() } else { number.to_be_bytes() };
            prop_assert!(has(&block, &LATITUDE.map(long).concat()));
        }
    }

    #[test]
    fn no_preview_in_a_pngs_chunks_is_saved(
        seed: u32, length in 400usize..3000, text in text_kind(), copies in 1usize..3,
    ) {
        let marker = Marker::new(seed, length);
        let (jpeg, letters) = (&marker.jpeg, base64(&marker.jpeg));
        let lines: Vec<&[u8]> = letters.chunks(76).collect();
        let image_magick = |name: &str, data: &[u8]| (format!("Raw profile type {name}"), hexadecimal(name, data));
        let texts = [
            image_magick("8bim", &photoshop_with(&marker, 1036)),
            image_magick("8BIM", &photoshop_with(&marker, 1033)),
            image_magick("iptc", &photoshop_with(&marker, 1058)),
            image_magick("iptc", &iptc_with(&marker)),
            image_magick("xmp", &xmp_with(&marker)),
            image_magick("APP1", &[b"http://ns.adobe.com/xap/1.0/\0", &xmp_with(&marker)[..]].concat()),
            image_magick("generic", jpeg),
            ("XML:com.adobe.xmp".into(), xmp_with(&marker)),
            ("Metadata".into(), xmp_with(&marker)),
            ("Thumb::Image".into(), letters.clone()),
            ("Thumbnail".into(), lines.join(&b'\n')),
            ("Preview picture".into(), lines.join(&b"\r\n"[..])),
            ("Comment".into(), [b"data:image/jpeg;base64,", &letters[..]].concat()),
            ("workflow".into(), [b"{\"seed\": 7, \"image\": \"", &lines.join(&b"\\n"[..])[..], b"\"}"].concat()),
            ("Comment".into(), jpeg.clone()),
        ];
        let pictures = pictures(&marker.pixels).into_iter().map(|(_, picture)| ("Comment".into(), picture));
        let texts: Vec<(String, Vec<u8>)> = texts.into_iter().chain(pictures).collect();
        for (keyword, content) in texts {
            let chunk = text_chunk(text, &keyword, &content);
            let title = text_chunk(text, "Title", b"A cat");
            let file = png_with(vec![chunk; copies].into_iter().chain([title.clone()]));
            let png = &clean(&keyword, &file, &marker)[0];
            let kept = Source::inspect(png).metadata.png_chunks;
            prop_assert_eq!(kept.last(), Some(&(title.kind(), title.contents().to_vec())));
        }
    }

    #[test]
    fn broken_exif_is_survived_and_never_grows(
        places in prop::sample::subsequence(EXIF_PLACES.to_vec(), 0..5), little: bool,
        broken in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..30), cut: prop::sample::Index,
    ) {
        let mut block = exif_with(&places, &Marker::new(7, 400), little);
        for (at, byte) in broken {
            // Most of what can go wrong stands in the directories.
            let at = at.index(block.len());
            block[at] = byte;
        }
        let length = block.len();
        for block in [block[..cut.index(length)].to_vec(), block] {
            prop_assert!(exif::cleaned(block).is_none_or(|cleaned| cleaned.len() <= length));
        }
    }

    #[test]
    fn broken_texts_are_survived(kind in text_kind(), raw: bool, contents: Vec<u8>) {
        let keyword = if raw { "Raw profile type exif" } else { "" };
        let chunk = PngChunk::new(text_chunk(kind, "", b"").kind(), Bytes::from([keyword.as_bytes(), &contents].concat()));
        saved(&png_with([chunk]));
    }
}

#[test]
fn nothing_else_of_a_file_is_saved() {
    let marker = Marker::new(3, 900);
    let (jpeg, raw) = (marker.jpeg.clone(), marker.pixels.clone());
    let segment = |marker: u8, head: &[u8], data: &[u8]| (marker, [head, data].concat());
    let exif = exif_with(&[ExifPlace::Ifd1Jpeg], &marker, true);
    let segments = [
        segment(markers::APP0, b"JFIF\0\x01\x02\x01\x01\x2C\x01\x2C\x10\x10", &raw),
        segment(markers::APP0, b"JFXX\0\x10", &jpeg),
        segment(markers::APP0, b"JFXX\0\x13\x10\x10", &raw),
        segment(markers::APP1, b"http://ns.adobe.com/xap/1.0/\0", &xmp_with(&marker)),
        segment(markers::APP1, b"http://ns.adobe.com/xmp/extension/\0", &xmp_with(&marker)),
        segment(markers::APP2, b"MPF\0", &jpeg),
        segment(markers::APP2, b"FPXR\0", &raw),
        segment(markers::APP13, b"Photoshop 3.0\0", &photoshop_with(&marker, 1036)),
        segment(markers::COM, b"", &base64(&jpeg)),
    ];
    for (kind, data) in segments {
        let what = format!("segment {kind:x} {:?}", String::from_utf8_lossy(&data[..5]));
        clean(&what, &jpeg_with([(kind, data.clone()), (kind, data)]), &marker);
    }
    let head = [b"Exif\0\0", &exif[..]].concat();
    clean("Exif twice", &jpeg_with([(markers::APP1, head.clone()), (markers::APP1, head)]), &marker);
    // The second picture of a Multi-Picture file, and a gain map.
    clean("after the end of a JPEG", &[jpeg_with([]), jpeg.clone(), jpeg.clone()].concat(), &marker);

    let exif_chunk = PngChunk::new(*b"eXIf", exif.clone().into());
    clean("eXIf twice", &png_with([exif_chunk.clone(), exif_chunk]), &marker);
    clean("after the end of a PNG", &[png_with([]), jpeg.clone()].concat(), &marker);
    for kind in [*b"prVW", *b"mkBT", *b"pHYs", *b"tIME", *b"gAMA"] {
        clean("another chunk of a PNG", &png_with([PngChunk::new(kind, raw.clone().into())]), &marker);
    }
    for kind in [*b"XMP ", *b"EXIF", *b"prvw"] {
        let data = if kind == *b"EXIF" { exif.clone() } else { xmp_with(&marker) };
        clean("another chunk of a WebP", &webp_with(Some(exif.clone()), [(kind, data)]), &marker);
    }
    clean("after the end of a WebP", &[webp_with(None, []), jpeg.clone()].concat(), &marker);
    let gif = [b"GIF89a\x01\0\x01\0\0\0\0\x21\xFE\xFF", &jpeg[..]].concat();
    clean("a GIF", &gif, &marker);
    let avif = [b"\0\0\0\x1CftypavifExif\0\0", &exif[..]].concat();
    clean("an AVIF", &avif, &marker);
}

#[test]
fn resources_and_iptc_keep_what_is_no_preview() {
    let marker = Marker::new(11, 40_000);
    for (name, data) in [("8bim", photoshop_with(&marker, 1036)), ("iptc", iptc_with(&marker))] {
        let text = hexadecimal(name, &data);
        let file = png_with([text_chunk(TextKind::Compressed, &format!("Raw profile type {name}"), &text)]);
        let saved = &clean(name, &file, &marker)[0];
        let chunks = Source::inspect(saved).metadata.png_chunks;
        let zlib = chunks[0].1.iter().position(|byte| *byte == 0).unwrap() + 2;
        let now = String::from_utf8(decompress_to_vec_zlib(&chunks[0].1[zlib..]).unwrap()).unwrap();
        let was = String::from_utf8(text).unwrap();
        assert_eq!(now.len(), was.len());
        // "A hat", the caption.
        assert!(now.replace('\n', "").contains("1c027800054120686174"));
        let changed = now.bytes().zip(was.bytes()).filter(|(now, was)| now != was);
        assert!(changed.clone().all(|(now, _)| now == b'0') && changed.count() > 60_000);
    }
    // A colour profile stays to the byte.
    let profile = [&[7; 36], &b"acsp"[..], &marker.jpeg[..300]].concat();
    let chunk = text_chunk(TextKind::Plain, "Raw profile type icc", &hexadecimal("icc", &profile));
    let kept = Source::inspect(&png_with([chunk.clone()])).metadata.png_chunks;
    assert_eq!(kept, [(chunk.kind(), chunk.contents().to_vec())]);
}

#[test]
fn local_paths_are_not_saved_and_addresses_are() {
    let texts = [
        ("Thumb::URI", "file:///home/ada/hat.png", None),
        ("svg:base-uri", "file:///C:/Users/Ada/hat.svg", Some("")),
        ("Comment", "from /home/ada lovelace/hat.png, seed 7", Some("from , seed 7")),
        (
            "Comment",
            "{\"image\": \"C:\\\\Users\\\\Ada\\\\hat.png\", \"seed\": 7}",
            Some("{\"image\": \"\", \"seed\": 7}"),
        ),
        ("Comment", "(/Users/ada/hat.png", Some("(")),
        ("Source", "https://example.org/home/hats?Users/7", Some("https://example.org/home/hats?Users/7")),
        ("Software", "profile:/x", Some("profile:/x")),
    ];
    for (keyword, text, expected) in texts {
        let kept =
            Source::inspect(&png_with([text_chunk(TextKind::Plain, keyword, text.as_bytes())])).metadata.png_chunks;
        let kept = kept.first().map(|(_, text)| String::from_utf8(text[keyword.len() + 1..].to_vec()).unwrap());
        let without_blanks = |text: &str| text.replace(' ', "");
        assert_eq!(kept.as_deref().map(without_blanks), expected.map(without_blanks), "{keyword}: {text}");
    }
    let mut tiff = Tiff::new(false);
    let path = tiff.value(0x010D, 2, b"/home/ada/hat.tif\0");
    let first = tiff.directory(&[path], 0);
    assert!(!has(&exif::cleaned(tiff.block(first)).unwrap(), b"ada"));
}

#[test]
fn paths_go_from_every_part_of_a_text_chunk() {
    use TextKind::*;
    for kind in [Plain, Compressed, International, InternationalCompressed] {
        for (keyword, text, is_kept) in [
            ("Comment", r"seed 7, D:\Fotos\ada.jpg", true),
            ("Comment", r"seed 7, \\server\ada", true),
            ("Source", "seed 7, /mnt/c/ada.jpg", true),
            ("C:/Temp/ada.jpg", "seed 7", false),
        ] {
            let png = saved(&png_with([text_chunk(kind, keyword, text.as_bytes())]))[0].clone();
            let kept = Source::inspect(&png).metadata.png_chunks;
            assert_eq!(kept.len(), usize::from(is_kept), "{kind:?}: {keyword}");
            for (_, contents) in kept {
                let texts = (0..contents.len()).filter_map(|at| decompress_to_vec_zlib(&contents[at..]).ok());
                let texts: Vec<u8> = texts.chain([contents.clone()]).flatten().collect();
                assert!(has(&texts, b"seed 7") && !has(&texts, b"ada"), "{kind:?}: {keyword}");
            }
        }
    }
    // The translated keyword.
    let chunk = PngChunk::new(*b"iTXt", Bytes::from_static(b"Title\0\0\0en\0C:/Temp/ada.jpg\0A cat"));
    let kept = Source::inspect(&png_with([chunk])).metadata.png_chunks;
    assert!(has(&kept[0].1, b"\0A cat") && !has(&kept[0].1, b"ada"));
}

#[test]
fn texts_and_exif_without_previews_stay_as_they_are() {
    let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let words: String = (0..200).map(|word| format!("word{word}\n")).collect();
    let texts = [
        ("parameters", format!("a hat, Steps: 20, Model hash: {hash}")),
        ("Description", words),
        ("Copyright", "© Ada Lovelace, 1843. Alle Rechte vorbehalten".into()),
    ];
    for kind in [TextKind::Plain, TextKind::Compressed, TextKind::International, TextKind::InternationalCompressed] {
        let chunks: Vec<_> = texts.iter().map(|(keyword, text)| text_chunk(kind, keyword, text.as_bytes())).collect();
        let kept = Source::inspect(&png_with(chunks.clone())).metadata.png_chunks;
        assert_eq!(kept, chunks.iter().map(|c| (c.kind(), c.contents().to_vec())).collect::<Vec<_>>(), "{kind:?}");
    }
    for little in [true, false] {
        let block = exif_with(&[], &Marker::new(1, 100), little);
        let cleaned = exif::cleaned(block.clone()).unwrap();
        assert_eq!(cleaned.len(), block.len());
        let changed: Vec<_> = (0..block.len()).filter(|at| cleaned[*at] != block[*at]).collect();
        assert_eq!(changed.len(), 1, "only the orientation");
        assert_eq!((block[changed[0]], cleaned[changed[0]]), (6, 1));
    }
}

#[test]
fn directories_in_circles_and_large_ones_end_soon() {
    let began = Instant::now();
    let (length, entries) = (4 << 20, u32::from(u16::MAX));
    // Every entry claims nearly all of the block, and many lead to directories: these among each other, and outside.
    let mut tiff = Tiff::new(true);
    let start = 8;
    let directory: Vec<Entry> = (0..entries)
        .map(|i| match i % 4 {
            0 => (0x8769, 4, 1, start + (i % 64) * 2),
            1 => (0x8825, 4, 1, length - 1 + i),
            _ => (0x927C, 7, length - 16 - i, 16),
        })
        .collect();
    tiff.directory(&directory, start);
    tiff.data.resize(length as usize, b'8');
    exif::cleaned(tiff.block(start)).unwrap();
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[test]
fn files_of_other_programs_are_saved_without_their_previews() {
    let files: [&[u8]; 4] = [
        include_bytes!("../../tests/fixtures/previews/raw-8bim.png"),
        include_bytes!("../../tests/fixtures/previews/raw-app1.png"),
        include_bytes!("../../tests/fixtures/previews/raw-exif.png"),
        include_bytes!("../../tests/fixtures/previews/thumb-itxt.png"),
    ];
    for file in files {
        let png = Png::from_bytes(file.to_vec().into()).unwrap();
        let text = png.chunks()[1].contents();
        let zlib = text.iter().position(|byte| *byte == 0).unwrap() + 2;
        // The first three have their preview compressed and in hexadecimal, the last one in base 64.
        let preview = decompress_to_vec_zlib(&text[zlib..]).unwrap_or_else(|_| text.to_vec());
        let lines = preview.split(|byte| *byte == b'\n').flat_map(|line| line.chunks_exact(48));
        let pieces: Vec<&[u8]> = lines.skip(8).filter(|piece| piece.iter().any(|byte| *byte != b'0')).collect();
        assert!(pieces.len() > 80);
        for saved in saved(file) {
            let mut places = vec![saved.clone()];
            if let Ok(png) = Png::from_bytes(saved.into()) {
                places
                    .extend(png.chunks().iter().filter_map(|c| decompress_to_vec_zlib(c.contents().get(zlib..)?).ok()));
            }
            for piece in &pieces {
                assert!(!places.iter().any(|place| has(place, piece)), "{}", String::from_utf8_lossy(piece));
            }
        }
    }
}

#[test]
fn a_jpegs_density_stays_and_exif_that_does_not_fit_is_left_out() {
    for (unit, x, y) in [(1u8, 300u16, 72u16), (2, 118, 118), (0, 4, 3)] {
        let head = [b"JFIF\0\x01\x01", &[unit][..], &x.to_be_bytes(), &y.to_be_bytes(), &[0, 0]].concat();
        let mut jpeg = Jpeg::from_bytes(jpeg_with([]).into()).unwrap();
        jpeg.segments_mut()[0] = JpegSegment::new_with_contents(markers::APP0, head.into());
        let again = saved(&jpeg.encoder().bytes())[1].clone();
        assert_eq!(again[13..18], [&[unit][..], &x.to_be_bytes(), &y.to_be_bytes()].concat());
    }
    let mut tiff = Tiff::new(true);
    let long = tiff.value(0x927C, 7, &noise(5, 70_000));
    let first = tiff.directory(&[long], 0);
    let [png, jpeg, webp] = saved(&png_with([PngChunk::new(*b"eXIf", tiff.block(first).into())]));
    let has_exif = |file: &[u8]| Source::inspect(file).metadata.exif.is_some();
    assert_eq!([png, jpeg, webp].map(|file| has_exif(&file)), [true, false, true]);
}

#[test]
fn what_inflates_beyond_its_limit_is_left_out() {
    let stream = compress_to_vec_zlib(&[7; 100_000], 6);
    for limit in [0, 1, 16_383, 16_384, 16_385, 99_999] {
        assert_eq!(png_text::inflated(&stream, limit), None, "{limit}");
    }
    assert_eq!(png_text::inflated(&stream, 100_000), Some(vec![7; 100_000]));
    assert_eq!(png_text::inflated(&stream[..stream.len() - 9], 1 << 20), None, "it is cut off");
    let profile = |length: usize| {
        let mut profile = vec![0; length];
        profile[16..20].copy_from_slice(b"RGB ");
        let contents = [b"name\0\0", &compress_to_vec_zlib(&profile, 6)[..]].concat();
        Source::inspect(&png_with([PngChunk::new(*b"iCCP", contents.into())])).metadata.icc.map(|icc| icc.len())
    };
    assert_eq!((profile(3000), profile(4 << 20), profile((4 << 20) + 1)), (Some(3000), Some(4 << 20), None));
}
