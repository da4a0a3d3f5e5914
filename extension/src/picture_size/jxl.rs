//! JPEG XL (ISO/IEC 18181): the size header of a bare codestream, or of one in boxes.

use super::bytes::{Order, number};
use super::sides::Sides;

/// Width and height of the aspect ratios that have a number, from 1 on.
const RATIOS: [(u64, u64); 7] = [(1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1)];

pub(super) fn size(head: &[u8]) -> Option<Sides> {
    if head.starts_with(&[0xFF, 0x0A]) {
        return of_codestream(head);
    }
    let mut boxes = head;
    loop {
        let length = number(boxes, 0, 4, Order::Big)? as usize;
        match boxes.get(4..8)? {
            b"jxlc" => return of_codestream(boxes.get(8..)?),
            // A part of the codestream, with its number in front. The first part holds the header.
            b"jxlp" => return of_codestream(boxes.get(12..)?),
            _ => boxes = boxes.get(length.max(8)..)?,
        }
    }
}

/// Bits from the least significant one of each byte on.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> Option<u64> {
        let mut number = 0;
        for place in 0..count {
            number |= u64::from(self.bytes.get(self.at / 8)? >> (self.at % 8) & 1) << place;
            self.at += 1;
        }
        Some(number)
    }

    /// A side: `small` ones in units of 8 pixels.
    fn side(&mut self, small: bool) -> Option<u64> {
        if small {
            return Some((self.take(5)? + 1) * 8);
        }
        let bits = [9, 13, 18, 30][self.take(2)? as usize];
        Some(self.take(bits)? + 1)
    }
}

fn of_codestream(stream: &[u8]) -> Option<Sides> {
    let mut bits = Bits { bytes: stream.strip_prefix(&[0xFF, 0x0A])?, at: 0 };
    let small = bits.take(1)? == 1;
    let height = bits.side(small)?;
    let width = match bits.take(3)? {
        0 => bits.side(small)?,
        ratio => {
            let (across, down) = RATIOS[ratio as usize - 1];
            height * across / down
        }
    };
    Some((u32::try_from(width).ok()?, u32::try_from(height).ok()?))
}
