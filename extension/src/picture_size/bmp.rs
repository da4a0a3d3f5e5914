//! Windows bitmaps.

use super::bytes::{Order, number};
use super::sides::Sides;

/// That in a header of any version, which comes after the file's own. A negative height means that rows go from top to bottom.
pub(super) fn size(header: &[u8]) -> Option<Sides> {
    let field = |at, length| number(header, at, length, Order::Little);
    if field(0, 4)? == 12 {
        return Some((field(4, 2)?, field(6, 2)?));
    }
    let side = |at| Some(field(at, 4)?.cast_signed().unsigned_abs());
    Some((side(4)?, side(8)?))
}
