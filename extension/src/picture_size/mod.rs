//! The size of a picture, read from the header of its file before anything decodes it, and the largest size that is accepted.
//!
//! A picture is decoded only if its size was found here: `browser::bitmap` sees to it. Each reader gives the largest size that a decoder could be
//! led to, such as that of a frame that sticks out of a GIF's screen, and finds the header wherever a browser would. It knows every format that
//! browsers decode, and allocates nothing.

mod bmp;
mod bytes;
mod gif;
mod header;
mod heif;
mod icon;
mod jpeg;
mod jxl;
mod plain_text;
mod png;
mod repeats;
mod sides;
mod svg;
#[cfg(test)]
mod tests;
mod tiff;
mod webp;

pub use header::{BRANDS, SIGNATURE, foreign, is_known, of};
pub use sides::{MAX_PIXELS, MAX_SIDE, Sides, check};
pub use svg::{LONGEST_DRAWING, check_drawing};
pub use tiff::is_tiff;
