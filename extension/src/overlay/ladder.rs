//! Where the pixels come from: a list of steps, each of which is tried only when the one before it failed.

use crate::protocol::page::{Picture, PictureKind};

/// A step of the ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// What the element itself holds.
    ReadDirect,
    /// The page's own fetch of the URL.
    PageFetch,
    /// The extension's fetch, where the origin's permission is already granted.
    ExtensionFetch {
        /// What to fetch.
        url: String,
        /// Match pattern of its origin, as `permissions.contains` wants it.
        origin: String,
    },
    /// Ask the user for that one origin, then fetch.
    AskOrigin {
        /// What to fetch.
        url: String,
        /// Match pattern of its origin, as `permissions.request` wants it.
        origin: String,
        /// Host, for the sentence.
        host: String,
    },
    /// Crop a capture of the visible tab, after saying so.
    Capture,
}

/// The steps for one picture, in order.
#[derive(Clone, Debug)]
pub struct Ladder {
    steps: std::vec::IntoIter<Step>,
}

impl Ladder {
    /// `capture` says whether the picture can be seen in its tab (it cannot from an overlay in another tab).
    pub fn new(picture: &Picture, capture: bool) -> Self {
        let mut steps = vec![Step::ReadDirect];
        let by_url = !matches!(picture.kind, PictureKind::Canvas | PictureKind::Video);
        if let Some(url) = picture.url.as_deref().filter(|_| by_url && !picture.same_origin) {
            steps.push(Step::PageFetch);
            if let Some((origin, host)) = origin_of(url) {
                let url = url.to_owned();
                steps.push(Step::ExtensionFetch { url: url.clone(), origin: origin.clone() });
                steps.push(Step::AskOrigin { url, origin, host });
            }
        }
        if capture {
            steps.push(Step::Capture);
        }
        Self { steps: steps.into_iter() }
    }
}

impl Iterator for Ladder {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        self.steps.next()
    }
}

/// Match pattern and host of a web URL; none for other schemes. Match patterns have no port.
pub fn origin_of(url: &str) -> Option<(String, String)> {
    let (scheme, rest) = url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host_and_port = authority.rsplit('@').next()?;
    let host = if host_and_port.starts_with('[') {
        host_and_port.split_inclusive(']').next()?
    } else {
        host_and_port.split(':').next()?
    };
    (!host.is_empty()).then(|| (format!("{scheme}://{host}/*"), host.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::examples::{plain_geometry, plain_picture};
    use crate::protocol::{Point, Size};

    fn picture(kind: PictureKind, url: Option<&str>, same_origin: bool) -> Picture {
        let geometry = plain_geometry(Size { width: 10.0, height: 10.0 }, Point::default());
        Picture { kind, url: url.map(Into::into), same_origin, ..plain_picture(geometry) }
    }

    #[test]
    fn a_cross_origin_picture_climbs_every_step_in_order() {
        let url = "https://cdn.example.org:8443/a.png?b=c";
        let steps: Vec<Step> = Ladder::new(&picture(PictureKind::Image, Some(url), false), true).collect();
        let origin = "https://cdn.example.org/*".to_owned();
        assert_eq!(
            steps,
            [
                Step::ReadDirect,
                Step::PageFetch,
                Step::ExtensionFetch { url: url.into(), origin: origin.clone() },
                Step::AskOrigin { url: url.into(), origin, host: "cdn.example.org".into() },
                Step::Capture,
            ]
        );
    }

    #[test]
    fn what_the_page_owns_is_read_or_captured_and_nothing_is_asked_for() {
        for (kind, url) in [
            (PictureKind::Image, Some("https://example.org/a.png")),
            (PictureKind::Image, Some("data:image/png;base64,AAAA")),
            (PictureKind::Background, Some("blob:https://example.org/1-2")),
        ] {
            let steps: Vec<Step> = Ladder::new(&picture(kind, url, true), true).collect();
            assert_eq!(steps, [Step::ReadDirect, Step::Capture]);
        }
    }

    #[test]
    fn pixels_without_an_address_are_never_fetched() {
        for kind in [PictureKind::Canvas, PictureKind::Video] {
            let tainted = picture(kind, Some("https://elsewhere.example/v.mp4"), false);
            assert_eq!(Ladder::new(&tainted, true).collect::<Vec<_>>(), [Step::ReadDirect, Step::Capture]);
        }
    }

    #[test]
    fn a_picture_that_cannot_be_seen_is_not_captured() {
        let far = picture(PictureKind::Image, Some("https://a.example/x"), false);
        assert!(Ladder::new(&far, false).all(|s| s != Step::Capture));
    }

    #[test]
    fn origins_are_read_from_any_url_without_a_panic() {
        assert_eq!(
            origin_of("http://user:pw@host.example:81/x").map(|o| o.0).as_deref(),
            Some("http://host.example/*")
        );
        assert_eq!(origin_of("http://[::1]:8080/x").map(|o| o.1).as_deref(), Some("[::1]"));
        for url in ["", "file:///x", "ftp://h/x", "https://", "https:///x", "data:,x", "chrome-extension://id/x"] {
            assert_eq!(origin_of(url), None, "{url}");
        }
    }
}
