//! Headers of every format, honest ones and others.

use super::svg::{DEPTH, largest};
use super::{MAX_PIXELS, MAX_SIDE, Sides, check, check_drawing, foreign, of};
use crate::protocol::Failure;
use proptest::prelude::*;
use std::path::Path;

/// Above the limit: 484 megapixels.
const HUGE: Sides = (22_000, 22_000);

fn be(number: u32) -> [u8; 4] {
    number.to_be_bytes()
}

fn le(number: u32) -> [u8; 4] {
    number.to_le_bytes()
}

fn be16(number: u32) -> [u8; 2] {
    (number as u16).to_be_bytes()
}

fn le16(number: u32) -> [u8; 2] {
    (number as u16).to_le_bytes()
}

fn png((width, height): Sides) -> Vec<u8> {
    [&b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"[..], &be(width), &be(height), &[8, 6, 0, 0, 0, 0, 0, 0, 0]].concat()
}

/// A JPEG whose frame header has a marker of its own kind and stands behind `before`.
fn jpeg((width, height): Sides, marker: u8, before: &[u8]) -> Vec<u8> {
    let frame = [&[0xFF, marker, 0, 17, 8][..], &be16(height), &be16(width), &[3; 10]].concat();
    [&[0xFF, 0xD8], before, &frame, &[0xFF, 0xDA, 0, 2]].concat()
}

fn segment(marker: u8, length: usize) -> Vec<u8> {
    [&[0xFF, marker][..], &be16(length as u32 + 2), &vec![0xD8; length]].concat()
}

/// A GIF with a screen, and a frame at a place.
fn gif(screen: Sides, at: Sides, frame: Sides) -> Vec<u8> {
    let shorts = |numbers: [u32; 4]| numbers.map(le16).concat();
    let screen = [le16(screen.0), le16(screen.1)].concat();
    let palette = [9; 12];
    let comment = b"!\xFE\x05hello\0!\xF9\x04\0\0\0\0\0";
    [&b"GIF89a"[..], &screen, &[0x81, 0, 0], &palette, comment, b",", &shorts([at.0, at.1, frame.0, frame.1]), &[0; 9]]
        .concat()
}

fn webp(chunk: &[u8; 4], contents: &[u8]) -> Vec<u8> {
    [&b"RIFF\0\0\0\0WEBP"[..], chunk, &le(contents.len() as u32), contents].concat()
}

fn webp_extended((width, height): Sides) -> Vec<u8> {
    webp(b"VP8X", &[&[0; 4], &le(width - 1)[..3], &le(height - 1)[..3]].concat())
}

fn bmp_header((width, height): (i32, i32)) -> Vec<u8> {
    [&le(40)[..], &width.to_le_bytes(), &height.to_le_bytes(), &[1, 0, 32, 0], &[0; 24]].concat()
}

fn bmp(header: &[u8]) -> Vec<u8> {
    [&b"BM"[..], &[0; 12], header].concat()
}

/// An icon with these pictures, which the directory says to be of 16 x 16 pixels.
fn icon(pictures: &[Vec<u8>]) -> Vec<u8> {
    let mut file = [&[0, 0, 1, 0][..], &le16(pictures.len() as u32)].concat();
    let mut at = 6 + 16 * pictures.len();
    for picture in pictures {
        file.extend([&[16, 16, 0, 0, 1, 0, 32, 0][..], &le(picture.len() as u32), &le(at as u32)].concat());
        at += picture.len();
    }
    [file, pictures.concat()].concat()
}

fn tiff((width, height): Sides, little: bool) -> Vec<u8> {
    let long = |number: u32| if little { le(number) } else { be(number) };
    let short = |number: u32| if little { le16(number) } else { be16(number) };
    let entry = |tag, value: u32| [&short(tag)[..], &short(4), &long(1), &long(value)].concat();
    let magic = if little { b"II\x2a\0" } else { b"MM\0\x2a" };
    [&magic[..], &long(8), &short(3), &entry(254, 0), &entry(256, width), &entry(257, height), &long(0)].concat()
}

fn boxed(kind: &[u8; 4], contents: &[u8]) -> Vec<u8> {
    [&be(contents.len() as u32 + 8)[..], kind, contents].concat()
}

/// The item properties that state sizes, in the boxes around them.
fn heif_meta(sizes: &[Sides]) -> Vec<u8> {
    let size = |(width, height): &Sides| boxed(b"ispe", &[[0; 4], be(*width), be(*height)].concat());
    let properties = [boxed(b"av1C", &[0; 4]), sizes.iter().flat_map(size).collect(), boxed(b"irot", &[1])].concat();
    let contents = [boxed(b"hdlr", &[0; 20]), boxed(b"iprp", &boxed(b"ipco", &properties))].concat();
    boxed(b"meta", &[&[0; 4], &contents[..]].concat())
}

fn heif(brand: &[u8; 4], boxes: &[Vec<u8>]) -> Vec<u8> {
    [boxed(b"ftyp", &[&brand[..], &[0; 4], b"mif1avis"].concat()), boxes.concat()].concat()
}

fn track((width, height): Sides) -> Vec<u8> {
    let header = [&[0; 76][..], &be(width << 16), &be(height << 16)].concat();
    boxed(b"moov", &boxed(b"trak", &boxed(b"tkhd", &header)))
}

/// A bare JPEG XL codestream of up to 64 bits, given as numbers and how many bits each takes.
fn jxl(fields: &[(u64, u32)]) -> Vec<u8> {
    let (mut bits, mut at) = (0_u64, 0);
    for (number, count) in fields {
        bits |= number << at;
        at += count;
    }
    [&[0xFF, 0x0A][..], &bits.to_le_bytes()].concat()
}

/// Every format, in every form, of one size.
fn files(size: Sides) -> Vec<(&'static str, Vec<u8>)> {
    let (width, height) = size;
    let metadata = [segment(0xE1, 60_000), vec![0xFF; 3], segment(0xC4, 30), segment(0xDB, 65)].concat();
    let (signed, upside_down) = ((width as i32, height as i32), (width as i32, -(height as i32)));
    let mut files = vec![
        ("PNG", png(size)),
        ("JPEG", jpeg(size, 0xC0, &[])),
        ("JPEG, progressive, behind metadata and fill bytes", jpeg(size, 0xC2, &metadata)),
        ("JPEG, with bytes between its segments", jpeg(size, 0xC1, &[0, 1, 2, 0xFF, 0])),
        ("GIF", gif(size, (0, 0), size)),
        ("GIF with a frame out of its screen", gif((1, 1), (7, 9), (width - 7, height - 9))),
        ("WebP, extended", webp_extended(size)),
        ("BMP", bmp(&bmp_header(signed))),
        ("BMP from top to bottom", bmp(&bmp_header(upside_down))),
        ("BMP of OS/2", bmp(&[&le(12)[..], &le16(width), &le16(height), &[0; 4]].concat())),
        ("TIFF, little-endian", tiff(size, true)),
        ("TIFF, big-endian", tiff(size, false)),
        ("AVIF", heif(b"avif", &[heif_meta(&[size])])),
        ("AVIF, a grid of tiles", heif(b"avif", &[heif_meta(&[(64, 64), size, (64, 64)])])),
        ("AVIF, header behind pixels", heif(b"avif", &[boxed(b"mdat", &[7; 99]), heif_meta(&[size])])),
        ("AVIF, boxes to the end", {
            let mut file = heif(b"avif", &[heif_meta(&[size])]);
            file[24..28].fill(0);
            file
        }),
        ("AVIF sequence", heif(b"avis", &[heif_meta(&[(4, 4)]), track(size)])),
        ("HEIC", heif(b"heic", &[heif_meta(&[size])])),
        ("JPEG XL", jxl(&[(0, 1), (2, 2), (u64::from(height) - 1, 18), (0, 3), (2, 2), (u64::from(width) - 1, 18)])),
    ];
    if width < 16_384 && height < 16_384 {
        let lossless = [&[0x2F][..], &le((width - 1) | ((height - 1) << 14)), &[0; 5]].concat();
        files.push(("WebP, lossless", webp(b"VP8L", &lossless)));
        let lossy = [&[0, 0, 0, 0x9D, 1, 0x2A][..], &le16(width | 0x4000), &le16(height | 0x8000)].concat();
        files.push(("WebP, lossy", webp(b"VP8 ", &lossy)));
    }
    files
}

#[test]
fn every_format_tells_its_size() {
    for size in [(320, 240), (1_000, 16_000), (22_000, 22_001), (65_535, 300)] {
        for (name, file) in files(size) {
            assert_eq!(of(&file), Some(size), "{name}");
        }
    }
}

#[test]
fn what_browsers_may_not_open_has_a_name() {
    for (name, file) in files((320, 240)) {
        let known = ["TIFF", "HEIC", "JPEG XL"].into_iter().find(|format| name.starts_with(format));
        assert_eq!(foreign(&file), known, "{name}");
        for length in 0..file.len().min(16) {
            assert!(foreign(&file[..length]).is_none_or(|format| Some(format) == known), "{name}, cut at {length}");
        }
    }
    let general = |brands: &[u8]| boxed(b"ftyp", &[b"mif1\0\0\0\0", brands].concat());
    assert_eq!(foreign(&general(b"mif1heic")), Some("HEIC"));
    assert_eq!(foreign(&general(b"mif1heicavif")), None);
    assert_eq!(foreign(&general(b"mif1")), None);
}

#[test]
fn pictures_as_browsers_know_them_tell_their_sizes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/pages/pictures/test");
    for (name, size) in [
        ("animated.gif", (160, 120)),
        ("animated.webp", (320, 240)),
        ("cut.jpg", (320, 240)),
        ("none.png", (0, 0)),
        ("sand-2x.jpg", (640, 480)),
        ("sand.webp", (320, 240)),
        ("soft.webp", (240, 180)),
        ("still.avif", (320, 240)),
        ("turned.jpg", (320, 240)),
        ("wide.png", (20_000, 40)),
    ] {
        let file = std::fs::read(folder.join(name)).expect("the picture is there");
        assert_eq!(of(&file), Some(size), "{name}");
    }
}

