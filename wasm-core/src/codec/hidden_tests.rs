//! Pictures of every format in every value that Exif has room for, and paths in every notation and encoding: nothing of them stays, and all else does.

use super::exif;
use super::paths;
use std::time::{Duration, Instant};

/// Bytes without order, the pixels of all pictures here.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_F491_u32;
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 9) as u8
    };
    // No marker among them.
    (0..length).map(|_| byte().min(0xFE)).collect()
}

fn le(number: usize) -> [u8; 4] {
    (number as u32).to_le_bytes()
}

fn be(number: usize) -> [u8; 4] {
    (number as u32).to_be_bytes()
}

/// The pixels in a picture of each format.
pub(super) fn pictures(pixels: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let n = pixels.len();
    let jpeg = [
        &[0xFF, 0xD8, 0xFF, 0xDB, 0, 67, 0][..],
        &[16; 64],
        &[0xFF, 0xC0, 0, 11, 8, 0, 16, 0, 16, 1, 1, 0x11, 0, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0],
        pixels,
        &[0xFF, 0xD9],
    ];
    let png = [b"\x89PNG\r\n\x1A\n", &be(n)[..], b"IDAT", pixels, b"sums", &be(0), b"IEND", b"sums"];
    let webp = [b"RIFF", &le(n + 12)[..], b"WEBPVP8L", &le(n), pixels];
    let avif = [&be(16)[..], b"ftypavif\0\0\0\0", &be(n + 8), b"mdat", pixels];
    let jxl = [&b"\0\0\0\x0CJXL \r\n\x87\n"[..], &be(n + 8), b"jxlc", pixels];
    let blocks: Vec<u8> = pixels.chunks(200).flat_map(|block| [&[block.len() as u8], block].concat()).collect();
    let gif = [b"GIF89a\x08\0\x08\0\0\0\0\x2C\0\0\0\0\x08\0\x08\0\0\x08", &blocks[..], &[0, 0x3B]];
    let bmp = [b"BM", &le(54 + n)[..], &le(0), &le(54), &le(40), &[0; 36], pixels];
    vec![
        ("jpeg", jpeg.concat()),
        ("jpeg without its end", jpeg[..4].concat()),
        ("png", png.concat()),
        ("png without its end", png[..4].concat()),
        ("webp", webp.concat()),
        ("avif", avif.concat()),
        ("jxl", jxl.concat()),
        ("gif", gif.concat()),
        ("bmp", bmp.concat()),
        ("tiff, low byte first", tiff(pixels, true)),
        ("tiff, high byte first", tiff(pixels, false)),
    ]
}

/// A TIFF file with one strip.
fn tiff(pixels: &[u8], little: bool) -> Vec<u8> {
    let mut file = Writer::new(little);
    let entries = [file.entry(0x0111, 4, 1, 38), file.entry(0x0117, 4, 1, pixels.len())].concat();
    let head = if little { b"II\x2A\0" } else { b"MM\0\x2A" };
    file.data = [head, &file.long(8)[..], &file.short(2), &entries, &[0; 4], pixels].concat();
    file.data
}

struct Writer {
    little: bool,
    data: Vec<u8>,
}

impl Writer {
    fn new(little: bool) -> Self {
        Self { little, data: vec![] }
    }

    fn short(&self, number: usize) -> Vec<u8> {
        let bytes = number as u16;
        if self.little { bytes.to_le_bytes() } else { bytes.to_be_bytes() }.to_vec()
    }

    fn long(&self, number: usize) -> Vec<u8> {
        if self.little { le(number) } else { be(number) }.to_vec()
    }

    fn entry(&self, tag: usize, kind: usize, count: usize, value: usize) -> Vec<u8> {
        [self.short(tag), self.short(kind), self.long(count), self.long(value)].concat()
    }

