//! Pictures, masks and the rectangles they live in. No codecs, no algorithms.

mod components;
mod image;
mod mask;
mod rect;
mod resample;

pub use self::image::{Image, MOST_PIXELS, Patch};
pub use components::{Component, Components};
pub use mask::Mask;
pub use rect::Rect;
pub use resample::{Filter, resize};
