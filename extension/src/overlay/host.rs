//! Where the overlay lives, and what differs between its homes.

use super::affine::Affine;
use super::view::View;
use crate::protocol::Size;

/// A home of the overlay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// A frame that the shim has laid over the page. The picture stands where the page shows it.
    Shim,
    /// A tab of its own, for pages whose rules forbid frames of ours. The picture is fitted into the window.
    Tab,
    /// A frame of the editor, which is a page of ours: it stands for the web page, gives the picture and takes the result.
    Editor,
}

impl Host {
    /// The home that the query of the overlay's own address names.
    pub fn of(query: &str) -> Self {
        match query {
            "?tab" => Self::Tab,
            "?editor" => Self::Editor,
            _ => Self::Shim,
        }
    }

    /// Its name in `html[data-mode]`.
    pub fn mode(self) -> &'static str {
        match self {
            Self::Shim => "frame",
            Self::Tab => "tab",
            Self::Editor => "editor",
        }
    }

    /// The first view of a picture (size in pixels) that stands at `home` in the page.
    pub fn view(self, image: Size, viewport: Size, home: Affine) -> View {
        match self {
            Self::Shim => View::in_page(image, viewport, home),
            Self::Tab | Self::Editor => View::in_tab(image, viewport),
        }
    }

    /// The viewport changed, or the picture moved in the page; `home` is none where the picture does not follow the page.
    pub fn refit(self, view: &mut View, viewport: Size, home: Option<Affine>) {
        match (self, home) {
            (Self::Shim, Some(home)) => view.moved(viewport, home),
            (Self::Shim, None) => {}
            (Self::Tab | Self::Editor, _) => view.refitted(viewport),
        }
    }

    /// Whether the page's own picture shows beneath the overlay.
    pub fn shows_page(self) -> bool {
        self == Self::Shim
    }

    /// Whether the picture can be taken from a capture of the tab. `top` says whether it stands in the tab's top document:
    /// only there does its place in the frame tell its place in the tab.
    pub fn can_capture(self, top: bool) -> bool {
        self == Self::Shim && top
    }

    /// Whether the overlay closes its own window at the end. A frame is taken away by whoever holds it.
    pub fn closes_window(self) -> bool {
        self == Self::Tab
    }

    /// Whether a web page could cover the overlay, so that buttons with consequences have to wait until it has been in sight.
    pub fn can_be_covered(self) -> bool {
        self == Self::Shim
    }

    /// Whether Escape, where nothing else is left to leave, closes the overlay. In the editor it is at home: only its button closes a picture.
    pub fn escape_closes(self) -> bool {
        self != Self::Editor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Point;

    const IMAGE: Size = Size { width: 400.0, height: 300.0 };
    const VIEWPORT: Size = Size { width: 1000.0, height: 800.0 };

    fn corner(view: &View) -> Point {
        view.map().apply(Point { x: 0.0, y: 0.0 })
    }

    #[test]
    fn a_frame_follows_the_page_and_a_tab_its_own_window() {
        let (home, moved) = (Affine::translation(50.0, 60.0), Affine::translation(50.0, 10.0));
        let mut framed = Host::Shim.view(IMAGE, VIEWPORT, home);
        assert_eq!(corner(&framed), Point { x: 50.0, y: 60.0 });
        Host::Shim.refit(&mut framed, VIEWPORT, Some(moved));
        assert_eq!(corner(&framed), Point { x: 50.0, y: 10.0 });
        Host::Shim.refit(&mut framed, VIEWPORT, None);
        assert_eq!(corner(&framed), Point { x: 50.0, y: 10.0 }, "a turned capture stays where it was taken");

        let mut own = Host::Tab.view(IMAGE, VIEWPORT, home);
        assert_eq!(corner(&own).x, 300.0, "in the middle");
        Host::Tab.refit(&mut own, Size { width: 800.0, height: 800.0 }, Some(moved));
        assert_eq!(corner(&own).x, 200.0);
    }

    #[test]
    fn homes_differ_in_what_they_can_do() {
        assert_eq!((Host::of(""), Host::of("?tab"), Host::of("?x")), (Host::Shim, Host::Tab, Host::Shim));
        assert_eq!(Host::of("?editor"), Host::Editor);
        assert_eq!((Host::Shim.mode(), Host::Tab.mode(), Host::Editor.mode()), ("frame", "tab", "editor"));
        assert!(Host::Shim.can_capture(true) && !Host::Shim.can_capture(false) && !Host::Tab.can_capture(true));
        assert!(Host::Tab.closes_window() && !Host::Shim.closes_window() && !Host::Editor.closes_window());
        assert!(Host::Shim.can_be_covered() && !Host::Tab.can_be_covered() && !Host::Editor.can_be_covered());
        assert!(Host::Shim.escape_closes() && Host::Tab.escape_closes() && !Host::Editor.escape_closes());
        assert!(!Host::Editor.shows_page() && !Host::Editor.can_capture(true));
    }
}
