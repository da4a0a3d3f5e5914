//! What the user may set about a saved file: quality, and size in pixels.

use crate::protocol::engine::{FileFormat, SaveAs};

/// Quality of a file whose source has none that could be taken over.
pub const QUALITY: u8 = 90;

/// The quality of a file in `format`: what the user has set, else that of the source where it is of the same format. None is that of the source,
/// or of a format that has none.
pub fn quality(format: FileFormat, native: FileFormat, set: Option<u8>) -> Option<u8> {
    match (format, set) {
        (FileFormat::Png, _) => None,
        (_, Some(quality)) => Some(quality.clamp(1, 100)),
        (_, None) if format == native => None,
        (FileFormat::Jpeg | FileFormat::Webp, None) => Some(QUALITY),
    }
}

/// The size of a picture that is reduced to `width` pixels, in its own proportions. It is never enlarged, and never gone.
pub fn reduced(full: (u32, u32), width: f64) -> (u32, u32) {
    let width = if width.is_nan() { f64::from(full.0) } else { width.round() };
    let width = (width.clamp(1.0, f64::from(full.0.max(1)))) as u32;
    let height = (f64::from(full.1) * f64::from(width) / f64::from(full.0.max(1))).round().max(1.0) as u32;
    (width, height)
}

/// What the engine is asked for.
pub fn save_as(full: (u32, u32), width: f64, quality: Option<u8>) -> SaveAs {
    let (width, height) = reduced(full, width);
    SaveAs { quality, width, height }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_is_the_sources_own_until_it_is_set() {
        use FileFormat::{Jpeg, Png, Webp};
        assert_eq!(quality(Jpeg, Jpeg, None), None);
        assert_eq!(quality(Webp, Webp, None), None);
        assert_eq!(quality(Jpeg, Png, None), Some(QUALITY));
        assert_eq!(quality(Webp, Jpeg, None), Some(QUALITY));
        assert_eq!(quality(Jpeg, Jpeg, Some(40)), Some(40));
        assert_eq!(quality(Jpeg, Jpeg, Some(0)), Some(1));
        assert_eq!(quality(Png, Jpeg, Some(40)), None);
    }

    #[test]
    fn a_picture_keeps_its_proportions_and_is_never_enlarged() {
        assert_eq!(reduced((4000, 3000), 2000.0), (2000, 1500));
        assert_eq!(reduced((4000, 3000), 9000.0), (4000, 3000));
        assert_eq!(reduced((4000, 3000), f64::NAN), (4000, 3000));
        assert_eq!(reduced((4000, 3), 1.0), (1, 1));
        assert_eq!(reduced((4000, 3000), -5.0), (1, 1));
        assert_eq!(reduced((1, 5000), 0.4), (1, 5000));
        assert_eq!(save_as((300, 200), 150.0, Some(7)), SaveAs { quality: Some(7), width: 150, height: 100 });
    }
}
