//! Picture files: what a file is, its metadata, and how to write an edited picture in the same way.
//!
//! Decoding is shared with the browser. It is done here where a canvas would change values, because a canvas premultiplies alpha (PNG, GIF,
//! lossless WebP). The browser decodes where its result is what the user sees in the page (JPEG's chroma upsampling, lossy WebP, AVIF), so that
//! an edited picture differs from the page in the fill only.

mod decode;
mod encode;
mod exif;
mod format;
mod jpeg;
mod metadata;
mod png_text;
mod previews;
#[cfg(test)]
mod tests;
mod vp8;
mod xmp;

pub use decode::Source;
#[cfg(test)]
use encode::encode_jpeg;
pub use encode::{encode_png, encode_webp_lossless, with_metadata, write_jpeg, write_png};
pub use format::Format;
pub use jpeg::JpegCoding;
pub use metadata::Metadata;
pub use vp8::WebpCoding;
pub use xmp::edit_note;
