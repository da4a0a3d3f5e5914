//! Icons and cursors of Windows, each of whose pictures is a PNG or a bitmap with a size of its own.

use super::bytes::{Order, number};
use super::sides::{Sides, larger};
use super::{bmp, png};

/// That of the largest picture, as the directory or the picture itself states it.
pub(super) fn size(head: &[u8]) -> Option<Sides> {
    let field = |at, length| number(head, at, length, Order::Little);
    let mut largest = (0, 0);
    for entry in (0..field(4, 2)? as usize).map(|i| 6 + 16 * i) {
        // 0 stands for 256.
        let side = |at| Some((field(at, 1)?.wrapping_sub(1) & 255) + 1);
        largest = larger(largest, (side(entry)?, side(entry + 1)?));
        let picture = head.get(field(entry + 12, 4)? as usize..)?;
        let own = if picture.starts_with(b"\x89PNG") {
            png::size(picture)?
        } else {
            // The height of a bitmap is that of picture and mask together.
            let (width, height) = bmp::size(picture)?;
            (width, height / 2)
        };
        largest = larger(largest, own);
    }
    Some(largest)
}
