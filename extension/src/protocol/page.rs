//! Messages between the overlay and the shim that stands in the page.
//!
//! The shim answers every [`ToPage`] request and sends [`PageEvent`]s of its own accord. It decides nothing: which step of the pixel ladder is next, where the
//! picture is drawn and what is written into the page are the overlay's business.

use super::call::{calls, replies};
use super::{Clip, Done, Geometry, Rect};
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
    /// Origin of the document that shows it, as the shim's own world knows it: `https://example.org`, or `null` for a sandboxed one.
    pub page_origin: String,
    /// True where the document may read the URL without asking another origin: `data:`, `blob:` or its own origin.
    pub same_origin: bool,
    /// Alternative text, for the screen reader's name of the picture.
    pub alt: String,
    /// True where an earlier edit of ours stands in the page, so that there is something to put back.
    pub edited: bool,
    /// What [`Self::url`] was before the first of these edits; none where none stands.
    pub original_url: Option<String>,
    /// Where it stands.
    pub geometry: Geometry,
    /// What of a picture of another origin was to be seen when it was chosen; none where that cannot be said.
    pub shown: Option<Box<Shown>>,
}

impl Picture {
    /// Address of the picture as the page's author meant it, whatever stands in its place now.
    pub fn original(&self) -> Option<&str> {
        self.original_url.as_deref().or(self.url.as_deref())
    }
}

/// What a document showed of a picture when it was chosen, before anything of ours was there that its scripts could answer to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Shown {
    /// Where it stood; its natural size may not have been known yet.
    pub geometry: Geometry,
    /// All that cut it off, apart from the viewport: its own box, and those around it that clip.
    pub clips: Vec<Clip>,
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

calls! {
    /// What the overlay asks of the shim.
    #[cfg_attr(test, derive(ts_rs::TS))]
    pub enum ToPage {
        Hello with [B; 0] => Subject,
        ReadDirect with [B; 0] => Bytes,
        Fetch with [B; 0] => Bytes,
        FetchOriginal with [B; 0] => Bytes,
        Hide with [B; 0] => Measured,
        LostFocus with [B; 0] => Done,
        Apply with [B; 1] => Done,
        Revert with [B; 0] => Done,
        Close with [B; 0] => Done,
    }
}

replies! {
    Subject with [B; 0],
    Bytes with [B; 1],
    Measured with [B; 0],
}

/// First message: which picture is it?
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "unknown"))]
pub struct Hello;

/// What the session is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Subject {
    /// The picture to edit.
    Picture {
        /// What and where it is.
        picture: Box<Picture>,
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
}

/// Ladder step 1: what the element itself holds. The bytes behind a `data:`, `blob:` or same-origin URL (or one
/// fetched with CORS by the page itself: `crossorigin`); else its pixels, drawn to a canvas and packed as PNG.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "unknown"))]
pub struct ReadDirect;

/// Ladder step 2: fetch the URL as the page would.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "unknown"))]
pub struct Fetch;

/// The page's own file, in whose place an edit of ours stands: a saved file is like it. Not for files of other origins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "unknown"))]
pub struct FetchOriginal;

/// One blob comes along: the picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "bytes", rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Bytes {
    /// True when the blob is a copy of drawn pixels and not the file that the site serves.
    pub drawn: bool,
}

/// Hide (or show again) everything of ours for a capture of the tab, two animation frames ahead of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Hide {
    /// True to hide.
    pub hidden: bool,
}

/// Where the picture is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "geometry", rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Measured {
    /// Fresh measurements.
    pub geometry: Geometry,
}

/// The overlay's frame has lost the keyboard: give it back, unless the user has left the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "unknown"))]
pub struct LostFocus;

/// Show the result in the page. Blob 0: the whole picture, encoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Apply {
    /// The part that changed; a `<canvas>` is written there only. Image pixels.
    pub changed: Rect,
    /// Size of the whole picture in image pixels.
    pub width: u32,
    /// See `width`.
    pub height: u32,
}

/// Put the page back exactly as it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "unknown"))]
pub struct Revert;

/// Take the overlay away and give focus, scroll and selection back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "unknown"))]
pub struct Close;

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
    /// Whether the overlay's frame is on top of the page, and uncovered as far as the shim can tell.
    OnTop {
        /// True where it is.
        on_top: bool,
    },
    /// The picture left the page.
    Gone,
}
