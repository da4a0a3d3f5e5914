//! Where the pixels come from: a list of steps, each of which is tried only when the one before it failed.

use crate::protocol::page::{Picture, PictureKind};

/// A step of the ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// What the element itself holds.
    ReadDirect,
    /// The page's own fetch of the URL.
    PageFetch,
    /// The extension's fetch, after the user agreed that it reads pictures of this site for this page.
    ExtensionFetch {
        /// What to fetch.
        url: String,
        /// Whom it belongs to.
        site: Site,
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
            if let Some(site) = Site::of(url) {
                steps.push(Step::ExtensionFetch { url: url.to_owned(), site });
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

/// Whom a web URL belongs to, as the browser's API and the user know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// `https://example.org:8443`.
    pub origin: String,
    /// Match pattern for its permission. Match patterns have no port.
    pub pattern: String,
    /// Host, for sentences.
    pub host: String,
}

impl Site {
    /// None for schemes other than those of the web.
    pub fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let host_and_port = authority.rsplit('@').next()?;
        let host = if host_and_port.starts_with('[') {
            host_and_port.split_inclusive(']').next()?
        } else {
            host_and_port.split(':').next()?
        };
        (!host.is_empty()).then(|| Self {
            origin: format!("{scheme}://{host_and_port}"),
            pattern: format!("{scheme}://{host}/*"),
            host: host.to_owned(),
        })
    }
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
        let site = Site {
            origin: "https://cdn.example.org:8443".into(),
            pattern: "https://cdn.example.org/*".into(),
            host: "cdn.example.org".into(),
        };
        let fetch = Step::ExtensionFetch { url: url.into(), site };
        assert_eq!(steps, [Step::ReadDirect, Step::PageFetch, fetch, Step::Capture]);
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
    fn sites_are_read_from_any_url_without_a_panic() {
        let site = Site::of("http://user:pw@host.example:81/x").expect("a site");
        assert_eq!((&*site.origin, &*site.pattern), ("http://host.example:81", "http://host.example/*"));
        let site = Site::of("http://[::1]:8080/x").expect("a site");
        assert_eq!((&*site.origin, &*site.host), ("http://[::1]:8080", "[::1]"));
        for url in ["", "file:///x", "ftp://h/x", "https://", "https:///x", "data:,x", "chrome-extension://id/x"] {
            assert_eq!(Site::of(url), None, "{url}");
        }
    }
}
