//! JPEG (ITU T.81): the frame header, behind however much metadata.

use super::bytes::{Order, number};
use super::sides::Sides;

/// That in the first frame header. Like decoders, passes over fill bytes and over what is no marker.
pub(super) fn size(head: &[u8]) -> Option<Sides> {
    let mut at = 2;
    loop {
        at += head.get(at..)?.windows(2).position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0 | 0xFF))? + 2;
        match head[at - 1] {
            // Tables among the frame headers: Huffman's, and those of arithmetic coding.
            0xC4 | 0xC8 | 0xCC => {}
            0xC0..=0xCF => return Some((number(head, at + 5, 2, Order::Big)?, number(head, at + 3, 2, Order::Big)?)),
            // These have no length.
            0x01 | 0xD0..=0xD8 => continue,
            // The end of the picture, or a scan without a frame.
            0xD9 | 0xDA => return None,
            _ => {}
        }
        at += number(head, at, 2, Order::Big)? as usize;
    }
}
