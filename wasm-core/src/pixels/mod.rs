//! Pictures, masks and the rectangles they live in. No codecs, no algorithms.

mod image;
mod mask;
mod rect;

pub use self::image::{Image, MOST_PIXELS, Patch};
pub use mask::Mask;
pub use rect::Rect;