#[test]
fn a_beginning_of_a_file_tells_the_same_or_nothing() {
    for (name, file) in files((4_321, 1_234)) {
        for length in (0..file.len()).rev().take(400) {
            assert!(matches!(of(&file[..length]), None | Some((4_321, 1_234))), "{name}, {length} bytes");
        }
    }
}

#[test]
fn an_icon_is_as_large_as_what_is_inside() {
    assert_eq!(of(&icon(&[bmp_header((16, 32)), png((48, 48))])), Some((48, 48)));
    assert_eq!(of(&icon(&[png((8, 8)), png(HUGE)])), Some(HUGE));
    assert_eq!(of(&icon(&[bmp_header((22_000, 44_000)), png((8, 8))])), Some(HUGE));
    let mut cursor = icon(&[png((8, 8))]);
    cursor[2] = 2;
    // The directory's 0 stands for 256.
    cursor[6..8].fill(0);
    assert_eq!(of(&cursor), Some((256, 256)));
}

#[test]
fn jpeg_xl_is_read_in_all_its_ways() {
    // Small sides count in eights; the ratio 7 is 2:1.
    assert_eq!(of(&jxl(&[(1, 1), (4, 5), (7, 3)])), Some((80, 40)));
    assert_eq!(of(&jxl(&[(1, 1), (4, 5), (0, 3), (9, 5)])), Some((80, 40)));
    let stream = jxl(&[(0, 1), (3, 2), ((1 << 30) - 1, 30), (1, 3)]);
    assert_eq!(of(&stream), Some((1 << 30, 1 << 30)));
    let signature = boxed(b"JXL ", b"\r\n\x87\n");
    for (kind, before) in [(b"jxlc", &[][..]), (b"jxlp", &[0; 4])] {
        let parts = [signature.clone(), boxed(b"ftyp", b"jxl \0\0\0\0"), boxed(kind, &[before, &stream].concat())];
        assert_eq!(of(&parts.concat()), Some((1 << 30, 1 << 30)));
    }
}

