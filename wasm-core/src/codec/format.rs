//! The container format of a picture file.

/// Container of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Portable Network Graphics.
    Png,
    /// JPEG (JFIF or Exif).
    Jpeg,
    /// Graphics Interchange Format.
    Gif,
    /// WebP, lossy or lossless.
    Webp,
    /// Anything else. The browser may be able to decode it.
    Other,
}

impl Format {
    /// Tells the format by the first bytes of a file.
    pub(super) fn of(bytes: &[u8]) -> Self {
        match bytes {
            [0x89, b'P', b'N', b'G', ..] => Self::Png,
            [0xFF, 0xD8, 0xFF, ..] => Self::Jpeg,
            [b'G', b'I', b'F', b'8', ..] => Self::Gif,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Self::Webp,
            _ => Self::Other,
        }
    }
}
