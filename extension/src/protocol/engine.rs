//! Messages between an overlay and the engine.
//!
//! One port, one picture: the engine keeps the decoded picture and the stack of fills of each port until it
//! closes. The overlay keeps the source blob and every patch, so that a lost engine costs nothing but time.

use super::Rect;
use super::models::{ModelId, OptionValue};
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

/// What the overlay asks of the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum ToEngine {
    /// Decode the picture in blob 0 and keep it. Blobs 1.. are the patches (as `Erased` gave them) that `fills` places, laid on in order.
    /// Answered by [`EngineReply::Opened`].
    Open {
        /// Fills that were made before (the engine is being restarted); empty for a new picture.
        fills: Vec<Rect>,
        /// Names the picture across pages, where it has a URL: when the page goes away under an unfinished edit, the
        /// edit is kept under it for as long as the engine lives.
        key: Option<String>,
    },
    /// Take up the edit that was kept. Answered by [`EngineReply::Resumed`] and one blob for each fill.
    Resume,
    /// Nothing done so far needs to be kept when this port closes, nor what was kept before under the same key.
    /// Answered by [`EngineReply::Done`].
    Release,
    /// Erase what the mask covers. Blob 0: mask coverage, one byte a pixel of `mask`, 0 = keep, 255 = erase.
    /// Answered by [`EngineReply::Erased`] and one blob.
    Erase {
        /// Chosen by the overlay.
        job: JobId,
        /// Where the mask stands in the picture.
        mask: Rect,
        /// What fills the hole.
        engine: EngineChoice,
        /// Same picture, mask, engine and seed give the same pixels.
        seed: u32,
    },
    /// Bring a model to the GPU while the user is still painting. Answered by [`EngineReply::Ready`]; it stays there for as long
    /// as this port is open, and for the time that the user set after that.
    Prepare {
        /// Which model.
        model: ModelId,
        /// The options that it will be asked for.
        options: Vec<OptionValue>,
    },
    /// Stop a job. Answered by [`EngineReply::Done`]; the job itself answers with `Failure::Cancelled`.
    Cancel {
        /// Which.
        job: JobId,
    },
    /// Undo or redo: keep the first `fills` fills applied. Answered by [`EngineReply::Done`].
    Rewind {
        /// How many of the fills made so far show.
        fills: u32,
    },
    /// Show another result of the last fill: lay the patch in blob 0 (as `Erased` gave it) on the first `onto` fills, and give up
    /// those after them. Answered by [`EngineReply::Done`].
    Lay {
        /// Where it belongs.
        patch: Rect,
        /// On how many fills.
        onto: u32,
    },
    /// Encode the picture as it stands. Answered by [`EngineReply::Encoded`] and one blob.
    Encode {
        /// Container.
        format: FileFormat,
        /// What for.
        purpose: Purpose,
        /// What the file shall tell about the edit, if the user wants it to.
        note: Option<EditNote>,
    },
}

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

/// What the engine answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum EngineReply {
    /// The picture is decoded.
    Opened {
        /// Width in pixels, upright.
        width: u32,
        /// Height in pixels, upright.
        height: u32,
        /// The format to save in that comes closest to the source.
        format: FileFormat,
        /// More than one frame: only the first is edited.
        animated: bool,
        /// Some pixel is not opaque.
        alpha: bool,
        /// An unfinished edit of this picture was kept.
        draft: bool,
    },
    /// The kept edit is taken up. One patch (as in `Erased`) comes along for each fill.
    Resumed {
        /// Where the patches belong, in order.
        fills: Vec<Rect>,
    },
    /// One blob comes along: the pixels of `patch` as a PNG with the picture's colour profile, so that it can be drawn
    /// beside the picture and kept to open it again.
    Erased {
        /// The region that changed. Pixels inside it that the mask spares hold their old values.
        patch: Rect,
        /// Time the fill took, milliseconds.
        ms: f64,
    },
    /// The model is on the GPU.
    Ready {
        /// How long it took, milliseconds; next to nothing if it was there already.
        ms: f64,
        /// Bytes of memory that the engine's module has taken outside the GPU.
        memory: f64,
    },
    /// One blob comes along.
    Encoded,
    /// It is done.
    Done,
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
