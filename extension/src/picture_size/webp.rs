//! WebP: the canvas of an extended file, or the picture of a simple one (RFC 9649). Decoders refuse frames that do not fit the canvas.

use super::bytes::{Order, number};
use super::sides::Sides;

/// Bits of a side in the headers of pictures.
const SIDE: u32 = 0x3FFF;

pub(super) fn size(head: &[u8]) -> Option<Sides> {
    let field = |at, length| number(head, at, length, Order::Little);
    Some(match head.get(12..16)? {
        b"VP8X" => (field(24, 3)? + 1, field(27, 3)? + 1),
        b"VP8L" => {
            let bits = field(21, 4)?;
            ((bits & SIDE) + 1, (bits >> 14 & SIDE) + 1)
        }
        // The two highest bits are a scale for players.
        b"VP8 " => (field(26, 2)? & SIDE, field(28, 2)? & SIDE),
        _ => return None,
    })
}
