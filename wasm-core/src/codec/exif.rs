//! Exif as it is saved with an edited picture.
//!
//! An Exif block is a TIFF structure: directories (IFDs) of entries, whose values stand anywhere in the block. Directories that describe the
//! picture are kept, with the values that they name. All other bytes are blanked, so that no preview survives, however it is coded and whoever
//! points to it: those of IFD1 and of sub-IFDs as well as those that a maker's note keeps outside of itself.

use super::tiff_values::{PICTURE, is_text, is_wide_text, number, size};
use super::{maker_note, previews};
use std::ops::Range;

/// Maximum number of directories that are read. Honest blocks have four: the picture's, Exif's, that of places and that of interoperability.
const MAX_DIRECTORIES: usize = 16;
/// Entries that lead to further directories about the picture: Exif, GPS, interoperability.
const DIRECTORIES: [usize; 3] = [0x8769, 0x8825, 0xA005];
/// The picture's orientation.
const ORIENTATION: usize = 0x0112;
/// Entries that state the picture's width and height, in the first directory and in that of Exif.
const WIDTHS: [usize; 2] = [0x0100, 0xA002];
const HEIGHTS: [usize; 2] = [0x0101, 0xA003];
/// The type of a number of four bytes.
const LONG_NUMBER: u16 = 4;
/// Entries that hold or locate pixels, or another program's description of the unedited picture.
const LEFT_OUT: [usize; 20] = [
    0x002E, // JPEG from a raw file (Panasonic)
    0x0111, 0x0117, // strips and their lengths
    0x0144, 0x0145, // tiles and their lengths
    0x014A, // sub-IFDs, usually previews
    0x0201, 0x0202, // JPEG stream and its length
    0x02BC, // XMP
    0x501B, // thumbnail (GDI+)
    0x8649, // Photoshop's resources, which hold thumbnails
    0x935C, // Photoshop's layers
    0xC634, // a raw converter's private data
    0x83BB, // IPTC, which can hold a preview
    0xC68C, // the file that a raw converter began with
    0xC7A9, // its previews (CacheBlob)
    0x9214, 0xA214, // where its subject is: pixels of a picture that was not upright, or not cropped
    0xCD2D, 0xCD40, // how much brighter each part of the picture is to be
];
/// Entries with numbers that may be long and show nothing. Texts are known as such.
const LONG: [usize; 11] = [
    0x012D, // transfer function
    0x0140, // colours of a palette
    0x8773, // colour profile
    0x8828, 0xA20C, 0xA302, 0xA40B, // what a sensor, a lens and a device do
    0xC4A5, // settings for printing
    0xC740, 0xC741, 0xC74E, // corrections of the lens
];
/// The maker's note.
const MAKER_NOTE: usize = 0x927C;
/// Entries with texts of 16 bits a character, if they are no others: a comment, and Windows' five.
const WIDE: [usize; 6] = [0x9286, 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F];
/// How deep TIFF structures are read inside of each other.
const MAX_DEPTH: usize = 2;
/// Entries that tell where pixels are, and how many bytes, of strips, tiles and a JPEG stream.
const PIXELS: [(usize, usize); 3] = [(0x0111, 0x0117), (0x0144, 0x0145), (0x0201, 0x0202)];

/// The block upright (orientation 1) and without anything that still shows the unedited picture. None for a block that cannot be read: nobody
/// knows what is in it.
pub(super) fn cleaned(mut data: Vec<u8>) -> Option<Vec<u8>> {
    // Some writers keep JPEG's header in other containers.
    if data.starts_with(b"Exif\0\0") {
        data.drain(..6);
    }
    let little = order(&data)?;
    let mut block = Block::new(&mut data, little);
    let first = block.number(4, 4)?;
    block.number(first, 2)?;
    block.keep_directories(first);
    let length = block.blank(0, 0);
    data.truncate(length);
    Some(data)
}

/// States the size of the picture, pixels, where a cleaned block states one.
pub(super) fn state_size(data: &mut [u8], width: u32, height: u32) {
    let Some(little) = order(data) else { return };
    let mut block = Block::new(data, little);
    let (mut directories, mut next) = (block.number(4, 4).into_iter().collect::<Vec<_>>(), 0);
    while let Some(at) = directories.get(next).copied() {
        // One that lies outside states nothing.
        let _ = block.state_size(at, (width, height), &mut directories);
        next += 1;
    }
}