#[test]
fn what_a_drawing_embeds_is_found_however_it_is_written() {
    let base64 = |bytes: &[u8]| {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let letters = |three: &[u8]| {
            let bits = three.iter().chain(&[0; 2]).take(3).fold(0, |bits, byte| bits << 8 | usize::from(*byte));
            [18, 12, 6, 0].map(|shift| char::from(LETTERS[bits >> shift & 63]))
        };
        bytes.chunks(3).flat_map(letters).collect::<String>()
    };
    let escaped: String = png(HUGE).iter().map(|byte| format!("%{byte:02x}")).collect();
    let broken = base64(&png(HUGE))
        .as_bytes()
        .chunks(20)
        .fold(String::new(), |text, line| text + std::str::from_utf8(line).expect("ASCII") + "\n    ");
    let plain = format!("<image href=\"data:image/png;base64,{}\"/>", base64(&png(HUGE)));
    for svg in [
        plain.clone(),
        format!("<style>a {{ background: url(DATA:image/PNG;BASE64,{broken}) }}</style>"),
        format!("<feImage href='data:image/png,{escaped}'/>"),
        format!("<image href='data:image/png;base64,{}'/>{plain}", base64(&png((3, 4)))),
        format!("<image href='data:image/svg+xml;base64,{}'/>", base64(plain.as_bytes())),
        format!("<image href='data:;base64,{}'/>", base64(&png(HUGE))),
        format!("<image href='data:application/octet-stream;base64,{}'/>", base64(&png(HUGE))),
        format!("<image href='data:text/css,@import url(data:image/png,{})'/>", escaped.replace('%', "%25")),
    ] {
        assert_eq!(largest(svg.as_bytes(), DEPTH), HUGE, "{svg}");
        assert_eq!(check_drawing(svg.as_bytes()), check(HUGE));
    }
    let data = base64(&png(HUGE));
    for svg in [
        format!("<img src='&#100;ata:image/png;base64,{data}'/>"),
        format!("<img src='&#x64;&#97;ta&#x3A;image/png;base64,{data}' srcset='data&#58;;base64,{data} 2x'/>"),
        format!("<!DOCTYPE svg [<!ENTITY d \"data:image\">]><svg><img src='&d;/png;base64,{data}'/></svg>"),
        format!(
            "<!DOCTYPE svg [<!ENTITY d 'da'><!ENTITY d 'xx'>]><svg><img src='&d;ta:,&#10;' alt='&d;ta:;base64,{data}'/></svg>"
        ),
        format!("<img src='da&#9;t&#10;a:image/png;base64,{data}'/>"),
        format!("<p style=\"background: url('\\64 ata:image/png;base64,{data}')\"/>"),
        format!("<style>p {{ background: url('\\000064\\61\\74 a:;base64,{data}') }}</style>"),
        format!("<style>p {{ content: url(\"da\\ta:;base64,{data}\") }}</style>"),
        format!("<style>p {{ content: url(\"da\\\nta:;base64,{data}\") }}</style>"),
        format!("<svg><style>p {{ content: url(&quot;&#92;64 ata:;base64,{data}&quot;) }}</style></svg>"),
    ] {
        assert_eq!(check_drawing(svg.as_bytes()), check(HUGE), "{svg}");
    }
    for svg in ["<svg width='99999999'/>", "data:image/", "data:image/png;base64,", "data:image/png,%8"] {
        assert_eq!(largest(svg.as_bytes(), DEPTH), (0, 0), "{svg}");
        assert_eq!(check_drawing(svg.as_bytes()), Ok(()));
    }
}

