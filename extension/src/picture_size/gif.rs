//! GIF89a: the screen, and the first frame, which may stick out of it.

use super::bytes::{Order, number};
use super::sides::Sides;

/// The screen, enlarged to hold the first frame.
pub(super) fn size(head: &[u8]) -> Option<Sides> {
    let short = |at| number(head, at, 2, Order::Little);
    let (mut width, mut height) = (short(6)?, short(8)?);
    let flags = *head.get(10)?;
    // A palette has a colour for each value of so many bits.
    let palette = if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) };
    let mut at = 13 + palette;
    loop {
        match head.get(at)? {
            b',' => {
                width = width.max(short(at + 1)? + short(at + 5)?);
                height = height.max(short(at + 3)? + short(at + 7)?);
                return Some((width, height));
            }
            b'!' => at = after_blocks(head, at + 2)?,
            _ => return None,
        }
    }
}

/// Where the blocks that begin at `at` end: each has its length in front, and the last one has none.
fn after_blocks(head: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let length = usize::from(*head.get(at)?);
        at += 1 + length;
        if length == 0 {
            return Some(at);
        }
    }
}
