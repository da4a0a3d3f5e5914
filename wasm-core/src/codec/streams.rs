//! Where pictures begin and end inside of other data, by the signatures of their formats.

use super::gif_blocks;
use std::ops::Range;

/// Range of the picture that `data` begins with: to its end where that can be told, else to the end of `data`. Takes no longer than that range is.
/// TIFF is not among them: a maker's note may be one (`exif.rs`).
pub(super) fn picture(data: &[u8]) -> Option<Range<usize>> {
    let end = jpeg(data).or_else(|| match data {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(png_end(data)),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => {
            Some(gif_blocks::extensions(data, |_, _| ()).unwrap_or(data.len()))
        }
        [b'R', b'I', b'F', b'F', ..] if data.get(8..12)? == b"WEBP" => Some(long(data, 4)?.saturating_add(8)),
        [b'B', b'M', ..] => bmp_end(data),
        // JPEG 2000 and JPEG XL: their boxes, and the bare codestream of the first.
        [0, 0, 0, 12, b'j' | b'J', b'P' | b'X', b' ' | b'L', b' ', b'\r', b'\n', 0x87, b'\n', ..] => {
            Some(boxes_end(data))
        }
        [0xFF, 0x4F, 0xFF, 0x51, ..] => Some(end_marker(data, 4)),
        // HEIF, AVIF and films.
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => {
            let is_named = brand.get(..4)?.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b' ');
            is_named.then(|| boxes_end(data))
        }
        // JPEG XR, BigTIFF in both orders, and Photoshop's documents: none tells its length.
        [b'I', b'I', 0xBC, 1, ..]
        | [b'I', b'I', 43, 0, 8, 0, 0, 0, ..]
        | [b'M', b'M', 0, 43, 0, 8, 0, 0, ..]
        | [b'8', b'B', b'P', b'S', 0, 1 | 2, ..] => Some(data.len()),
        _ => None,
    })?;
    Some(0..end.min(data.len()))
}

/// End of the JPEG stream that `data` begins with: behind its end marker, or that of `data`. Its first byte may have any value, because some cameras
/// change it.
fn jpeg(data: &[u8]) -> Option<usize> {
    if data.get(1..3)? != [0xD8, 0xFF] {
        return None;
    }
    let (mut at, mut segments) = (2, 0);
    while let Some([0xFF, marker @ (0xC0..=0xCF | 0xDA..=0xFE), high, low]) =
        data.get(at..).and_then(|rest| rest.first_chunk())
    {
        at += 2 + usize::from(u16::from_be_bytes([*high, *low]));
        segments += 1;
        // The scan, whose entropy-coded data has no end marker inside.
        if *marker == 0xDA {
            break;
        }
    }
    // Two segments in a row are no accident.
    (segments >= 2).then(|| end_marker(data, at))
}

/// Behind the end marker that JPEG and JPEG 2000 share, from an offset on; else the end of `data`.
fn end_marker(data: &[u8], from: usize) -> usize {
    let end = data.get(from..).and_then(|rest| rest.windows(2).position(|pair| pair == [0xFF, 0xD9]));
    end.map_or(data.len(), |end| from + end + 2)
}

/// Behind the chunk IEND.
fn png_end(data: &[u8]) -> usize {
    let mut at = 8_usize;
    while let Some([a, b, c, d, kind @ ..]) = data.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        at = at.saturating_add(u32::from_be_bytes([*a, *b, *c, *d]) as usize).saturating_add(12);
        if kind == b"IEND" {
            return at;
        }
    }
    data.len()
}

/// The end that the header of a BMP tells, if it is one: two letters alone are no signature.
fn bmp_end(data: &[u8]) -> Option<usize> {
    let (length, unused, pixels, header) = (long(data, 2)?, long(data, 6)?, long(data, 10)?, long(data, 14)?);
    let is_one = unused == 0 && matches!(header, 12 | 40 | 52 | 56 | 64 | 108 | 124) && pixels >= 14 + header;
    // Some writers leave the length out.
    is_one.then_some(if length > pixels { length } else { data.len() })
}

/// Behind the last of the boxes of ISO's base media format that follow each other.
fn boxes_end(data: &[u8]) -> usize {
    let mut at = 0_usize;
    while let Some([a, b, c, d, kind @ ..]) = data.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        if !kind.iter().all(|byte| (b' '..=b'~').contains(byte)) {
            break;
        }
        match u32::from_be_bytes([*a, *b, *c, *d]) as usize {
            length @ 8.. => at = at.saturating_add(length),
            // To the end, in 64 bits, or broken.
            0..8 => return data.len(),
        }
    }
    at
}

/// The number of four bytes at an offset, the low byte first.
fn long(data: &[u8], at: usize) -> Option<usize> {
    Some(u32::from_le_bytes(*data.get(at..)?.first_chunk()?) as usize)
}
