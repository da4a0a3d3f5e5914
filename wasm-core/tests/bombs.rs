//! Files that inflate to much more than their header says: how much memory the codec takes for each, beside what is reported to the caller.

use img_parts::png::{Png, PngChunk};
use miniz_oxide::deflate::compress_to_vec_zlib;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use wasm_core::codec::{Metadata, Source, encode_png};
use wasm_core::pixels::Image;

/// Counts the bytes that are allocated, and the most that were at once.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(now, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that any file may take: profile, texts and Exif at their limits, and what decoders keep.
const ROOM: usize = 48 << 20;
/// Bytes for each pixel of the header: samples of 16 bits, and the picture.
const PER_PIXEL: usize = 12;
/// Bytes for each byte of the file: its metadata is copied once to be read, and once to be kept.
const PER_BYTE: usize = 3;

/// How a bomb ends.
#[derive(Debug, PartialEq)]
enum End {
    /// It is decoded, as a picture of this size.
    Decoded(u32, u32),
    /// It is refused.
    Refused,
    /// The browser decodes it, and its header has been checked before.
    LeftToTheBrowser,
}

use End::{Decoded, LeftToTheBrowser, Refused};

/// So many zeros, compressed.
fn inflating(megabytes: usize) -> Vec<u8> {
    compress_to_vec_zlib(&vec![0; megabytes << 20], 6)
}

/// A PNG of 8 x 8 pixels with further chunks.
fn png_with(chunks: Vec<([u8; 4], Vec<u8>)>) -> Vec<u8> {
    let picture = Image::new(8, 8, vec![200; 256]).expect("8 x 8");
    let file = encode_png(&picture, &Metadata::default(), true).expect("it is encoded");
    let mut png = Png::from_bytes(file.into()).expect("a PNG");
    let chunks = chunks.into_iter().map(|(kind, contents)| PngChunk::new(kind, contents.into()));
    png.chunks_mut().splice(1..1, chunks);
    png.encoder().bytes().to_vec()
}

/// A PNG that states a size and holds the data of other pixels, of 1 bit.
fn png_stating((width, height): (u32, u32), data: Vec<u8>) -> Vec<u8> {
    let mut png = Png::from_bytes(png_with(vec![]).into()).expect("a PNG");
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[1, 0, 0, 0, 0]].concat();
    let chunk = |kind: &[u8; 4], contents: Vec<u8>| PngChunk::new(*kind, contents.into());
    *png.chunks_mut() = vec![chunk(b"IHDR", header), chunk(b"IDAT", data), chunk(b"IEND", vec![])];
    png.encoder().bytes().to_vec()
}

/// A frame of a GIF at the corner of the screen, with data for 64 pixels.
fn gif_frame((width, height): (u16, u16)) -> Vec<u8> {
    // Codes of 3 bits: the table is cleared before each pixel. Then the end.
    let data = [[0x04, 0x41, 0x10].repeat(16), vec![5]].concat();
    let block = [&[2, data.len() as u8][..], &data, &[0]].concat();
    [&b",\0\0\0\0"[..], &width.to_le_bytes(), &height.to_le_bytes(), &[0], &block].concat()
}

fn gif((width, height): (u16, u16), blocks: &[u8]) -> Vec<u8> {
    let screen = [width.to_le_bytes(), height.to_le_bytes()].concat();
    [&b"GIF89a"[..], &screen, &[0x80, 0, 0, 255, 0, 0, 0, 0, 255], blocks, b";"].concat()
}

fn riff(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let chunk = |(kind, data): &(&[u8; 4], Vec<u8>)| {
        [&kind[..], &(data.len() as u32).to_le_bytes(), data, &vec![0; data.len() % 2]].concat()
    };
    let contents = [b"WEBP".to_vec(), chunks.iter().flat_map(chunk).collect()].concat();
    [&b"RIFF"[..], &(contents.len() as u32).to_le_bytes(), &contents].concat()
}

/// A lossless WebP picture of one colour.
fn vp8l(width: u32, height: u32) -> (&'static [u8; 4], Vec<u8>) {
    let bits = (width - 1) | (height - 1) << 14;
    (b"VP8L", [&[0x2F][..], &bits.to_le_bytes(), &[0x88, 0x88, 0x08, 0, 0, 0, 0, 0]].concat())
}

fn vp8x(features: u8, side: u32) -> (&'static [u8; 4], Vec<u8>) {
    let side = &(side - 1).to_le_bytes()[..3];
    (b"VP8X", [&[features, 0, 0, 0][..], side, side].concat())
}

/// A JPEG of 64 x 64 pixels with these segments in front of its frame.
fn jpeg_with(segments: impl Iterator<Item = (u8, Vec<u8>)>) -> Vec<u8> {
    let segment =
        |(marker, data): (u8, Vec<u8>)| [&[0xFF, marker][..], &(data.len() as u16 + 2).to_be_bytes(), &data].concat();
    let frame = (0xC0, vec![8, 0, 64, 0, 64, 1, 1, 0x11, 0]);
    let scan = (0xDA, vec![1, 1, 0, 0, 63, 0]);
    let all: Vec<u8> = segments.chain([frame, scan]).flat_map(segment).collect();
    [&[0xFF, 0xD8][..], &all, &[0; 64], &[0xFF, 0xD9]].concat()
}

/// A part of a colour profile of `parts` of 64 kB.
fn profile_part(part: u8, parts: u8) -> (u8, Vec<u8>) {
    (0xE2, [&b"ICC_PROFILE\0"[..], &[part, parts], &[1; 65_500]].concat())
}

