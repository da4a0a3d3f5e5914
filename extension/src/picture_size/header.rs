//! Tells the format of a file by its first bytes, and has its header read.

use super::bytes::Order;
use super::sides::Sides;
use super::{bmp, gif, heif, icon, jpeg, jxl, png, tiff, webp};

/// The size of the picture whose file begins with `head`; none if `head` does not reach to where it stands, or is of no format that is known.
/// Not for SVG, which has no pixels.
pub fn of(head: &[u8]) -> Option<Sides> {
    match head {
        [0xFF, 0xD8, ..] => jpeg::size(head),
        [0x89, b'P', b'N', b'G', ..] => png::size(head),
        [b'G', b'I', b'F', b'8', ..] => gif::size(head),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => webp::size(head),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => heif::size(head),
        [0xFF, 0x0A, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => jxl::size(head),
        [b'B', b'M', ..] => bmp::size(head.get(14..)?),
        [0, 0, 1 | 2, 0, ..] => icon::size(head),
        [b'I', b'I', 42, 0, ..] => tiff::size(head, Order::Little),
        [b'M', b'M', 0, 42, ..] => tiff::size(head, Order::Big),
        _ => None,
    }
}