    /// A directory that stands at an offset, and its values behind it.
    fn directory(&self, at: usize, values: &[(usize, usize, Vec<u8>)]) -> Vec<u8> {
        let (mut entries, mut behind) = (self.short(values.len()), vec![]);
        let end = at + 2 + 12 * values.len() + 4;
        for (tag, kind, value) in values {
            let count = if matches!(kind, 4) { value.len() / 4 } else { value.len() };
            if value.len() > 4 {
                entries.extend(self.entry(*tag, *kind, count, end + behind.len()));
                behind.extend(value);
                behind.resize(behind.len().next_multiple_of(2), 0);
            } else {
                entries.extend([self.short(*tag), self.short(*kind), self.long(count), value.clone()].concat());
                entries.resize(entries.len().next_multiple_of(2), 0);
            }
        }
        [entries, vec![0; 4], behind].concat()
    }

    /// A block with these values in the directory of Exif, and an artist.
    fn block(&self, values: &[(usize, usize, Vec<u8>)]) -> Vec<u8> {
        let head = if self.little { b"II\x2A\0" } else { b"MM\0\x2A" };
        let artist = (0x013B, 2, b"Ada Lovelace\0".to_vec());
        let length = self.directory(8, &[artist.clone(), (0x8769, 4, vec![0; 4])]).len();
        let first = self.directory(8, &[artist, (0x8769, 4, self.long(8 + length))]);
        [head, &self.long(8)[..], &first, &self.directory(8 + length, values)].concat()
    }
}

fn has(data: &[u8], part: &[u8]) -> bool {
    part.is_empty() || data.windows(part.len()).any(|window| window == part)
}

/// Asserts that no pixels are left, and the artist and `kept` are.
fn assert_clean(what: &str, block: &[u8], pixels: &[u8], kept: &[&[u8]]) {
    let shows = |data: &[u8]| pixels.chunks_exact(16).any(|piece| has(data, piece));
    assert!(shows(block), "{what}: the test puts it there");
    let clean = exif::cleaned(block.to_vec()).expect("it can be read");
    assert!(!shows(&clean), "{what}: still there");
    for part in kept.iter().chain([&&b"Ada Lovelace\0"[..]]) {
        assert!(has(block, part) && has(&clean, part), "{what}: {:?} is gone", String::from_utf8_lossy(part));
    }
}

/// Where a block changes.
fn changes(block: &[u8]) -> Vec<usize> {
    let mut clean = exif::cleaned(block.to_vec()).expect("it can be read");
    // Padding at the end.
    clean.resize(block.len(), 0);
    (0..block.len()).filter(|at| clean[*at] != block[*at]).collect()
}

const DATE: &[u8] = b"2024:05:06 07:08:09\0";

#[test]
fn pictures_of_all_formats_go_from_all_values() {
    for little in [true, false] {
        let writer = Writer::new(little);
        for length in [600, 5000] {
            let pixels = noise(length);
            for (format, picture) in pictures(&pixels) {
                // A comment, a maker's note, the owner, an unknown entry, and a long one that is known.
                for (tag, kind) in [(0x9286, 7), (0x927C, 7), (0xA430, 2), (0xEEEE, 7), (0xEEEE, 1), (0xA40B, 7)] {
                    let value = [b"Settings 7\0 begin", &picture[..]].concat();
                    let what = format!("{format} of {length} in {tag:x}");
                    let is_cut = length > 2048 && !matches!(tag, 0x927C | 0xA40B);
                    let kept: &[&[u8]] = if is_cut { &[DATE] } else { &[DATE, b"Settings 7"] };
                    let block = writer.block(&[(0x9003, 2, DATE.to_vec()), (tag, kind, value)]);
                    assert_clean(&what, &block, &pixels, kept);
                }
            }
        }
    }
}

