//! PNG: its first chunk, which has to be the header.

use super::bytes::{Order, number};
use super::sides::Sides;

pub(super) fn size(head: &[u8]) -> Option<Sides> {
    let is_header = head.get(12..16)? == b"IHDR";
    is_header.then_some((number(head, 16, 4, Order::Big)?, number(head, 20, 4, Order::Big)?))
}
