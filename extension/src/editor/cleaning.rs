//! Takes metadata out of a file whose picture stays as it is, bit for bit: where and with what it was taken, previews, texts, and what is hung on
//! at its end. What decides how the picture looks stays: its colour profile, its density, and which way up it is.

use super::{gif_metadata, heif_metadata, svg_metadata, tiff_metadata};

/// Value of Exif's orientation for a picture that is stored upright.
const UPRIGHT: u8 = 1;
/// Exif's tag for the orientation, and the number of its type (16 bits).
const ORIENTATION: (u16, u16) = (0x0112, 3);

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cleaned {
    /// There is nothing in it that would go.
    Already,
    /// What is left.
    Without(Vec<u8>),
    /// It is damaged, or of a format that is not understood: nobody knows what is in it.
    Unknown,
}

/// Takes the metadata out of a file.
pub fn cleaned(file: &[u8]) -> Cleaned {
    let clean = match file {
        [0xFF, 0xD8, ..] => jpeg(file),
        [0x89, b'P', b'N', b'G', ..] => png(file),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => webp(file),
        [b'G', b'I', b'F', b'8', ..] => gif_metadata::cleaned(file),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => heif_metadata::cleaned(file),
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => tiff_metadata::cleaned(file),
        // They have no room for any.
        [] | [b'B', b'M', ..] => return Cleaned::Already,
        file if svg_metadata::is_markup(file) => svg_metadata::cleaned(file),
        _ => None,
    };
    match clean {
        None => Cleaned::Unknown,
        Some(clean) if clean == file => Cleaned::Already,
        Some(clean) => Cleaned::Without(clean),
    }
}

/// A 16-bit number at a place, in the order that a TIFF header names.
fn number(data: &[u8], at: usize, little: bool) -> Option<u16> {
    let bytes: [u8; 2] = data.get(at..at.checked_add(2)?)?.try_into().ok()?;
    Some(if little { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
}

/// The orientation that Exif data (which begin with a TIFF header) tell.
fn orientation(exif: &[u8]) -> Option<u8> {
    let little = exif.starts_with(b"II");
    let offset: [u8; 4] = exif.get(4..8)?.try_into().ok()?;
    let first = if little { u32::from_le_bytes(offset) } else { u32::from_be_bytes(offset) } as usize;
    let count = usize::from(number(exif, first, little)?);
    let entries = (0..count).map_while(|entry| first.checked_add(2 + 12 * entry));
    let found = entries.map_while(|at| Some((at, number(exif, at, little)?, number(exif, at + 2, little)?)));
    let (at, ..) = found.into_iter().find(|(_, tag, kind)| (*tag, *kind) == ORIENTATION)?;
    u8::try_from(number(exif, at + 8, little)?).ok().filter(|value| (UPRIGHT..=8).contains(value))
}

/// Exif data that tell the orientation and nothing else.
fn only_orientation(value: u8) -> Vec<u8> {
    let mut exif = b"MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend_from_slice(&[value, 0, 0, 0, 0, 0, 0]);
    exif
}

/// What a JPEG's segment with this marker becomes; none where it goes.
fn kept_segment(marker: u8, segment: &[u8]) -> Option<Vec<u8>> {
    let body = segment.get(4..)?;
    match marker {
        // The header may hold a preview after its first 14 bytes.
        0xE0 if body.starts_with(b"JFIF\0") && body.len() >= 14 => {
            Some([&[0xFF, 0xE0, 0, 16][..], &body[..12], &[0, 0]].concat())
        }
        0xE2 if body.starts_with(b"ICC_PROFILE\0") => Some(segment.to_vec()),
        // How its channels are to be understood.
        0xEE if body.starts_with(b"Adobe") => Some(segment.to_vec()),
        0xE0..=0xEF | 0xFE => None,
        _ => Some(segment.to_vec()),
    }
}

fn jpeg(file: &[u8]) -> Option<Vec<u8>> {
    let mut out = vec![];
    let (mut at, mut turned) = (2, UPRIGHT);
    loop {
        if file.get(at) != Some(&0xFF) {
            // Damaged, or it ends here.
            out.extend_from_slice(file.get(at..)?);
            break;
        }
        match *file.get(at + 1)? {
            0xFF => at += 1,
            // The end. What follows is no part of the picture: other pictures, films, depth.
            0xD9 => {
                out.extend_from_slice(&[0xFF, 0xD9]);
                break;
            }
            marker @ (0x01 | 0xD0..=0xD8) => {
                out.extend_from_slice(&[0xFF, marker]);
                at += 2;
            }
            marker => {
                let end = at + 2 + usize::from(number(file, at + 2, false)?);
                let segment = file.get(at..end)?;
                if let Some(exif) = segment.get(4..).and_then(|body| body.strip_prefix(b"Exif\0\0")) {
                    turned = orientation(exif).unwrap_or(turned);
                }
                out.extend(kept_segment(marker, segment).unwrap_or_default());
                at = end;
                if marker == 0xDA {
                    let scan = &file[at..];
                    let is_marker = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xD0..=0xD7);
                    let length = scan.windows(2).position(is_marker).unwrap_or(scan.len());
                    out.extend_from_slice(&scan[..length]);
                    at += length;
                    if at == file.len() {
                        break;
                    }
                }
            }
        }
    }
    let mut clean = vec![0xFF, 0xD8];
    if turned != UPRIGHT {
        // Readers look for it right after the beginning, or after the header.
        let exif = only_orientation(turned);
        let header = if out.starts_with(&[0xFF, 0xE0]) { 18 } else { 0 };
        clean.extend(out.drain(..header.min(out.len())));
        clean.extend_from_slice(&[0xFF, 0xE1, 0, exif.len() as u8 + 8]);
        clean.extend_from_slice(b"Exif\0\0");
        clean.extend(exif);
    }
    clean.extend(out);
    Some(clean)
}

/// The chunks of a PNG that make up its picture.
const OF_PNG: [&[u8; 4]; 20] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV",
    b"cLLI", b"bKGD", b"hIST", b"pHYs", b"sPLT", b"acTL", b"fcTL", b"fdAT",
];