/// Overwrites with `fill` what shows the unedited picture in a block of metadata, and local paths in it.
pub(super) fn blank(data: &mut [u8], fill: u8) {
    previews::blank(data, fill, 0, blank_embedded);
}

/// Blanks the pictures of a TIFF structure that `data` begins with, and gives its length as far as it can be told, else that of `data`.
fn blank_embedded(data: &mut [u8], fill: u8, depth: usize) -> Option<usize> {
    let little = order(data)?;
    let block = Block::new(data, little);
    let first = block.number(4, 4)?;
    // Four bytes may be an accident: then there is no directory.
    let is_one = first >= 8 && block.number(first, 2)? > 0 && (1..=13).contains(&block.number(first + 4, 2)?);
    if !is_one {
        return None;
    }
    if depth == MAX_DEPTH {
        data.fill(fill);
        return Some(data.len());
    }
    let extent = block.extent(first);
    let mut block = Block::new(&mut data[..extent], little);
    block.keep_directories(first);
    let kept = block.blank(fill, depth + 1);
    data[kept..extent].fill(fill);
    Some(extent)
}

/// Whether the low byte of numbers comes first in the TIFF structure that `data` begins with. None if it begins with none.
fn order(data: &[u8]) -> Option<bool> {
    match data.get(..4)? {
        [b'I', b'I', 42, 0] => Some(true),
        [b'M', b'M', 0, 42] => Some(false),
        _ => None,
    }
}

/// A block that is being cleaned.
struct Block<'a> {
    data: &'a mut [u8],
    little: bool,
    /// The bytes that stay, and whether they are clean already.
    kept: Vec<(Range<usize>, bool)>,
    /// How many bytes of long values are still looked at. Values of broken blocks overlap.
    room: usize,
    has_note: bool,
}

impl<'a> Block<'a> {
    fn new(data: &'a mut [u8], little: bool) -> Self {
        let room = 2 * data.len();
        Self { data, little, kept: vec![(0..8, false)], room, has_note: false }
    }

    /// The number of `length` bytes at an offset.
    fn number(&self, at: usize, length: usize) -> Option<usize> {
        Some(number(self.data.get(at..at.checked_add(length)?)?, self.little))
    }

    /// Where the values of an entry stand, which may be outside of the block.
    fn value(&self, entry: usize) -> Option<Range<usize>> {
        let length = self.number(entry + 4, 4)?.saturating_mul(size(self.number(entry + 2, 2)?));
        let at = if length > 4 { self.number(entry + 8, 4)? } else { entry + 8 };
        Some(at..at.saturating_add(length))
    }

    /// The end of all that is reached from the first directory: directories, values and pixels. That of the block when there is more than that.
    fn extent(&self, first: usize) -> usize {
        let mut end = 8;
        let (mut directories, mut next) = (vec![first], 0);
        while let Some(at) = directories.get(next).copied() {
            match self.extent_of(at, &mut directories) {
                Some(of_this) => end = end.max(of_this),
                None => return self.data.len(),
            }
            next += 1;
        }
        end.min(self.data.len())
    }

    /// The end of what one directory reaches. None when it leads to more pictures.
    fn extent_of(&self, at: usize, directories: &mut Vec<usize>) -> Option<usize> {
        let count = self.number(at, 2)?;
        let mut end = at + 2 + 12 * count + 4;
        let (mut places, mut lengths) = (0, 0);
        for entry in (at + 2..).step_by(12).take(count) {
            let (tag, value) = (self.number(entry, 2)?, self.value(entry)?);
            end = end.max(value.end);
            let short = if self.number(entry + 2, 2)? == 3 { 2 } else { 4 };
            let most = || self.data.get(value.clone()).map(|v| v.chunks(short).map(|v| number(v, self.little)).max());
            if DIRECTORIES.contains(&tag) {
                let at = self.number(entry + 8, 4)?;
                if directories.len() < MAX_DIRECTORIES && !directories.contains(&at) {
                    directories.push(at);
                }
            } else if PIXELS.iter().any(|(place, _)| *place == tag) {
                places = most()?.unwrap_or(0).max(places);
            } else if PIXELS.iter().any(|(_, length)| *length == tag) {
                lengths = most()?.unwrap_or(0).max(lengths);
            } else if tag == 0x014A {
                return None;
            }
        }
        // No directory may come next.
        let link = self.number(at + 2 + 12 * count, 4).unwrap_or(0);
        (link == 0).then_some(end.max(places.saturating_add(lengths)))
    }

