//! TIFF 6.0: the entries of the first directory.

use super::bytes::{Order, number};
use super::sides::Sides;

/// What a file begins with, for either order of bytes.
const MAGIC: [&[u8]; 2] = [b"II\x2A\0", b"MM\0\x2A"];

/// Whether a file that begins with these four bytes is a TIFF, which browsers do not open.
pub fn is_tiff(head: &[u8]) -> bool {
    MAGIC.contains(&head)
}

/// Tag of the entry with the width.
const WIDTH: u32 = 256;
/// Tag of the entry with the height.
const HEIGHT: u32 = 257;

pub(super) fn size(head: &[u8], order: Order) -> Option<Sides> {
    let field = |at, length| number(head, at, length, order);
    let directory = field(4, 4)? as usize;
    let entries = directory.checked_add(2)?;
    let entry = |wanted| {
        let mut all = (0..field(directory, 2)? as usize).map(|i| entries.saturating_add(12 * i));
        let at = all.find(|at| field(*at, 2) == Some(wanted))?;
        // A short number, or a long one.
        field(at + 8, if field(at + 2, 2)? == 3 { 2 } else { 4 })
    };
    Some((entry(WIDTH)?, entry(HEIGHT)?))
}