fn png(file: &[u8]) -> Option<Vec<u8>> {
    let mut clean = file.get(..8)?.to_vec();
    let mut at = 8;
    while at < file.len() {
        let length: [u8; 4] = file.get(at..at + 4)?.try_into().ok()?;
        let chunk = file.get(at..at.checked_add(u32::from_be_bytes(length) as usize)?.checked_add(12)?)?;
        let kind = &chunk[4..8];
        if OF_PNG.iter().any(|known| kind == *known) {
            clean.extend_from_slice(chunk);
        } else if kind == b"eXIf"
            && let Some(turned) = orientation(&chunk[8..chunk.len() - 4]).filter(|turned| *turned != UPRIGHT)
        {
            clean.extend(png_chunk(*b"eXIf", &only_orientation(turned)));
        }
        at += chunk.len();
        if kind == b"IEND" {
            break;
        }
    }
    Some(clean)
}

fn png_chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [&kind[..], data].concat();
    // PNG, annex D: the check is the CRC of kind and data.
    let check = !body.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
    });
    [&(data.len() as u32).to_be_bytes()[..], &body, &check.to_be_bytes()].concat()
}

/// The chunks of a WebP that make up its picture.
const OF_WEBP: [&[u8; 4]; 7] = [b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];
/// The flags of `VP8X` that say that there are Exif and XMP.
const METADATA_OF_WEBP: u8 = 0x08 | 0x04;