    /// Keeps a directory and those that it leads to.
    fn keep_directories(&mut self, first: usize) {
        let (mut directories, mut next) = (vec![first], 0);
        while let Some(at) = directories.get(next).copied() {
            // One that lies outside is left out, like all that it would have led to.
            let _ = self.keep_directory(at, &mut directories);
            next += 1;
        }
    }

    /// Writes a number of two bytes at an offset that was read before.
    fn set_short(&mut self, at: usize, number: u16) {
        let bytes = if self.little { number.to_le_bytes() } else { number.to_be_bytes() };
        self.data[at..at + 2].copy_from_slice(&bytes);
    }

    /// States the size in the directory at an offset. Adds that of Exif, if it leads there.
    fn state_size(&mut self, at: usize, size: (u32, u32), directories: &mut Vec<usize>) -> Option<()> {
        let count = self.number(at, 2)?;
        for entry in (at + 2..).step_by(12).take(count) {
            let (tag, _) = (self.number(entry, 2)?, self.number(entry + 8, 4)?);
            let side = match tag {
                _ if WIDTHS.contains(&tag) => size.0,
                _ if HEIGHTS.contains(&tag) => size.1,
                _ if tag == DIRECTORIES[0] && directories.len() < 2 => {
                    directories.push(self.number(entry + 8, 4)?);
                    continue;
                }
                _ => continue,
            };
            self.set_short(entry + 2, LONG_NUMBER);
            self.set_long(entry + 4, 1);
            self.set_long(entry + 8, side);
        }
        Some(())
    }

    /// Writes a number of four bytes at an offset that was read before.
    fn set_long(&mut self, at: usize, number: u32) {
        let bytes = if self.little { number.to_le_bytes() } else { number.to_be_bytes() };
        self.data[at..at + 4].copy_from_slice(&bytes);
    }

    /// Keeps the directory at an offset without its link to the next one, and what its entries hold. Adds the directories that it leads to.
    fn keep_directory(&mut self, at: usize, directories: &mut Vec<usize>) -> Option<()> {
        let stated = self.number(at, 2)?;
        let entries = at + 2;
        let count = stated.min((self.data.len() - entries) / 12);
        let mut end = entries;
        for entry in (entries..).step_by(12).take(count) {
            let (tag, value) = (self.number(entry, 2)?, self.value(entry)?);
            if LEFT_OUT.contains(&tag) {
                continue;
            }
            if DIRECTORIES.contains(&tag) {
                let at = self.number(entry + 8, 4)?;
                if directories.len() < MAX_DIRECTORIES && !directories.contains(&at) {
                    directories.push(at);
                }
            } else if value.len() > 4 && !self.keep_value(tag, value) {
                continue;
            }
            self.data.copy_within(entry..entry + 12, end);
            if tag == ORIENTATION {
                self.set_short(end + 8, 1);
            }
            end += 12;
        }
        self.set_short(at, u16::try_from((end - entries) / 12).ok()?);
        // No directory comes next. What is left of the entries is blanked with all that nobody keeps.
        let link = end..(end + 4).min(self.data.len());
        self.data[link.clone()].fill(0);
        self.kept.push((at..link.end, false));
        Some(())
    }

    /// Keeps a value that has a place of its own. False when it may show the picture.
    fn keep_value(&mut self, tag: usize, value: Range<usize>) -> bool {
        // Nothing is kept of a value that hangs over. Its entry stays.
        let Some(bytes) = self.data.get_mut(value.clone()) else { return true };
        if tag == MAKER_NOTE {
            if !std::mem::replace(&mut self.has_note, true) {
                maker_note::blank(bytes, value.start, self.little, blank_embedded);
                self.kept.push((value, true));
                return true;
            }
            return false;
        }
        if bytes.len() > PICTURE && !LONG.contains(&tag) {
            let Some(room) = self.room.checked_sub(bytes.len()) else { return false };
            self.room = room;
            if !(is_text(bytes) || WIDE.contains(&tag) && is_wide_text(bytes) || bytes.iter().all(|byte| *byte == 0)) {
                return false;
            }
        }
        self.kept.push((value, false));
        true
    }

