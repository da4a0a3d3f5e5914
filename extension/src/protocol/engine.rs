//! Messages between an overlay and the engine.
//!
//! One port, one picture: the engine keeps the decoded picture and the stack of fills of each port until it
//! closes. The overlay keeps the source blob and every patch, so that a lost engine costs nothing but time.

use super::call::{calls, replies};
use super::models::{ModelId, OptionValue};
use super::{Cutout, Done, Point, Rect};
use serde::{Deserialize, Serialize};

/// Name of the port that only the engine's page answers.
pub const ENGINE_PORT: &str = "engine";

/// Name of the port to an engine that serves nobody else and ends with the port: many pictures are erased side by side, and what that takes of memory
/// goes back in the end. It has no models.
pub const ALONE_PORT: &str = "engine-alone";

/// Names one erase on its port.
pub type JobId = u32;

/// Container formats that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileFormat {
    /// Lossless, with alpha.
    Png,
    /// In the source's own quality when the source is a JPEG.
    Jpeg,
    /// Lossless when the source is.
    Webp,
}

impl FileFormat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Png, Self::Jpeg, Self::Webp];

    /// Its name in a list.
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
        }
    }

    /// The format of this [`Self::name`].
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// MIME type.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }

    /// File name extension, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
        }
    }
}

/// What fills the hole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "engine", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum EngineChoice {
    /// The built-in exemplar-based fill; no download.
    Instant {
        /// What it takes the paint for.
        route: Route,
    },
    /// An installed model.
    Model {
        /// Which.
        model: ModelId,
        /// What the user set about it; the model's defaults for the rest.
        options: Vec<OptionValue>,
    },
    /// Nothing is filled in: what is painted is hidden.
    Hide {
        /// Under what.
        by: Hiding,
    },
}

/// What takes the place of what is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hiding {
    /// Opaque black: nothing is left of it.
    BlackOut,
    /// Coarse squares.
    Pixelate,
    /// A blur.
    Blur,
}

impl Hiding {
    /// All ways to hide, in the order of their list in the toolbar.
    pub const ALL: [Self; 3] = [Self::BlackOut, Self::Pixelate, Self::Blur];

    /// As the list in the toolbar has it.
    pub fn id(self) -> &'static str {
        match self {
            Self::BlackOut => "black-out",
            Self::Pixelate => "pixelate",
            Self::Blur => "blur",
        }
    }
}

impl EngineChoice {
    /// The built-in fill, which looks by itself what the paint stands for.
    pub const INSTANT: Self = Self::Instant { route: Route::Automatic };

    /// Whether what is painted is hidden, and not erased.
    pub fn hides(&self) -> bool {
        matches!(self, Self::Hide { .. })
    }
}

/// What the built-in fill takes the paint for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Route {
    /// The first of the others that the picture clearly speaks for.
    #[default]
    Automatic,
    /// A translucent mark: what lies under it is recovered.
    SeeThrough,
    /// Letters with some of the picture around them: only the letters are filled.
    OnlyMarks,
    /// Everything painted is filled.
    Everything,
}

impl Route {
    /// All routes, in the order of their list in the toolbar.
    pub const ALL: [Self; 4] = [Self::Automatic, Self::SeeThrough, Self::OnlyMarks, Self::Everything];
}

/// How the built-in fill took the paint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reading {
    /// As what. Never [`Route::Automatic`].
    pub route: Route,
    /// The other routes that would give something else here, the likelier first.
    pub others: Vec<Route>,
    /// The share of the changed pixels that had to be filled, 0 to 1.
    pub made_up: f32,
}

/// What the picture's bytes are encoded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// To be shown in the page: exact pixels and colour profile, quickly; no other metadata.
    Page,
    /// To be kept: metadata copied, quality of the source.
    File,
    /// To be copied: as a file, but quickly.
    Copy,
    /// To be given to others: as [`Self::File`], with no metadata but the colour profile.
    Share,
}

calls! {
    /// What the overlay asks of the engine.
    pub enum ToEngine {
        Open with Vec<B> => Opened,
        Resume with [B; 0] => Resumed,
        Release with [B; 0] => Done,
        Keep with Vec<B> => Done,
        Take with [B; 0] => Taken,
        Erase with [B; 1] => Erased,
        Propose with [B; 1] => Proposed,
        Select with [B; 0] => Proposed,
        FindText with [B; 0] => FoundText,
        StopFinding with [B; 0] => Done,
        Learn with [B; 1] => Learnt,
        FindMark with [B; 2] => Proposed,
        Prepare with [B; 0] => Ready,
        Cancel with [B; 0] => Done,
        Stop with [B; 0] => Done,
        Rewind with [B; 0] => Done,
        Lay with [B; 1] => Done,
        Encode with [B; 0] => Encoded,
        Convert with [B; 1] => Encoded,
    }
}

