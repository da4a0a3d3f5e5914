//! Files in and out: what a picture's bytes are, what belongs to them beside the pixels, and how to write the
//! like of them again.
//!
//! Decoding is shared with the browser. Where its canvas would lose something (straight alpha is lost in a
//! premultiplied canvas) the pixels are decoded here; where its decoder is the one that the user sees in the
//! page (JPEG's chroma, lossy WebP, AVIF) the browser decodes, so that a picture put back differs nowhere but
//! in the fill.

mod decode;
mod encode;
mod jpeg;
mod metadata;
mod vp8;
mod xmp;

pub use decode::{Format, Source};
pub use encode::{WebpCoding, encode_jpeg, encode_png, encode_webp_lossless, with_metadata};
pub use jpeg::JpegCoding;
pub use metadata::Metadata;
pub use xmp::edit_note;