    /// Blanks all bytes but those that are kept, and these where they hold a preview. Gives the end of the last one.
    fn blank(mut self, fill: u8, depth: usize) -> usize {
        self.kept.sort_by_key(|(range, _)| range.start);
        let mut end = 0;
        for (range, is_clean) in self.kept {
            if range.start > end {
                self.data[end..range.start].fill(fill);
                end = range.start;
            }
            if range.end > end {
                if !is_clean {
                    // What a TIFF structure begins with is the signature of one.
                    let start = if end == 0 { 8 } else { end };
                    previews::blank(&mut self.data[start..range.end], fill, depth, blank_embedded);
                }
                end = range.end;
            }
        }
        end
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use image::metadata::Orientation;

    /// Big-endian TIFF with orientation 6 in IFD0 and a four-byte thumbnail linked from IFD1.
    pub(in super::super) fn exif_with_thumbnail() -> Vec<u8> {
        let mut tiff = b"MM\0\x2a\0\0\0\x08".to_vec();
        tiff.extend([0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0]); // one entry: orientation 6
        tiff.extend([0, 0, 0, 26]); // IFD1 at 26
        tiff.extend([0, 2]);
        tiff.extend([0x02, 0x01, 0, 4, 0, 0, 0, 1, 0, 0, 0, 56]);
        tiff.extend([0x02, 0x02, 0, 4, 0, 0, 0, 1, 0, 0, 0, 4]);
        tiff.extend([0, 0, 0, 0]);
        tiff.extend([9, 9, 9, 9]);
        tiff
    }

    #[test]
    fn saved_exif_is_upright_and_has_no_thumbnail_of_what_was_erased() {
        let clean = cleaned(exif_with_thumbnail()).unwrap();
        assert_eq!(Orientation::from_exif_chunk(&clean), Some(Orientation::NoTransforms));
        assert_eq!(clean[22..], [0; 4], "IFD1 is unlinked, and nothing follows");
    }

    #[test]
    fn the_size_is_stated_wherever_one_is() {
        for little in [false, true] {
            let short = |n: u16| if little { n.to_le_bytes() } else { n.to_be_bytes() };
            let long = |n: u32| if little { n.to_le_bytes() } else { n.to_be_bytes() };
            let entry =
                |tag: u16, kind: u16, value: [u8; 4]| [&short(tag)[..], &short(kind), &long(1), &value].concat();
            let of_short = |n: u16| [short(n)[0], short(n)[1], 0, 0];
            let begin = [if little { &b"II"[..] } else { b"MM" }, &short(42), &long(8)].concat();
            let first =
                [&short(2)[..], &entry(0x0100, 3, of_short(4000)), &entry(0x8769, 4, long(38)), &long(0)].concat();
            let second = [
                &short(3)[..],
                &entry(0x9214, 3, of_short(9)),
                &entry(0xA002, 3, of_short(4000)),
                &entry(0xA003, 4, long(3000)),
                &long(0),
            ]
            .concat();
            let mut clean = cleaned([begin, first, second].concat()).unwrap();
            state_size(&mut clean, 70_000, 31);
            let has = |wanted: &[u8]| clean.windows(12).any(|window| window == wanted);
            assert!(has(&entry(0x0100, 4, long(70_000))) && has(&entry(0xA002, 4, long(70_000))));
            assert!(has(&entry(0xA003, 4, long(31))));
            assert!(!clean.windows(2).any(|window| window == short(0x9214)), "where the subject was");
        }
    }

    #[test]
    fn malformed_exif_is_survived() {
        let exif = exif_with_thumbnail();
        for cut in 0..exif.len() {
            cleaned(exif[..cut].to_vec());
            state_size(&mut exif[..cut].to_vec(), 7, 5);
        }
        for at in 0..exif.len() {
            let mut hostile = exif.clone();
            hostile[at] = 0xFF;
            state_size(&mut hostile, 7, 5);
            cleaned(hostile);
        }
    }

    #[test]
    fn a_block_that_cannot_be_read_is_not_saved() {
        let big_tiff = b"II\x2B\0\x08\0\0\0\x10\0\0\0\0\0\0\0".to_vec();
        let mixed_up = b"II\0\x2A\0\0\0\x08\0\0\0\0\0\0".to_vec();
        let outside = b"MM\0\x2A\xFF\xFF\xFF\xFF\0\0\0\0\0\0".to_vec();
        for block in [vec![], b"Exif\0\0".to_vec(), big_tiff, mixed_up, outside] {
            assert_eq!(cleaned(block), None);
        }
    }
}
