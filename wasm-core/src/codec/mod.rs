//! Picture files: what a file is, its metadata, and how to write an edited picture in the same way.
//!
//! Decoding is shared with the browser. It is done here where a canvas would change values, because a canvas premultiplies alpha (PNG, GIF,
//! lossless WebP). The browser decodes where its result is what the user sees in the page (JPEG's chroma upsampling, lossy WebP, AVIF), so that
//! an edited picture differs from the page in the fill only.

mod comments;
mod decode;
mod deep;
mod encode;
mod exif;
mod format;
mod framing;
mod gif_blocks;
mod heif;
#[cfg(test)]
mod hidden_tests;
mod jpeg;
#[cfg(test)]
mod kept_tests;
mod maker_note;
mod metadata;
mod packet;
mod palette;
mod paths;
mod png_text;
mod previews;
mod resources;
mod rows;
mod streams;
#[cfg(test)]
mod tests;
mod tiff;
mod tiff_values;
mod vp8;
mod xmp;

pub use decode::{Extra, Source};
pub use deep::write_png_deep;
#[cfg(test)]
use encode::encode_jpeg;
pub use encode::{
    JpegQuality, encode_png, encode_webp_lossless, with_metadata, write_jpeg, write_png, write_png_of_few,
};
pub use format::Format;
pub use framing::Framing;
pub use jpeg::JpegCoding;
pub use metadata::Metadata;
pub use palette::Palette;
#[cfg(test)]
use rows::at_once;
pub use tiff::tiff_as_png;
pub use vp8::WebpCoding;
#[cfg(test)]
use xmp::edit_note;