#[test]
fn a_drawing_may_repeat_itself_and_not_without_end() {
    let level = |tag: &str, href: &str, i: u32| {
        format!("<g id='u{}'>{}</g>", i + 1, format!("<{tag} {href}=\"#u{i}\" title='a>b'/>").repeat(10))
    };
    let drawing = |levels: u32, tag: &str, href: &str| {
        let groups: String = (0..levels).map(|i| level(tag, href, i)).collect();
        format!(
            "<?xml version='1.0'?><!-- <g id='u0'> --><svg><g id='u0'><path d=''/></g>{groups}<use href='#u{levels}'/></svg>"
        )
    };
    for (tag, href) in [("use", "href"), ("svg:use", "xlink:href")] {
        assert_eq!(check_drawing(drawing(4, tag, href).as_bytes()), Ok(()), "10 000 paths");
        let endless = check_drawing(drawing(9, tag, href).as_bytes());
        assert!(matches!(endless, Err(Failure::Undecodable { .. })), "a billion paths");
    }
    // What a reader of the text alone would miss.
    for veiled in [
        "<svg><g id='&#97;'/><use href='#a'/></svg>",
        "<svg><g id='a'/><use href='&#35;a'/></svg>",
        "<svg><image href='data&#58;image/png;base64,AA'/></svg>",
        "<!DOCTYPE svg [<!ENTITY a \"<use href='#b'/>\">]><svg>&a;</svg>",
        "<!DOCTYPE svg [<!ENTITY a '&b;&b;'>]><svg>&a;</svg>",
        "<\0s\0v\0g\0/\0>\0",
    ] {
        assert!(matches!(check_drawing(veiled.as_bytes()), Err(Failure::Undecodable { .. })), "{veiled}");
    }
    for harmless in [
        "<!DOCTYPE svg [<!ENTITY ns_svg \"http://www.w3.org/2000/svg\">]><svg xmlns='&ns_svg;'/>",
        "<svg><a href='https://a.example/?b=1&amp;c=2'><path/></a></svg>",
        "<svg><g id='a'><use href='#b'/></g><g id='b'><use href='#a'/></g></svg>",
        "<svg><g id='a'><use href='#a'/></g></svg>",
        "</g></g><use href='#nowhere'/><a href=",
        "<svg><path id='p' d='M0 0'",
    ] {
        assert_eq!(check_drawing(harmless.as_bytes()), Ok(()), "{harmless}");
    }
    let deep: String = (0..100_000).map(|i| format!("<g id='u{i}'>")).collect();
    assert!(check_drawing(deep.as_bytes()).is_err());
}

