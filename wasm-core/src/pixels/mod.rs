//! Pictures, masks and the rectangles they live in. No codecs, no algorithms.

mod blur;
mod components;
mod image;
mod mask;
mod rect;
mod resample;

pub use self::image::{Image, MOST_PIXELS, Patch};
pub use blur::gaussian_blur;
pub use components::{Component, Components};
pub use mask::Mask;
pub use rect::Rect;
#[cfg(test)]
pub(crate) use resample::fixtures;
pub use resample::{Filter, resize};
