//! Sizes, and which of them are accepted.

use crate::protocol::Failure;

/// Maximum number of pixels of a picture. The engine keeps 4 bytes for each, and needs as much again to decode and encode them.
pub const MAX_PIXELS: u64 = 120_000_000;
/// Maximum length of a side in pixels: that of a canvas, and of a JPEG.
pub const MAX_SIDE: u32 = 65_535;

/// Width and height in pixels.
pub type Sides = (u32, u32);

/// Checks a size before anything of that size is allocated.
///
/// # Errors
/// [`Failure::TooLarge`] above [`MAX_PIXELS`] or [`MAX_SIDE`], [`Failure::EmptyImage`] for a side of 0.
pub fn check((width, height): Sides) -> Result<(), Failure> {
    if width == 0 || height == 0 {
        return Err(Failure::EmptyImage);
    }
    if width.max(height) > MAX_SIDE || area((width, height)) > MAX_PIXELS {
        return Err(Failure::TooLarge { width, height });
    }
    Ok(())
}

/// Number of pixels.
pub(super) fn area((width, height): Sides) -> u64 {
    u64::from(width) * u64::from(height)
}

/// The one with more pixels.
pub(super) fn larger(a: Sides, b: Sides) -> Sides {
    if area(b) > area(a) { b } else { a }
}