/// Notes as makers write them: what stands before the directory, what offsets count from, and the order of bytes.
fn notes(little: bool) -> Vec<(&'static str, Vec<u8>, Option<usize>, bool)> {
    vec![
        ("Canon", vec![], None, little),
        ("Panasonic", b"Panasonic\0\0\0".to_vec(), None, little),
        ("Sony", b"SONY DSC \0\0\0".to_vec(), None, little),
        ("Olympus, old", b"OLYMP\0\x01\0".to_vec(), None, little),
        ("Olympus", b"OLYMPUS\0II\x03\0".to_vec(), Some(0), true),
        ("OM System", b"OM SYSTEM\0\0\0II\x04\0".to_vec(), Some(0), true),
        ("Nikon", b"Nikon\0\x02\x10\0\0MM\0\x2A\0\0\0\x08".to_vec(), Some(10), false),
        ("Fujifilm", b"FUJIFILM\x0C\0\0\0".to_vec(), Some(0), true),
        ("Apple", b"Apple iOS\0\0\x01MM".to_vec(), Some(0), false),
        ("Pentax", b"PENTAX \0MM".to_vec(), Some(0), false),
        ("Pentax, old", b"AOC\0MM".to_vec(), None, little),
        ("Casio", b"QVC\0\0\0".to_vec(), None, little),
    ]
}

#[test]
fn pictures_go_from_the_directories_of_makers_notes_and_settings_stay() {
    let raw = noise(5000);
    let small = noise(700);
    let streams = pictures(&small);
    for little in [true, false] {
        for (maker, head, base, order) in notes(little) {
            let (outer, inner) = (Writer::new(little), Writer::new(order));
            // Where the note stands: behind the directory with its entry and that of the date.
            let begin = outer.block(&[(0x927C, 7, vec![1; 8]), (0x9003, 2, DATE.to_vec())]);
            let at = begin.windows(8).position(|window| window == [1; 8]).expect("it is there");
            let from = base.map_or(at + head.len(), |base| head.len() - base);
            let settings = || {
                [
                    (0x0001, 2, b"Lens 35 mm F1.8\0".to_vec()),
                    (0x0002, 7, noise(300)[200..].to_vec()),
                    (0x0003, 4, [7; 12].to_vec()),
                ]
            };
            let mut places = vec![
                ("raw", (0x0E00, 7, raw.clone()), &raw),
                ("raw bytes", (0x0E01, 1, raw.clone()), &raw),
                ("a preview", (0x0100, 7, small.clone()), &small),
            ];
            places.extend(streams.iter().map(|(format, picture)| (*format, (0x0E02, 7, picture.clone()), &small)));
            for (what, value, pixels) in places {
                let values: Vec<_> = settings().into_iter().chain([value]).collect();
                let note = [&head[..], &inner.directory(from, &values)].concat();
                let block = outer.block(&[(0x927C, 7, note), (0x9003, 2, DATE.to_vec())]);
                let what = format!("{maker}, {what}");
                let pixels: &[u8] = pixels;
                let known = noise(300);
                let hidden = if has(pixels, &known[200..]) { &pixels[304..] } else { pixels };
                assert_clean(&what, &block, hidden, &[DATE, b"Lens 35 mm F1.8\0", &known[200..], &[7; 12], &head]);
            }
            // What only an offset leads to.
            let note = [&head[..], &inner.directory(from, &settings()), &raw[304..]].concat();
            let block = outer.block(&[(0x927C, 7, note), (0x9003, 2, DATE.to_vec())]);
            assert_clean(&format!("{maker}, behind"), &block, &raw[304..], &[DATE, b"Lens 35 mm F1.8\0"]);
            let note = [&head[..], &inner.directory(from, &settings())].concat();
            let block = outer.block(&[(0x9003, 2, DATE.to_vec()), (0x927C, 7, note)]);
            // Moved, as programs do that change other entries.
            assert_eq!(changes(&block), Vec::<usize>::new(), "{maker}");
        }
    }
}

#[test]
fn a_long_note_that_nobody_can_read_keeps_its_words() {
    let raw = noise(5000);
    let note = [b"\x01Settings \x02Lens 35 mm F1.8\0\0", &raw[..]].concat();
    let block = Writer::new(true).block(&[(0x927C, 7, note)]);
    assert_clean("raw", &block, &raw, &[b"Settings", b"Lens 35 mm F1.8"]);
}

