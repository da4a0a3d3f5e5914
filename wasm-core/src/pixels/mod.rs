//! Pictures, masks, rectangles with straight and with round corners, and simple operations on them. Nothing here knows file formats or ways to fill.

mod components;
mod cutout;
mod image;
mod mask;
mod rect;
mod resample;

pub use self::image::{Image, MAX_PIXELS, Patch};
pub use components::{Component, Components};
pub use cutout::{Corner, Cutout};
pub use mask::Mask;
pub use rect::Rect;
pub use resample::{Filter, resize, scaled};
