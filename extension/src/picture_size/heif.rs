//! AVIF and HEIF (ISO/IEC 14496-12, 23008-12): boxes in boxes. Tiles and the grid that they make up have a size each.

use super::bytes::{Order, number};
use super::sides::{Sides, area, larger};

/// How deep boxes with a size stand in others; deeper ones are not looked at.
const DEPTH: usize = 4;

/// The largest of all pictures of a file, or of all tracks of a sequence, which decoders prefer there. None while a box that holds such sizes is
/// not there as a whole.
pub(super) fn size(head: &[u8]) -> Option<Sides> {
    let mut found = Found { largest: (0, 0), in_tracks: head.get(8..12)? == b"avis" };
    found.look(head, DEPTH)?;
    (area(found.largest) > 0).then_some(found.largest)
}

/// What was found so far.
struct Found {
    largest: Sides,
    /// The sizes of tracks count, and not those of pictures.
    in_tracks: bool,
}

impl Found {
    /// Looks at a row of boxes. None when one that matters is cut off.
    fn look(&mut self, mut boxes: &[u8], depth: usize) -> Option<()> {
        while let (Some(length), Some(kind)) = (number(boxes, 0, 4, Order::Big), boxes.get(4..8)) {
            let (header, end) = match length {
                // It reaches to the end of the file.
                0 => (8, boxes.len()),
                // The length in 64 bits follows. Nothing that matters is longer than 4 GiB.
                1 if number(boxes, 8, 4, Order::Big)? > 0 => (16, usize::MAX),
                1 => (16, number(boxes, 12, 4, Order::Big)? as usize),
                length => (8, length as usize),
            };
            let contents = boxes.get(header..end);
            match kind {
                b"iprp" | b"ipco" | b"moov" | b"trak" if depth > 0 => self.look(contents?, depth - 1)?,
                // Version and flags come first.
                b"meta" if depth > 0 => self.look(contents?.get(4..)?, depth - 1)?,
                b"ispe" if !self.in_tracks => self.add(contents?, 4, 0)?,
                // In 1/65536 of a pixel, at the end.
                b"tkhd" if self.in_tracks => self.add(contents?, contents?.len().checked_sub(8)?, 16)?,
                _ => {}
            }
            boxes = boxes.get(end.max(header)..).unwrap_or_default();
        }
        Some(())
    }

    /// Adds the size at an offset, stated with so many binary places.
    fn add(&mut self, contents: &[u8], at: usize, places: u32) -> Option<()> {
        let side = |at| Some(number(contents, at, 4, Order::Big)? >> places);
        self.largest = larger(self.largest, (side(at)?, side(at + 4)?));
        Some(())
    }
}
