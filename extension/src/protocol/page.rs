//! Messages between the overlay and the shim that stands in the page.
//!
//! The shim answers every [`ToPage`] request and sends [`PageEvent`]s of its own accord. It decides nothing: which step of the pixel ladder is next, where the
//! picture is drawn and what is written into the page are the overlay's business.

use super::call::{calls, replies};
use super::{Clip, Done, Geometry, Rect};
use serde::{Deserialize, Serialize};

/// Name of the port on which an overlay that runs in its own tab reaches the shim; `:` and the session's token follow.
pub const TAB_PORT: &str = "page";

/// The browser's number of a frame in a tab: 0 is the page itself. Firefox's have more than 32 bits.
pub type FrameId = i64;

/// Stands for the number of a frame where that is not known: a document cannot find out those of the frames in it.
pub const ANY_FRAME: FrameId = -1;

/// The attribute of the overlay's root that counts how many [`PageEvent::Deliver`] have ended, with a file or without.
pub const DELIVERIES: &str = "data-deliveries";

/// What an element that shows a picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum PictureKind {
    /// `<img>`, also inside `<picture>`, `<input type=image>`, and `<object>` or `<embed>` with an image.
    Image,
    /// An image of an element's style: a layer of `background-image` or `mask-image`, `content`, the image of a border or of a list's mark.
    Background,
    /// `<canvas>`.
    Canvas,
    /// `<image>` inside inline SVG.
    SvgImage,
    /// The frame that a `<video>` shows.
    Video,
    /// An image of generated content, `::before` or `::after`, which no style of an element's own reaches.
    Generated,
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
    /// True where the page shows pixels as the file stores them, without the turn that Exif asks for.
    pub as_stored: bool,
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
    /// It was faded or in other tones than its own, and recognisable.
    pub altered: bool,
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
        /// The browser's number of that frame, or [`ANY_FRAME`].
        #[cfg_attr(test, ts(type = "number"))]
        frame_id: FrameId,
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
        ReadShown with [B; 0] => Bytes,
        Compare with [B; 1] => Compared,
        Fetch with [B; 0] => Bytes,
        FetchOriginal with [B; 0] => Bytes,
        Hide with [B; 0] => Measured,
        IsOnTop with [B; 0] => Seen,
        LostFocus with [B; 0] => Done,
        Apply with [B; 1] => Done,
        Revert with [B; 0] => Done,
        Close with [B; 0] => Done,
        MoveToEditor with [B; 0] => Done,
        Entrust with Vec<B> => Done,
        Preserve with Vec<B> => Done,
        Recall with [B; 0] => Recalled,
    }
}

replies! {
    Subject with [B; 0],
    Bytes with [B; 1],
    Compared with [B; 0],
    Seen with [B; 0],
    Measured with [B; 0],
    Recalled with Vec<B>,
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
        #[cfg_attr(test, ts(type = "number"))]
        frame_id: FrameId,
        /// As in [`Target::Frame`].
        src_url: Option<String>,
    },
}

/// Ladder step 1: what the element itself holds. The bytes behind a `data:`, `blob:` or same-origin URL (or one
/// fetched with CORS by the page itself: `crossorigin`); else its pixels, drawn to a canvas and packed as PNG.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "unknown"))]
pub struct ReadDirect;

/// The element's pixels, drawn to a canvas and packed as PNG, whatever is behind its URL.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "unknown"))]
pub struct ReadShown;

/// Does the element show what is in this file? A second request for an address may bring another picture. Blob 0: the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "unknown"))]
pub struct Compare;

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

/// What a comparison came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "compared", rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Compared {
    /// False when the element surely shows another picture.
    pub same: bool,
}

/// Is the overlay on top of the page at this moment, and has it been for a while? A page that keeps its thread busy, so that nothing is noticed,
/// gives no answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "unknown"))]
pub struct IsOnTop;

/// What a look at the overlay came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "seen", rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Seen {
    /// Nothing lies over it, or has lain for a while.
    pub on_top: bool,
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

/// Take the overlay away, and go on in the editor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "unknown"))]
pub struct MoveToEditor;

/// Keep the results as they are now, in case that the overlay is lost: then the user can still save them. One blob for each result, none where there is
/// none. Only for pictures that the page can read by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Entrust {
    /// Where each result lies, the oldest first. Image pixels.
    pub rects: Vec<Rect>,
    /// Size of the whole picture in image pixels.
    pub width: u32,
    /// See `width`.
    pub height: u32,
}

/// Keep the edit as it is now. Only the editor is asked for that: it puts pictures away that are not looked at. One blob for each result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Preserve {
    /// The edit as the overlay writes it.
    pub edit: String,
    /// How many fills show; a picture that is cropped or turned counts for one more.
    pub fills: u32,
    /// Whether some of it was not saved, copied or used yet.
    pub unsaved: bool,
    /// Whether something that shows was hidden.
    #[serde(default)]
    pub hidden: bool,
    /// Whether something was painted or erased, also if it was undone.
    #[serde(default)]
    pub begun: bool,
}

/// Give back what was kept with [`Preserve`]. Only the editor is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "unknown"))]
pub struct Recall;

/// What was kept: blob 0 is the picture's file, the others are those of [`Preserve`]. No text and no blobs where nothing was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "recalled", rename_all = "camelCase")]
pub struct Recalled {
    /// See [`Preserve::edit`].
    pub edit: Option<String>,
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
    /// Whether the overlay's frame is on top of the page, and uncovered as far as the shim can tell.
    OnTop {
        /// True where it is.
        on_top: bool,
    },
    /// The picture left the page.
    Gone,
    /// The result is wanted as a file, with [`Apply`]. From the editor, which gives it to an upload field.
    Deliver {
        /// Whether it keeps the metadata of its source.
        metadata: bool,
    },
}