fn bombs() -> Vec<(&'static str, Vec<u8>, End)> {
    let much = inflating(128);
    let profile = [&b"name\0\0"[..], &much].concat();
    let text = |zeros: &[u8]| [&b"Comment\0\0"[..], zeros].concat();
    let international = [&b"Comment\0\x01\0\0\0"[..], &much].concat();
    let tiny = |_| (*b"tEXt", b"Title\0A cat".to_vec());
    let frames = (0..5_000).flat_map(|_| gif_frame((8, 8))).collect::<Vec<_>>();
    let comment = [&b"!\xFE"[..], &[0xFF; 256].repeat(80_000), &[0]].concat();
    let xmp = [&b"!\xFF\x0BXMP DataXMP"[..], &[0xFF; 256].repeat(80_000), &[0]].concat();
    let small = (8, 8);
    vec![
        ("a PNG's profile of 128 MB", png_with(vec![(*b"iCCP", profile.clone())]), Decoded(8, 8)),
        ("a PNG's text of 128 MB", png_with(vec![(*b"zTXt", text(&much))]), Decoded(8, 8)),
        ("a PNG's international text of 128 MB", png_with(vec![(*b"iTXt", international)]), Decoded(8, 8)),
        ("a PNG's 100 texts of 4 MB", png_with(vec![(*b"zTXt", text(&inflating(4))); 100]), Decoded(8, 8)),
        ("a PNG's 100 000 texts", png_with((0..100_000).map(tiny).collect()), Decoded(8, 8)),
        ("a PNG's profile twice", png_with(vec![(*b"iCCP", profile.clone()), (*b"iCCP", profile)]), Decoded(8, 8)),
        ("a PNG's Exif of 64 MB", png_with(vec![(*b"eXIf", vec![0; 64 << 20])]), Decoded(8, 8)),
        ("a PNG that inflates to 128 MB", png_stating((8, 8), much), Decoded(8, 8)),
        ("a PNG with too little data", png_stating((9_000, 9_000), inflating(1)), Refused),
        ("a PNG of 22 000 x 22 000", png_stating((22_000, 22_000), inflating(58)), Refused),
        ("a PNG of 4 294 967 295 a side", png_stating((u32::MAX, u32::MAX), inflating(1)), Refused),
        ("a GIF's screen of 65 535 x 65 535", gif((65_535, 65_535), &gif_frame(small)), Refused),
        ("a GIF's frame of 65 535 x 65 535", gif((8, 8), &gif_frame((65_535, 65_535))), Refused),
        (
            "a GIF's second frame of 65 535 x 65 535",
            { gif(small, &[gif_frame(small), gif_frame((65_535, 65_535))].concat()) },
            Decoded(8, 8),
        ),
        ("a GIF of 5 000 frames", gif(small, &frames), Decoded(8, 8)),
        ("a GIF's comment of 20 MB", gif(small, &[comment, gif_frame(small)].concat()), Decoded(8, 8)),
        ("a GIF's XMP of 20 MB", gif(small, &[xmp, gif_frame(small)].concat()), Decoded(8, 8)),
        ("a WebP of 16 384 x 16 384", riff(&[vp8l(16_384, 16_384)]), Refused),
        (
            "a WebP's picture of 16 384 x 16 384 on a canvas of 8 x 8",
            riff(&[vp8x(0, 8), vp8l(16_384, 16_384)]),
            Refused,
        ),
        ("a WebP's profile of 64 MB", riff(&[vp8x(0x20, 8), (b"ICCP", vec![0; 64 << 20]), vp8l(8, 8)]), Decoded(8, 8)),
        ("a WebP's Exif of 64 MB", riff(&[vp8x(0x08, 8), vp8l(8, 8), (b"EXIF", vec![0; 64 << 20])]), Decoded(8, 8)),
        ("a WebP's XMP of 64 MB", riff(&[vp8x(0x04, 8), vp8l(8, 8), (b"XMP ", vec![0; 64 << 20])]), Decoded(8, 8)),
        ("a JPEG's profile of 16 MB", jpeg_with((1..=255).map(|part| profile_part(part, 255))), LeftToTheBrowser),
        ("a JPEG's profile without an end", jpeg_with((1..=3).map(|part| profile_part(part, 255))), LeftToTheBrowser),
        (
            "a JPEG's 100 000 segments",
            jpeg_with((0..100_000).map(|_| (0xE1, b"Exif\0\0MM\0*".to_vec()))),
            LeftToTheBrowser,
        ),
    ]
}

#[test]
fn no_file_takes_more_memory_than_its_header_warrants() {
    for (name, file, expected) in bombs() {
        let before = NOW.load(Ordering::Relaxed);
        MOST.store(before, Ordering::Relaxed);
        let source = Source::inspect(&file);
        let end = match source.decode(&file) {
            Ok(Some(image)) => Decoded(image.width(), image.height()),
            Ok(None) => LeftToTheBrowser,
            Err(_) => Refused,
        };
        assert_eq!(end, expected, "{name}");
        let kept = &source.metadata;
        assert!(kept.icc.as_ref().is_none_or(|icc| icc.len() <= 4 << 20), "{name}: its profile");
        assert!(kept.exif.as_ref().is_none_or(|exif| exif.len() <= 4 << 20), "{name}: its Exif");
        let most = MOST.load(Ordering::Relaxed) - before;
        let pixels = if let Decoded(width, height) = end { width as usize * height as usize } else { 0 };
        let warranted = ROOM + PER_PIXEL * pixels + PER_BYTE * file.len();
        assert!(most <= warranted, "{name}: {most} bytes, where {warranted} are warranted");
    }
}
