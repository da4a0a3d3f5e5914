//! What in a block of metadata still shows the unedited picture, or tells where it lay on the user's disk, wherever it stands in the block.

use super::{paths, streams};
use std::ops::Range;

/// Photoshop's resources that show the picture: thumbnails of two versions, Exif twice, and XMP.
pub(super) const RESOURCES: [u16; 5] = [1033, 1036, 1058, 1059, 1060];
/// Number of letters from which on a run of them is taken for encoded data. Hashes and keys are shorter, pictures longer.
const ENCODED: usize = 256;

/// What blanks, with a byte and at a depth, the TIFF structure that data begins with, and gives its length; none where data begins with no such
/// structure.
pub(super) type BlankTiff = fn(&mut [u8], u8, usize) -> Option<usize>;

/// Overwrites with `fill`, inside of `depth` TIFF structures: pictures of all formats, previews in Photoshop's resources and in IPTC, long runs of
/// base 64 or hexadecimal; and local paths with spaces.
pub(super) fn blank(data: &mut [u8], fill: u8, depth: usize, blank_tiff: BlankTiff) {
    let mut at = 0;
    while at < data.len() {
        if let Some(length) = blank_tiff(&mut data[at..], fill, depth) {
            at += length;
            continue;
        }
        let rest = &data[at..];
        let found = streams::picture(rest).or_else(|| resource(rest)).or_else(|| iptc(rest)).unwrap_or(0..1);
        if found != (0..1) {
            data[at + found.start..at + found.end].fill(fill);
        }
        at += found.end.max(1);
    }
    // Backslashes are JSON's. Where an attribute of XML is read, ends of lines are spaces.
    blank_encoded(data, fill, |byte| matches!(byte, b'\r' | b'\n' | b'\\'));
    blank_encoded(data, fill, |byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    paths::blank(data);
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
fn blank_encoded(data: &mut [u8], fill: u8, is_break: fn(u8) -> bool) {
    let (mut start, mut letters, mut breaks) = (0, 0, 0);
    for at in 0..=data.len() {
        match data.get(at) {
            Some(b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' | b'=' | b'-' | b'_') => letters += 1,
            Some(byte) if is_break(*byte) => breaks += 1,
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
