//! Exif as it is saved with an edited picture.
//!
//! An Exif block is a TIFF structure: directories (IFDs) of entries, whose values stand anywhere in the block. Directories that describe the
//! picture are kept, with the values that they name. All other bytes are blanked, so that no preview survives, however it is coded and whoever
//! points to it: those of IFD1 and of sub-IFDs as well as those that a maker's note keeps outside of itself.

use super::previews;
use std::ops::Range;

/// Maximum number of directories that are read. Honest blocks have four: the picture's, Exif's, that of places and that of interoperability.
const MAX_DIRECTORIES: usize = 16;
/// Entries that lead to further directories about the picture: Exif, GPS, interoperability.
const DIRECTORIES: [usize; 3] = [0x8769, 0x8825, 0xA005];
/// The picture's orientation.
const ORIENTATION: usize = 0x0112;
/// Entries that hold or locate pixels, or another program's description of the unedited picture.
const LEFT_OUT: [usize; 14] = [
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
];

/// The block upright (orientation 1) and without anything that still shows the unedited picture. None for a block that cannot be read: nobody
/// knows what is in it.
pub(super) fn cleaned(mut data: Vec<u8>) -> Option<Vec<u8>> {
    // Some writers keep JPEG's header in other containers.
    if data.starts_with(b"Exif\0\0") {
        data.drain(..6);
    }
    let little = match data.get(..4)? {
        [b'I', b'I', 42, 0] => true,
        [b'M', b'M', 0, 42] => false,
        _ => return None,
    };
    let mut block = Block { data, little, kept: std::iter::once(0..8).collect() };
    let mut directories = vec![block.number(4, 4)?];
    block.number(directories[0], 2)?;
    let mut next = 0;
    while let Some(at) = directories.get(next).copied() {
        // One that lies outside is left out, like all that it would have led to.
        let _ = block.keep_directory(at, &mut directories);
        next += 1;
    }
    Some(block.blanked())
}

/// A block that is being cleaned.
struct Block {
    data: Vec<u8>,
    little: bool,
    /// The bytes that stay.
    kept: Vec<Range<usize>>,
}

impl Block {
    /// The number of `length` bytes at an offset.
    fn number(&self, at: usize, length: usize) -> Option<usize> {
        let bytes = self.data.get(at..at.checked_add(length)?)?.iter();
        let add = |number: usize, byte: &u8| number << 8 | usize::from(*byte);
        Some(if self.little { bytes.rev().fold(0, add) } else { bytes.fold(0, add) })
    }

    /// Writes a number of two bytes at an offset that was read before.
    fn set_short(&mut self, at: usize, number: u16) {
        let bytes = if self.little { number.to_le_bytes() } else { number.to_be_bytes() };
        self.data[at..at + 2].copy_from_slice(&bytes);
    }

    /// Keeps the directory at an offset without its link to the next one, and what its entries hold. Adds the directories that it leads to.
    fn keep_directory(&mut self, at: usize, directories: &mut Vec<usize>) -> Option<()> {
        let stated = self.number(at, 2)?;
        let entries = at + 2;
        let count = stated.min((self.data.len() - entries) / 12);
        let mut end = entries;
        for entry in (entries..).step_by(12).take(count) {
            let (tag, kind, values) = (self.number(entry, 2)?, self.number(entry + 2, 2)?, self.number(entry + 4, 4)?);
            if LEFT_OUT.contains(&tag) {
                continue;
            }
            let value = self.number(entry + 8, 4)?;
            let length = values.saturating_mul(size(kind));
            if DIRECTORIES.contains(&tag) {
                if directories.len() < MAX_DIRECTORIES && !directories.contains(&value) {
                    directories.push(value);
                }
            } else if length > 4 {
                self.kept.extend(value.checked_add(length).filter(|end| *end <= self.data.len()).map(|end| value..end));
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
        self.kept.push(at..link.end);
        Some(())
    }

    /// The block with all bytes blank but those that are kept, and these without previews.
    fn blanked(mut self) -> Vec<u8> {
        self.kept.sort_by_key(|range| range.start);
        let mut end = 0;
        for range in self.kept {
            if range.start > end {
                self.data[end..range.start].fill(0);
                end = range.start;
            }
            if range.end > end {
                previews::blank(&mut self.data[end..range.end], 0);
                end = range.end;
            }
        }
        self.data.truncate(end);
        self.data
    }
}

/// Length in bytes of a value of a TIFF type. Values of unknown types are taken for bytes.
fn size(kind: usize) -> usize {
    match kind {
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 => 8,
        _ => 1,
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
    fn malformed_exif_is_survived() {
        let exif = exif_with_thumbnail();
        for cut in 0..exif.len() {
            cleaned(exif[..cut].to_vec());
        }
        for at in 0..exif.len() {
            let mut hostile = exif.clone();
            hostile[at] = 0xFF;
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
