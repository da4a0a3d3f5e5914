//! Tells the format of a file by its first bytes, and has its header read.

use super::bytes::Order;
use super::sides::Sides;
use super::{bmp, gif, heif, icon, jpeg, jxl, png, tiff, webp};

/// How many bytes tell a format.
pub const SIGNATURE: usize = 16;

/// How many bytes tell which pictures an ISO media file may hold: its first box, with room for a dozen brands.
pub const BRANDS: usize = 64;

/// Reads the size from the head of a file.
type Reader = fn(&[u8]) -> Option<Sides>;

/// The size of the picture whose file begins with `head`; none if `head` does not reach to where it stands, or is of no format that is known.
/// Not for SVG, which has no pixels.
pub fn of(head: &[u8]) -> Option<Sides> {
    reader(head)?(head)
}

/// Whether a file that begins with `head` is a picture of a format that is known, whatever a server says of it. Not for SVG.
pub fn is_known(head: &[u8]) -> bool {
    reader(head).is_some()
}

/// What people call the format of a file that begins with `head`, where it is a picture that browsers may not open though nothing is wrong with it.
/// Looks at [`BRANDS`] bytes.
pub fn foreign(head: &[u8]) -> Option<&'static str> {
    let brands = &head[..head.len().min(BRANDS)];
    let has = |brand: &[u8]| brands.windows(brand.len()).any(|bytes| bytes == brand);
    match head {
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Some("TIFF"),
        [0xFF, 0x0A, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => Some("JPEG XL"),
        // ISO/IEC 23008-12, annex B: HEVC in a HEIF file.
        [_, _, _, _, b'f', b't', b'y', b'p', b'h', b'e', b'i' | b'v', ..] => Some("HEIC"),
        // Its main brand names no coding. AVIF is opened.
        [_, _, _, _, b'f', b't', b'y', b'p', b'm', b'i' | b's', b'f', b'1', ..]
            if !has(b"avi") && (has(b"hei") || has(b"hev")) =>
        {
            Some("HEIC")
        }
        _ => None,
    }
}

fn reader(head: &[u8]) -> Option<Reader> {
    Some(match head {
        [0xFF, 0xD8, ..] => jpeg::size,
        [0x89, b'P', b'N', b'G', ..] => png::size,
        [b'G', b'I', b'F', b'8', ..] => gif::size,
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => webp::size,
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => heif::size,
        [0xFF, 0x0A, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => jxl::size,
        [b'B', b'M', ..] => |head| bmp::size(head.get(14..)?),
        [0, 0, 1 | 2, 0, ..] => icon::size,
        [b'I', b'I', 42, 0, ..] => |head| tiff::size(head, Order::Little),
        [b'M', b'M', 0, 42, ..] => |head| tiff::size(head, Order::Big),
        _ => return None,
    })
}