replies! {
    Opened with [B; 0],
    Resumed with Vec<B>,
    Taken with Vec<B>,
    Erased with [B; 1],
    Proposed with Vec<B>,
    FoundText with [B; 1],
    Learnt with Vec<B>,
    Ready with [B; 0],
    Encoded with [B; 1],
}

/// Decode the picture in blob 0 and keep it. Blobs 1.. are the patches (as [`Erased`] gave them) that `fills` places, laid on
/// in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Open {
    /// Fills that were made before (the engine is being restarted); empty for a new picture.
    pub fills: Vec<Rect>,
    /// Names the picture in the pages of one site: when a page goes away under an unfinished edit, the edit is kept under this name for some
    /// minutes, unless the page is in an incognito window.
    pub key: Option<String>,
}

/// The picture is decoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "opened", rename_all = "camelCase")]
pub struct Opened {
    /// Width in pixels, upright.
    pub width: u32,
    /// Height in pixels, upright.
    pub height: u32,
    /// The format to save in that comes closest to the source.
    pub format: FileFormat,
    /// More than one frame: only the first is edited.
    pub animated: bool,
    /// Some pixel is not opaque.
    pub alpha: bool,
    /// An unfinished edit of this picture was kept.
    pub draft: bool,
    /// What the file holds beside the picture and a saved one will not.
    pub left_out: Option<LeftOut>,
}

/// See [`Opened::left_out`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftOut {
    /// How much brighter each part is on screens that can show that.
    GainMap,
    /// The film of a motion photo.
    Video,
}

/// Take up the edit that was kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resume;

/// The kept edit is taken up. One patch (as in [`Erased`]) comes along for each fill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "resumed", rename_all = "camelCase")]
pub struct Resumed {
    /// Where the patches belong, in order.
    pub fills: Vec<Rect>,
}

/// Nothing done so far needs to be kept when this port closes, nor what was kept before under the same key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Release;

/// Keep the edit as it is now, with everything that belongs to it: a page can take the overlay's frame away at any moment, and then
/// the edit goes on in a tab. Replaces what this port gave before; blobs in the order of `edit`. The engine does not look into it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Keep {
    /// The session's token, which no page knows.
    pub session: String,
    /// The edit as the overlay writes it.
    pub edit: String,
}

/// Give back what was kept for this session, and forget it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Take {
    /// See [`Keep::session`].
    pub session: String,
}

/// Make a PNG of the TIFF file in blob 0, which browsers do not open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Convert;

/// What was kept, with its blobs; no text where nothing was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "taken", rename_all = "camelCase")]
pub struct Taken {
    /// See [`Keep::edit`].
    pub edit: Option<String>,
}

/// Erase what the mask covers. Blob 0: mask coverage, one byte a pixel of `mask`, 0 = keep, 255 = erase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Erase {
    /// Chosen by the overlay.
    pub job: JobId,
    /// Where the mask stands in the picture.
    pub mask: Rect,
    /// What fills the hole.
    pub engine: EngineChoice,
    /// Same picture, mask, engine and seed give the same pixels.
    pub seed: u32,
}

/// One blob comes along: the pixels of `patch` as a PNG with the picture's colour profile, so that it can be drawn
/// beside the picture and kept to open it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "erased", rename_all = "camelCase")]
pub struct Erased {
    /// The region that changed. Pixels inside it that the mask spares hold their old values.
    pub patch: Rect,
    /// Time the fill took, milliseconds.
    pub ms: f64,
    /// True where it lies across text and could not be looked through: what may look like words is made up.
    pub invents_text: bool,
    /// How the built-in fill took the paint; a model knows of no marks.
    pub reading: Option<Reading>,
}

/// Look for what loose paint leaves out. Blob 0: coverage of the mask's rectangle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Propose {
    /// Where the mask is, image pixels.
    pub mask: Rect,
}

/// Find the thing at a place, or inside a rough circle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Select {
    /// The corners of the circle, or one place; image pixels. None at all where the picture only has to be prepared, so that the first answer comes
    /// at once.
    pub outline: Vec<Point>,
}

/// Find the words that are written in the picture. It answers with `Failure::Cancelled` where the picture is to be filled or written meanwhile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FindText;

/// The user has turned to something else: what [`FindText`] waits for is not wanted any more, and it answers with `Failure::Cancelled`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StopFinding;

/// The words. Blob 0: which pixels belong to their strokes, 0 or 255, one rectangle after the other in the order of `lines`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "found-text", rename_all = "camelCase")]
pub struct FoundText {
    /// The words of each line from left to right, the lines from top to bottom: the rectangles around their strokes, image pixels.
    pub lines: Vec<Vec<Rect>>,
}

/// Learn what the mark that the mask covers looks like, so that it can be found in other pictures. Blob 0: coverage of the mask's rectangle. The picture
/// stays as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Learn {
    /// Where the mask is, image pixels.
    pub mask: Rect,
}

