//! Messages between the overlay and the shim that stands in the page.
//!
//! The shim answers every [`ToPage`] request with an [`Answer<PageReply>`](super::Answer) and sends
//! [`PageEvent`]s of its own accord. It decides nothing: which step of the pixel ladder is next, where the
//! picture is drawn and what is written into the page are the overlay's business.

use super::{Geometry, Rect};
use serde::{Deserialize, Serialize};

/// Name of the port on which an overlay that runs in its own tab reaches the shim; `:` and the session's token follow.
pub const TAB_PORT: &str = "page";

/// What an element that shows a picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum PictureKind {
    /// `<img>`, also inside `<picture>`, and `<input type=image>`.
    Image,
    /// A layer of an element's CSS `background-image`.
    Background,
    /// `<canvas>`.
    Canvas,
    /// `<image>` inside inline SVG.
    SvgImage,
    /// The frame that a `<video>` shows.
    Video,
}

/// The picture that was picked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Picture {
    /// What shows it.
    pub kind: PictureKind,
    /// Absolute URL of the source that is displayed (`currentSrc` of an `<img>`); none for canvas and video.
    pub url: Option<String>,
    /// True where the document may read the URL without asking another origin: `data:`, `blob:` or its own origin.
    pub same_origin: bool,
    /// Alternative text, for the screen reader's name of the picture.
    pub alt: String,
    /// True where an earlier edit of ours stands in the page, so that there is something to put back.
    pub edited: bool,
    /// Where it stands.
    pub geometry: Geometry,
}

/// Background to shim, by `tabs.sendMessage`, right after injection: begin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Start {
    /// Names this session; the overlay frame shows it to prove that we opened it.
    pub token: String,
    /// How the picture is found.
    pub target: Target,
}

/// How the shim finds the picture to edit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "target", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Target {
    /// The thing that was right-clicked. The browser names its URL where it knows it.
    Clicked {
        /// `srcUrl` of the context-menu event.
        src_url: Option<String>,
    },
    /// The user picks: hovering highlights, a click or Enter takes, Escape leaves.
    Pick,
    /// The picking is over: it ended in another frame.
    PickEnd,
    /// The picture is in a frame of another origin, which must be asked for first. Shown by the top document.
    Frame {
        /// Origin of that frame, for the sentence and the permission (`https://example.org`).
        origin: String,
        /// The browser's number of that frame.
        frame_id: i32,
        /// `srcUrl` of the context-menu event in that frame.
        src_url: Option<String>,
    },
}

/// What the overlay asks of the shim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum ToPage {
    /// First message: which picture is it? Answered by [`PageReply::Picture`] or [`PageReply::Frame`].
    Hello,
    /// Ladder step 1: what the element itself holds. The bytes behind a `data:`, `blob:` or same-origin URL (or one
    /// fetched with CORS by the page itself: `crossorigin`); else its pixels, drawn to a canvas and packed as PNG.
    /// Answered by [`PageReply::Bytes`] and one blob.
    ReadDirect,
    /// Ladder step 2: fetch the URL as the page would. Answered by [`PageReply::Bytes`] and one blob.
    Fetch,
    /// Hide (or show again) everything of ours for a capture of the tab, two animation frames ahead of the answer.
    /// Answered by [`PageReply::Geometry`].
    Hide {
        /// True to hide.
        hidden: bool,
    },
    /// Show the result in the page. One blob: the whole picture, encoded. Answered by [`PageReply::Done`].
    Apply {
        /// The part that changed; a `<canvas>` is written there only. Image pixels.
        changed: Rect,
        /// Size of the whole picture in image pixels.
        width: u32,
        /// See `width`.
        height: u32,
    },
    /// Put the page back exactly as it was. Answered by [`PageReply::Done`].
    Revert,
    /// Take the overlay away and give focus, scroll and selection back. Answered by [`PageReply::Done`].
    Close,
}

/// What the shim answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum PageReply {
    /// The picture to edit.
    Picture {
        /// What and where it is.
        picture: Picture,
    },
    /// No picture yet: a frame's origin has to be asked for.
    Frame {
        /// As in [`Target::Frame`].
        origin: String,
        /// As in [`Target::Frame`].
        frame_id: i32,
        /// As in [`Target::Frame`].
        src_url: Option<String>,
    },
    /// One blob comes along.
    Bytes {
        /// True when the blob is a copy of drawn pixels and not the file that the site serves.
        drawn: bool,
    },
    /// Where the picture is now.
    Geometry {
        /// Fresh measurements.
        geometry: Geometry,
    },
    /// It is done.
    Done,
}

/// What the shim tells of its own accord.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum PageEvent {
    /// The picture moved on the screen: scroll, zoom, resize, layout, transform.
    Moved {
        /// Fresh measurements.
        geometry: Geometry,
    },
    /// The picture left the page.
    Gone,
}
