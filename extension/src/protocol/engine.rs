//! Messages between an overlay and the engine.
//!
//! One port, one picture: the engine keeps the decoded picture and the stack of fills of each port until it
//! closes. The overlay keeps the source blob and every patch, so that a lost engine costs nothing but time.

use super::call::{calls, replies};
use super::models::{ModelId, OptionValue};
use super::{Done, Rect};
use serde::{Deserialize, Serialize};

/// Name of the port that only the engine's page answers.
pub const ENGINE_PORT: &str = "engine";

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
    Instant,
    /// An installed model.
    Model {
        /// Which.
        model: ModelId,
        /// What the user set about it; the model's defaults for the rest.
        options: Vec<OptionValue>,
    },
}

/// What the picture's bytes are encoded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// To be shown in the page: exact pixels and colour profile, quickly; no other metadata.
    Page,
    /// To be kept: metadata copied, quality of the source.
    File,
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
        Prepare with [B; 0] => Ready,
        Cancel with [B; 0] => Done,
        Rewind with [B; 0] => Done,
        Lay with [B; 1] => Done,
        Encode with [B; 0] => Encoded,
    }
}

replies! {
    Opened with [B; 0],
    Resumed with Vec<B>,
    Taken with Vec<B>,
    Erased with [B; 1],
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
    pub part: Option<Rect>,
    /// What the file shall tell about the edit, if the user wants it to.
    pub note: Option<EditNote>,
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