/// What was learnt. Where the mask covers something that can be told from its surroundings, two blobs come along for [`FindMark`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "learnt", rename_all = "camelCase")]
pub struct Learnt {
    /// Width of the mark, pixels; 0 where there is none.
    pub width: u32,
    /// Height of the mark, pixels; 0 where there is none.
    pub height: u32,
}

/// Find a mark in this picture, wherever it is. Blobs: those of [`Learnt`]. The answer has what was painted over it, laid on each of its places.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FindMark {
    /// See [`Learnt::width`].
    pub width: u32,
    /// See [`Learnt::height`].
    pub height: u32,
}

/// What could be painted as well, or the thing that was found. Where something could, its coverage comes along.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "proposed", rename_all = "camelCase")]
pub struct Proposed {
    /// Where it is, image pixels; none where nothing is left out or found, as far as can be told.
    pub rect: Option<Rect>,
}

/// Bring a model to the GPU while the user is still painting. It stays there for as long as this port is open, and for the
/// time that the user set after that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Prepare {
    /// Which model.
    pub model: ModelId,
    /// The options that it will be asked for.
    pub options: Vec<OptionValue>,
}

/// The model is on the GPU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "ready", rename_all = "camelCase")]
pub struct Ready {
    /// How long it took, milliseconds; next to nothing if it was there already.
    pub ms: f64,
    /// Bytes of memory that the engine's module has taken outside the GPU.
    pub memory: f64,
}

/// Stop a job; the job itself answers with `Failure::Cancelled`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cancel {
    /// Which.
    pub job: JobId,
}

/// Stop writing: what [`Encode`] waits for is not wanted any more, and it answers with `Failure::Cancelled`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stop;

/// Undo or redo: keep the first `fills` fills applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rewind {
    /// How many of the fills made so far show.
    pub fills: u32,
}

/// Show another result of the last fill: lay the patch in blob 0 (as [`Erased`] gave it) on the first `onto` fills, and give up
/// those after them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lay {
    /// Where it belongs.
    pub patch: Rect,
    /// On how many fills.
    pub onto: u32,
}

/// Encode the picture as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Encode {
    /// Container.
    pub format: FileFormat,
    /// What for.
    pub purpose: Purpose,
    /// In a PNG, only these pixels are the picture's, and all others are transparent; all are, where there is none.
    pub part: Option<Cutout>,
    /// What the file shall tell about the edit, if the user wants it to.
    pub note: Option<EditNote>,
    /// What the user has set, in place of what the source suggests.
    pub save_as: Option<SaveAs>,
    /// What is left of the picture, where it was cropped or turned; none together with a part.
    pub framing: Option<Framing>,
}

/// A part of a picture, and how it is turned.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Framing {
    /// The part, in pixels of the picture as it was opened.
    pub part: Rect,
    /// Quarter turns clockwise, 0 to 3.
    pub turns: u8,
}

/// See [`Encode::save_as`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SaveAs {
    /// 1 to 100, of a JPEG or WebP; 100 is a WebP without loss. None is that of the source.
    pub quality: Option<u8>,
    /// Width in pixels, of what is left of the picture.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// One blob comes along: the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "encoded", rename_all = "camelCase")]
pub struct Encoded {}

/// How a picture was edited, for whoever gets the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EditNote {
    /// Name and version of this extension.
    pub agent: String,
    /// One line for each fill: method, seed, settings.
    pub actions: Vec<String>,
    /// Whether a trained model had a part in it.
    pub trained: bool,
}

/// What a job is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Waiting for another tab's job.
    Queued,
    /// Bringing a model to the GPU.
    Loading,
    /// Reading the picture's bytes.
    Reading,
    /// The model looks at the picture.
    Encoding,
    /// The model paints.
    Denoising {
        /// Steps done.
        step: u32,
        /// Steps in all.
        steps: u32,
    },
    /// What the model painted becomes pixels.
    Decoding,
    /// Finding what belongs into the hole.
    Filling,
    /// Making the seam disappear.
    Blending,
    /// Writing the picture.
    Writing,
}

/// What the engine tells of its own accord.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum EngineEvent {
    /// A job came further.
    Progressed {
        /// Which; none for opening and encoding.
        job: Option<JobId>,
        /// What it is busy with.
        stage: Stage,
        /// How much of the stage is done, 0 to 1.
        done: f32,
    },
    /// What the fill is becoming: one blob comes along, a small PNG that covers a square of the picture. Only what is masked
    /// of it is meant.
    Preview {
        /// Whose.
        job: JobId,
        /// Left edge in the picture; the square may begin and end outside.
        x: f64,
        /// Top edge.
        y: f64,
        /// Length of its sides.
        side: u32,
    },
}
