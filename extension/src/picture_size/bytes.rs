//! Numbers in files.

/// Which byte of a number comes first.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Order {
    /// The most significant one.
    Big,
    /// The least significant one.
    Little,
}

/// The number of `length` bytes, 4 at most, at an offset; none outside of `bytes`.
pub(super) fn number(bytes: &[u8], at: usize, length: usize, order: Order) -> Option<u32> {
    let digits = bytes.get(at..at.checked_add(length)?)?.iter();
    let add = |number: u32, byte: &u8| number << 8 | u32::from(*byte);
    Some(if order == Order::Big { digits.fold(0, add) } else { digits.rev().fold(0, add) })
}