#[test]
fn long_texts_and_what_is_known_stay() {
    let text: String = (0..600).map(|word| format!("wörd {word}, ")).collect();
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for little in [true, false] {
        let values = [
            (0x9286, 7, [b"UNICODE\0", &wide[..]].concat()),
            (0x010E, 2, text.clone().into_bytes()),
            (0x9C9C, 1, wide.clone()),
            (0x8773, 7, noise(3000)),
            (0xEA1C, 7, vec![0; 3000]),
            (0xC4A5, 7, noise(4000)),
        ];
        let block = Writer::new(little).block(&values);
        assert_eq!(changes(&block), Vec::<usize>::new());
    }
}

/// A text in every encoding.
fn encoded(text: &str) -> [Vec<u8>; 4] {
    let wide = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    [
        text.into(),
        wide(u16::to_le_bytes),
        wide(u16::to_be_bytes),
        [b"\x01\x02\x03", &wide(u16::to_be_bytes)[..]].concat(),
    ]
}

#[test]
fn paths_of_every_notation_go_in_every_encoding() {
    let paths = [
        r"D:\Fotos\ada.jpg",
        "C:/Temp/ada.jpg",
        r"c:\ada",
        r"\\server\share\ada.jpg",
        r"\\wsl$\Debian\ada",
        "/mnt/c/ada.jpg",
        "/media/stick/ada.jpg",
        "/root/ada.jpg",
        "/tmp/ada.jpg",
        "/var/folders/x/ada.jpg",
        "/private/var/ada.jpg",
        "/Volumes/Work/ada.jpg",
        "/home/ada/hat.png",
        "/Users/ada/hat.png",
        r"\Users\ada\hat.png",
        "~/Pictures/ada.jpg",
        "file:///D:/Fotos/ada.jpg",
        "file:///C:%5CUsers%5Cada",
        "C:%5CUsers%5Cada",
        "file:%2F%2F%2Fhome%2Fada",
        "FILE:///C|/ada",
        "D:/2024/05/ada.jpg",
        "D:/Füße/ada.jpg",
        "file://server/share/ada",
        "smb://server/ada",
        "/storage/emulated/0/DCIM/ada.jpg",
        r"\/home\/ada\/hat.png",
        r"C:\Documents and Settings\ada\hat.png",
    ];
    for path in paths {
        for (before, after) in [("", ""), ("from ", ", seed 7"), ("(", "\n"), ("\"", "\""), ("=", "")] {
            for (text, honest) in encoded(&format!("{before}{path}{after}"))
                .into_iter()
                .zip(encoded(&format!("{before}{}{after}", " ".repeat(path.encode_utf16().count()))))
            {
                let mut cleaned = text.clone();
                paths::blank(&mut cleaned);
                // In 8 bits some characters are two bytes.
                if path.is_ascii() {
                    assert_eq!(cleaned, honest, "{path} in {:?}", String::from_utf8_lossy(&text));
                }
                let letters: Vec<u8> = cleaned.into_iter().filter(|byte| *byte != 0).collect();
                assert!(!has(&letters, b"ada"), "{path}: {:?}", String::from_utf8_lossy(&letters));
            }
        }
    }
    for (json, kept) in [
        (r#"{"image": "D:\\Fotos\\ada.png", "seed": 7}"#, [r#"{"image": ""#, r#"", "seed": 7}"#]),
        (r#"{"image": "\\\\server\\share\\ada.png", "seed": 7}"#, [r#"{"image": ""#, r#"", "seed": 7}"#]),
        (r#"{"text": "a hat\n/home/ada/hat.png\", 7"}"#, [r#"{"text": "a hat\n"#, r#"\", 7"}"#]),
    ] {
        for text in encoded(json) {
            let mut cleaned = text;
            paths::blank(&mut cleaned);
            let letters: Vec<u8> = cleaned.into_iter().filter(|byte| *byte != 0).collect();
            assert!(!has(&letters, b"ada") && kept.iter().all(|part| has(&letters, part.as_bytes())), "{json}");
        }
    }
}

#[test]
fn honest_texts_are_no_paths() {
    for text in [
        "1/2 and/or 9:/x, ratio 3:2/4, f:/2.8, TV/media/phone, 24/7",
        "http://example.org/home/ada/x?y=C:/z https://a.b/tmp/c",
        "ftp://example.org/mnt/x",
        "profile:/x",
        "the /media/ or /tmp or / or // or \\ or C:\\ or C:/",
        "\\alpha \\\\ \\beta{\\gamma}",
        "Steps: 20, Sampler: Euler a, CFG scale: 7, hat:1.2, <lora:hat:0.8>",
        "(hat:1.1), \\(fate\\), re:zero, :/ :\\ D:",
        "a:/ b",
        "© Ada / Lovelace",
        "12:30/13:45",
        r#"{"text": "Option A:\nthe hat\tB:\rx \\alpha\\beta"}"#,
        "/homepage/x /variable/y",
        "key: /value/x; a|\\b",
        "日本語/中文:/字",
        "mailto:ada@example.org",
        "sRGB IEC61966-2.1 /W/H",
        "I/O and w/o, A:B/C",
    ] {
        for was in encoded(text) {
            let mut now = was.clone();
            paths::blank(&mut now);
            assert_eq!(String::from_utf8_lossy(&now), String::from_utf8_lossy(&was));
        }
    }
}

#[test]
fn values_of_exif_lose_their_paths_only() {
    let path = r"D:\Fotos\ada.jpg";
    let wide = |bytes: fn(u16) -> [u8; 2]| path.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    for little in [true, false] {
        let own = if little { u16::to_le_bytes } else { u16::to_be_bytes };
        let values = [
            (0x010D, 2, path.into()),
            (0x9286, 7, [b"UNICODE\0", &wide(own)[..]].concat()),
            (0xEEEE, 7, [b"Settings\0", path.as_bytes()].concat()),
            (0x9C9B, 1, wide(u16::to_le_bytes)),
            (0x9C9C, 1, wide(u16::to_le_bytes)),
            (0xC68B, 1, path.into()),
            (0x927C, 7, [b"Some settings and\0\0", path.as_bytes()].concat()),
            (0x9003, 2, DATE.to_vec()),
        ];
        let block = Writer::new(little).block(&values);
        let clean = exif::cleaned(block.clone()).expect("it can be read");
        assert_eq!(clean.len(), block.len());
        let letters: Vec<u8> = clean.iter().copied().filter(|byte| *byte != 0).collect();
        assert!(!has(&letters, b"Fotos") && !has(&letters, b"ada"));
        assert!(
            has(&clean, DATE)
                && has(&clean, b"UNICODE\0")
                && has(&clean, b"Settings\0")
                && has(&clean, b"Some settings and")
        );
    }
}

#[test]
fn broken_and_hostile_blocks_end_soon() {
    let began = Instant::now();
    let pixels = noise(700);
    for (maker, head, base, order) in notes(true) {
        let note = [
            &head[..],
            &Writer::new(order).directory(
                head.len() - base.unwrap_or(0),
                &[(1, 2, b"Lens 35 mm\0".to_vec()), (0x2010, 13, vec![9; 4]), (3, 7, pictures(&pixels)[9].1.clone())],
            ),
        ]
        .concat();
        let block = Writer::new(true).block(&[(0x927C, 7, note)]);
        for at in 0..block.len().min(260) {
            for byte in [0, 1, 13, 0x7F, 0xFF] {
                let mut broken = block.clone();
                broken[at] = byte;
                assert!(exif::cleaned(broken).is_none_or(|clean| clean.len() <= block.len()), "{maker}");
            }
            exif::cleaned(block[..at].to_vec());
        }
    }
    for piece in [
        &b"II\x2A\0\x08\0\0\0\x01\0\x11\x01\x04\0\x01\0\0\0"[..],
        b"GIF89a",
        b"BM",
        b"\0\0\0\x08ftypavif",
        b"/home/",
        b"C:/",
        b"\\\\",
        b"a://",
        b"%5c",
        b"{[",
        b"RIFF\0\0\0\0WEBP",
        b"\0\xD8\xFF\xFF",
    ] {
        let value = piece.repeat((1 << 18) / piece.len());
        exif::cleaned(Writer::new(true).block(&[
            (0xA40B, 7, value.clone()),
            (0x927C, 7, value.clone()),
            (0x9286, 7, value),
        ]));
    }
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}
