//! What a page may learn of an edit.
//!
//! What is put into a page can be read by its scripts. The user's right to see pixels is not the page's right to read them.

use crate::protocol::Failure;
use crate::protocol::page::{Picture, PictureKind};
use serde::{Deserialize, Serialize};

/// Whose pixels are edited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// The page can read them by itself.
    #[default]
    Page,
    /// They are cut out of a capture of the tab, where anything can shine through: frames of other sites, say, at 4 % opacity.
    Capture,
}

impl Source {
    /// Why a result cannot take the picture's place in its page; none where it can.
    pub fn refusal(self, picture: Option<&Picture>) -> Option<Failure> {
        match self {
            Self::Capture => Some(Failure::Captured),
            Self::Page if picture.is_some_and(|picture| picture.kind == PictureKind::Video) => {
                Some(Failure::NotReplaceable)
            }
            Self::Page => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::examples::{picture_kinds, plain_geometry, plain_picture};
    use crate::protocol::{Point, Size};

    #[test]
    fn a_capture_is_never_put_into_a_page_and_a_video_takes_nothing() {
        let geometry = plain_geometry(Size { width: 10.0, height: 10.0 }, Point::default());
        for kind in picture_kinds() {
            let picture = Picture { kind, ..plain_picture(geometry.clone()) };
            assert_eq!(Source::Capture.refusal(Some(&picture)), Some(Failure::Captured));
            let refusal = Source::Page.refusal(Some(&picture));
            assert_eq!(refusal, (kind == PictureKind::Video).then_some(Failure::NotReplaceable));
        }
        assert_eq!(Source::Capture.refusal(None), Some(Failure::Captured));
    }
}