#[test]
fn the_limit_is_on_pixels_and_sides() {
    for accepted in [(1, 1), (12_000, 10_000), (65_535, 1), (1, 65_535)] {
        assert_eq!(check(accepted), Ok(()));
    }
    for (width, height) in [HUGE, (12_000, 10_001), (65_536, 1), (1, u32::MAX), (u32::MAX, u32::MAX)] {
        assert_eq!(check((width, height)), Err(Failure::TooLarge { width, height }));
    }
    for empty in [(0, 0), (0, 7), (7, 0)] {
        assert_eq!(check(empty), Err(Failure::EmptyImage));
    }
    assert_eq!((MAX_PIXELS, MAX_SIDE), (120_000_000, 65_535));
}

proptest! {
    #[test]
    fn whatever_the_bytes_nothing_panics(
        which in 0_usize..21, at in any::<prop::sample::Index>(), bytes in prop::collection::vec(any::<u8>(), 0..40), cut in any::<prop::sample::Index>(),
    ) {
        let (_, mut file) = files((320, 240)).swap_remove(which);
        let at = at.index(file.len());
        file.splice(at..(at + bytes.len()).min(file.len()), bytes);
        file.truncate(cut.index(file.len() + 1));
        of(&file);
        let _ = check_drawing(&file);
    }

    #[test]
    fn deep_boxes_end_soon(depth in 0_usize..5_000) {
        let mut inner = heif_meta(&[(5, 5)]);
        for _ in 0..depth.min(500) {
            inner = boxed(b"moov", &inner);
        }
        of(&heif(b"avif", &[inner]));
    }
}
