//! What in a block of metadata still shows the unedited picture, or tells where it lay on the user's disk, wherever it stands in the block.

use std::ops::Range;

/// Photoshop's resources that show the picture: thumbnails of two versions, Exif twice, and XMP.
const RESOURCES: [u16; 5] = [1033, 1036, 1058, 1059, 1060];
/// Number of letters from which on a run of them is taken for encoded data. Hashes and keys are shorter, pictures longer.
const ENCODED: usize = 256;
/// What paths on a user's disk begin with.
const PATHS: [&[u8]; 4] = [b"file:/", b"/home/", b"/Users/", b"\\Users\\"];

/// Overwrites with `fill`: JPEG streams, previews in Photoshop's resources and in IPTC, long runs of base 64 or hexadecimal, and local paths.
pub(super) fn blank(data: &mut [u8], fill: u8) {
    let mut at = 0;
    while at < data.len() {
        let rest = &data[at..];
        let found = jpeg(rest).or_else(|| resource(rest)).or_else(|| iptc(rest)).unwrap_or(0..1);
        if found != (0..1) {
            data[at + found.start..at + found.end].fill(fill);
        }
        at += found.end;
    }
    blank_encoded(data, fill);
    blank_paths(data, fill);
}

/// Range of the JPEG stream that `data` begins with, up to its end marker or the end of `data`. Its first byte may have any value, because
/// some cameras change it.
fn jpeg(data: &[u8]) -> Option<Range<usize>> {
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
    if segments < 2 {
        return None;
    }
    let end = data.get(at..).and_then(|rest| rest.windows(2).position(|pair| pair == [0xFF, 0xD9]));
    Some(0..end.map_or(data.len(), |end| at + end + 2))
}

/// Range of the contents of the Photoshop resource that `data` begins with, if it is one of [`RESOURCES`].
fn resource(data: &[u8]) -> Option<Range<usize>> {
    let (id, rest) = data.strip_prefix(b"8BIM")?.split_first_chunk()?;
    if !RESOURCES.contains(&u16::from_be_bytes(*id)) {
        return None;
    }
    // A name with its length in front, padded to an even number of bytes.
    let name = usize::from(*rest.first()?) / 2 * 2 + 2;
    let length = u32::from_be_bytes(*rest.get(name..)?.first_chunk()?) as usize;
    let start = 6 + name + 4;
    Some(start..start.saturating_add(length).min(data.len()))
}

/// Range of the contents of the IPTC data set that `data` begins with, if it is a preview (2:202).
fn iptc(data: &[u8]) -> Option<Range<usize>> {
    let (length, rest) = data.strip_prefix(&[0x1C, 2, 202])?.split_first_chunk()?;
    let (start, length) = match u16::from_be_bytes(*length) {
        length @ 0..0x8000 => (5_usize, usize::from(length)),
        // The length of a longer one stands in the four bytes that follow.
        0x8004 => (9, u32::from_be_bytes(*rest.first_chunk()?) as usize),
        _ => return None,
    };
    let end = start.saturating_add(length).min(data.len());
    // Three bytes may be an accident; then something else follows than a data set, a resource, padding or nothing.
    matches!(data.get(end), None | Some(0 | 0x1C | b'8')).then_some(start..end)
}

/// Blanks long runs of letters of base 64 or hexadecimal, which may be broken into lines.
fn blank_encoded(data: &mut [u8], fill: u8) {
    let (mut start, mut letters, mut breaks) = (0, 0, 0);
    for at in 0..=data.len() {
        match data.get(at) {
            Some(b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'=' | b'-' | b'_') => letters += 1,
            // Backslashes are JSON's.
            Some(b'\r' | b'\n' | b'\\') => breaks += 1,
            _ => {
                // Words in lines of their own are shorter than lines of encoded data.
                if letters >= ENCODED.max(24 * breaks) {
                    data[start..at].fill(fill);
                }
                (start, letters, breaks) = (at + 1, 0, 0);
            }
        }
    }
}

/// Blanks paths on a user's disk. They may contain spaces, so that they end with the line, the quotation or the item.
fn blank_paths(data: &mut [u8], fill: u8) {
    let mut at = 0;
    while at < data.len() {
        let inside_a_word = at > 0 && data[at - 1].is_ascii_alphanumeric();
        if !inside_a_word && PATHS.iter().any(|path| data[at..].starts_with(path)) {
            let ends = |byte: &u8| matches!(byte, 0..b' ' | b'"' | b'<' | b'>' | b',');
            let end = data[at..].iter().position(ends).map_or(data.len(), |length| at + length);
            data[at..end].fill(fill);
            at = end;
        }
        at += 1;
    }
}