fn webp(file: &[u8]) -> Option<Vec<u8>> {
    let mut clean = file.get(..12)?.to_vec();
    let mut at = 12;
    while at + 8 <= file.len() {
        let length: [u8; 4] = file.get(at + 4..at + 8)?.try_into().ok()?;
        let length = u32::from_le_bytes(length) as usize;
        let end = at.checked_add(8)?.checked_add(length)?.checked_add(length % 2)?;
        // The last one may lack what makes its length even.
        let chunk = &file[at..end.min(file.len())];
        if OF_WEBP.iter().any(|known| &chunk[..4] == *known) {
            let start = clean.len();
            clean.extend_from_slice(chunk);
            if &chunk[..4] == b"VP8X" && chunk.len() > 8 {
                clean[start + 8] &= !METADATA_OF_WEBP;
            }
        }
        at = end;
    }
    let length = u32::try_from(clean.len() - 8).ok()?;
    clean[4..8].copy_from_slice(&length.to_le_bytes());
    Some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
        [&[0xFF, marker][..], &(body.len() as u16 + 2).to_be_bytes(), body].concat()
    }

    fn without(file: &[u8]) -> Vec<u8> {
        let Cleaned::Without(clean) = cleaned(file) else { panic!("nothing is removed") };
        clean
    }

    const SCAN: &[u8] = &[1, 2, 0xFF, 0, 3, 0xFF, 0xD0, 4];

    /// A file that is a JPEG as far as its segments go.
    fn jpeg_of(before: &[Vec<u8>], after: &[u8]) -> Vec<u8> {
        let header = segment(0xE0, b"JFIF\0\x01\x01\0\0\x48\0\x48\0\0");
        let picture = [segment(0xDB, &[7; 10]), segment(0xDA, &[9; 6]), SCAN.to_vec(), vec![0xFF, 0xD9]].concat();
        [vec![0xFF, 0xD8], header, before.concat(), picture, after.to_vec()].concat()
    }

    fn exif(turned: u8) -> Vec<u8> {
        // Little-endian: a maker, the orientation, and a pointer to a place.
        let mut exif = b"Exif\0\0II\x2A\0\x08\0\0\0\x03\0".to_vec();
        exif.extend_from_slice(&[0x0F, 1, 2, 0, 4, 0, 0, 0, b'C', b'a', b'm', 0]);
        exif.extend_from_slice(&[0x12, 1, 3, 0, 1, 0, 0, 0, turned, 0, 0, 0]);
        exif.extend_from_slice(&[0x25, 0x88, 4, 0, 1, 0, 0, 0, 50, 0, 0, 0, 0, 0, 0, 0]);
        exif
    }

    #[test]
    fn a_jpeg_loses_what_is_said_of_it_and_keeps_how_it_looks() {
        let profile = segment(0xE2, b"ICC_PROFILE\0\x01\x01profile");
        let adobe = segment(0xEE, b"Adobe\0\x64");
        let kept = jpeg_of(&[profile.clone(), adobe.clone()], b"");
        assert_eq!(cleaned(&kept), Cleaned::Already);
        let more = [
            segment(0xE1, &exif(1)),
            segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>"),
            profile,
            segment(0xE2, b"MPF\0"),
            segment(0xED, b"Photoshop 3.0\0"),
            adobe,
            segment(0xFE, b"a comment"),
        ];
        assert_eq!(cleaned(&jpeg_of(&more, b"another picture")), Cleaned::Without(kept));
    }

    #[test]
    fn a_turned_jpeg_stays_turned() {
        let clean = without(&jpeg_of(&[segment(0xE1, &exif(6))], b""));
        assert_eq!(&clean[20..24], [0xFF, 0xE1, 0, 34]);
        assert_eq!(orientation(&clean[30..]), Some(6));
        assert!(!clean.windows(3).any(|bytes| bytes == b"Cam"));
        assert_eq!(cleaned(&clean), Cleaned::Already, "twice is once");
    }

    #[test]
    fn a_preview_in_the_header_goes() {
        let header = segment(0xE0, b"JFIF\0\x01\x01\0\0\x48\0\x48\x01\x01RGB");
        let file = [vec![0xFF, 0xD8], header, segment(0xDA, &[9; 6]), SCAN.to_vec(), vec![0xFF, 0xD9]].concat();
        let clean = without(&file);
        assert!(!clean.windows(3).any(|bytes| bytes == b"RGB"));
    }

    #[test]
    fn a_png_keeps_the_chunks_of_its_picture() {
        let signature = b"\x89PNG\r\n\x1a\n".to_vec();
        let of = |chunks: &[(&[u8; 4], &[u8])]| {
            let chunks = chunks.iter().flat_map(|(kind, data)| png_chunk(**kind, data));
            signature.iter().copied().chain(chunks).collect::<Vec<u8>>()
        };
        let kept = of(&[(b"IHDR", &[1; 13]), (b"iCCP", b"p"), (b"IDAT", b"d"), (b"IEND", b"")]);
        assert_eq!(cleaned(&kept), Cleaned::Already);
        assert_eq!(&png_chunk(*b"IEND", b"")[8..], [0xAE, 0x42, 0x60, 0x82], "the check that every PNG ends with");
        let more = [
            of(&[
                (b"IHDR", &[1; 13]),
                (b"tEXt", b"Author\0me"),
                (b"iCCP", b"p"),
                (b"eXIf", &exif(1)[6..]),
                (b"tIME", &[0; 7]),
            ]),
            of(&[(b"IDAT", b"d"), (b"vpAg", b"?"), (b"IEND", b"")])[8..].to_vec(),
            b"after the end".to_vec(),
        ];
        assert_eq!(cleaned(&more.concat()), Cleaned::Without(kept));
    }

    #[test]
    fn a_webp_loses_exif_and_xmp_with_their_flags() {
        let chunk = |kind: &[u8; 4], data: &[u8]| [&kind[..], &(data.len() as u32).to_le_bytes(), data].concat();
        let of = |chunks: &[Vec<u8>]| {
            let body = chunks.concat();
            [b"RIFF".to_vec(), (body.len() as u32 + 4).to_le_bytes().to_vec(), b"WEBP".to_vec(), body].concat()
        };
        let kept =
            of(&[chunk(b"VP8X", &[0x20, 0, 0, 0, 1, 1, 1, 1, 1, 1]), chunk(b"ICCP", b"pp"), chunk(b"VP8L", b"data")]);
        assert_eq!(cleaned(&kept), Cleaned::Already);
        let flagged = chunk(b"VP8X", &[0x2C, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
        let more = of(&[
            flagged,
            chunk(b"ICCP", b"pp"),
            chunk(b"VP8L", b"data"),
            chunk(b"EXIF", b"II"),
            chunk(b"XMP ", b"<x>\0"),
        ]);
        assert_eq!(cleaned(&more), Cleaned::Without(kept));
    }

    #[test]
    fn what_nobody_understands_is_not_said_to_be_clean() {
        let tiff = b"II\x2A\0\x08\0\0\0\0\0\0\0\0\0";
        // Its first segment is longer than the file.
        let damaged = [&[0xFF, 0xD8, 0xFF, 0xE1, 0xFF, 0xFF][..], b"Exif\0\0"].concat();
        for file in [&tiff[..], &damaged, b"GIF89a", b"\0\0\0\x0cftypheic", b"text"] {
            assert_eq!(cleaned(file), Cleaned::Unknown);
        }
        assert_eq!(cleaned(b"BM...."), Cleaned::Already);
        assert_eq!(cleaned(b""), Cleaned::Already, "there is nothing in it");
    }

    proptest! {
        #[test]
        fn damaged_files_do_no_harm(mut tail in proptest::collection::vec(any::<u8>(), 0..200), which in 0..3usize, cut in 0..300usize) {
            let heads: [&[u8]; 3] = [b"\xFF\xD8\xFF\xE1", b"\x89PNG\r\n\x1a\n\0\0\0", b"RIFF\0\0\0\0WEBPVP8X"];
            let mut file = heads[which].to_vec();
            file.append(&mut tail);
            let _ = cleaned(&file);
            let mut real = jpeg_of(&[segment(0xE1, &exif(6))], b"x");
            real.truncate(cut);
            let _ = cleaned(&real);
        }
    }
}
