//! What can go wrong, as it crosses between contexts and reaches the user.

use serde::{Deserialize, Serialize};

/// The one button that helps with a [`Failure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Remedy {
    /// Do the same again.
    Retry,
    /// Keep the result by saving it.
    Save,
    /// Nothing to do here but close.
    Close,
}

/// An honest way to store weights that is not read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum WeightStorage {
    /// 8-bit floating point.
    Float8,
    /// Only the elements that are not zero, and their places.
    Sparse,
    /// Whole numbers and scales.
    Quantised,
    /// NumPy's arrays.
    Numpy,
    /// A class of tensors that a library has added to PyTorch's own.
    Subclass,
    /// Numbers larger than 16 bits can hold.
    BeyondF16,
}

/// Who is to blame for a download that did not come through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum DownloadFault {
    /// The network: nobody answered, or the connection broke.
    Network,
    /// The server says that it does not give the file out, now or at all.
    Refused,
    /// The server's answer cannot be right: it is not what was asked for or announced, or what no file has.
    Answer,
}

/// One cause each; the sentence the user reads is looked up in `_locales` under [`Failure::message_key`].
///
/// `detail` is for bug reports: it is never the only thing that the user sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "failure", rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Failure {
    /// The picture could not be read by the step that was tried.
    #[error("the picture could not be read: {detail}")]
    Unreadable {
        /// What the browser said.
        detail: String,
    },
    /// The user did not give the permission that reading the picture takes.
    #[error("permission was not given")]
    PermissionDenied,
    /// The site shows the picture to those who are logged in, which the extension never is.
    #[error("the picture needs the user's login")]
    LoginNeeded,
    /// The picture's bytes are damaged, cut short or of a kind that nothing here decodes.
    #[error("the picture could not be decoded: {detail}")]
    Undecodable {
        /// What the decoder said.
        detail: String,
    },
    /// The picture is of a format that is known, and that the browser cannot open.
    #[error("the browser does not open {format}")]
    ForeignFormat {
        /// What people call the format.
        format: String,
    },
    /// The picture has no pixels.
    #[error("the picture has no pixels")]
    EmptyImage,
    /// The page itself could not load the picture.
    #[error("the page did not load the picture")]
    NotLoaded,
    /// The picture is larger than what is accepted (`picture_size::check`).
    #[error("the picture is {width} x {height}, over the limit")]
    TooLarge {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// Nothing is painted.
    #[error("nothing is painted")]
    EmptyMask,
    /// Everything is painted: there is nothing left to fill from.
    #[error("everything is painted")]
    WholeMask,
    /// The user cancelled.
    #[error("cancelled")]
    Cancelled,
    /// The picture left the page, or the page is no longer there.
    #[error("the picture is no longer in the page")]
    Gone,
    /// This kind of picture cannot be written back into the page.
    #[error("the result cannot be put back into the page")]
    NotReplaceable,
    /// The picture is longer or wider than a WebP can be.
    #[error("a WebP has at most 16383 pixels a side")]
    WebpSide,
    /// A capture of the tab may show what the page cannot read, so that the page does not get it.
    #[error("a capture of the tab is not put into the page")]
    Captured,
    /// The page shows a picture, which it cannot read, only in part or altered, in a way that a rectangle does not describe.
    #[error("the page does not show all of the picture, and does not get it")]
    Concealed,
    /// The page cannot be reached: the browser's own pages, the extension shop, other extensions.
    #[error("extensions do not work on this page")]
    ForbiddenPage,
    /// The page did not answer, though extensions work on it: it was being left or loaded anew, or is stuck.
    #[error("the page did not answer: {detail}")]
    Unanswered {
        /// What the browser said.
        detail: String,
    },
    /// The engine stopped while it worked on a picture (its page was closed or crashed).
    #[error("the engine stopped")]
    EngineLost,
    /// The model store, which lives in the engine, stopped while it worked on models.
    #[error("the model store stopped")]
    StoreLost,
    /// The clipboard refused.
    #[error("the clipboard refused: {detail}")]
    Clipboard {
        /// What the browser said.
        detail: String,
    },
    /// A download did not come through, though it was tried again and again. What has come is kept where that is of use.
    #[error("the download from {host} failed: {detail}")]
    Download {
        /// Who is to blame.
        fault: DownloadFault,
        /// Host and port of the server that was asked: the hub, a mirror, or another.
        host: String,
        /// What went wrong last.
        detail: String,
    },
    /// What was downloaded, or lies on the disk, is not what was published. It was removed.
    #[error("the file is not what was published")]
    HashMismatch,
    /// The browser allows too little room.
    #[error("{missing} bytes of room are missing")]
    StorageFull {
        /// How much more is needed, in bytes.
        missing: u64,
    },
    /// A model that is not installed, or not any more.
    #[error("the model is not installed")]
    ModelMissing,
    /// The disk does not give a model's bytes.
    #[error("the model could not be read: {detail}")]
    ModelUnreadable {
        /// What the browser said.
        detail: String,
    },
    /// A model's file whose weights are stored in a way that is not read here, though nothing is wrong with it.
    #[error("the weights are stored as {storage:?}: {detail}")]
    ForeignWeights {
        /// How they are stored.
        storage: WeightStorage,
        /// The engine's sentence.
        detail: String,
    },
    /// A file that is no model of ours, damaged, or hostile.
    #[error("not a usable model: {detail}")]
    BadModel {
        /// The engine's sentence.
        detail: String,
    },
    /// A pack of another version of the extension.
    #[error("the pack is of another version")]
    OtherLayout,
    /// There is no GPU that the model can run on, or it failed.
    #[error("the GPU cannot run the model: {detail}")]
    Gpu {
        /// The engine's sentence.
        detail: String,
    },
    /// A message that this version does not understand, or a broken promise of our own.
    #[error("internal: {detail}")]
    Internal {
        /// What was expected and what came.
        detail: String,
    },
}

impl Failure {
    /// Key of the sentence in `_locales/*/messages.json`.
    pub fn message_key(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "failUnreadable",
            Self::PermissionDenied => "failPermission",
            Self::LoginNeeded => "failLogin",
            Self::Undecodable { .. } => "failUndecodable",
            Self::ForeignFormat { .. } => "failForeignFormat",
            Self::EmptyImage => "failEmptyImage",
            Self::NotLoaded => "failNotLoaded",
            Self::TooLarge { .. } => "failTooLarge",
            Self::EmptyMask => "failEmptyMask",
            Self::WholeMask => "failWholeMask",
            Self::Cancelled => "failCancelled",
            Self::Gone => "failGone",
            Self::NotReplaceable => "failNotReplaceable",
            Self::WebpSide => "failWebpSide",
            Self::Captured => "failCaptured",
            Self::Concealed => "failConcealed",
            Self::ForbiddenPage => "failForbiddenPage",
            Self::Unanswered { .. } => "failUnanswered",
            Self::EngineLost => "failEngineLost",
            Self::StoreLost => "failStoreLost",
            Self::ModelMissing => "failModelMissing",
            Self::ModelUnreadable { .. } => "failModelUnreadable",
            Self::ForeignWeights { storage, .. } => match storage {
                WeightStorage::Float8 => "failFloat8",
                WeightStorage::Sparse => "failSparse",
                WeightStorage::Quantised => "failQuantised",
                WeightStorage::Numpy => "failNumpy",
                WeightStorage::Subclass => "failSubclass",
                WeightStorage::BeyondF16 => "failBeyondF16",
            },
            Self::Clipboard { .. } => "failClipboard",
            Self::Download { fault, .. } => match fault {
                DownloadFault::Network => "failDownload",
                DownloadFault::Refused => "failRefused",
                DownloadFault::Answer => "failAnswer",
            },
            Self::HashMismatch => "failHash",
            Self::StorageFull { .. } => "failStorage",
            Self::BadModel { .. } => "failBadModel",
            Self::OtherLayout => "failOtherLayout",
            Self::Gpu { .. } => "failGpu",
            Self::Internal { .. } => "failInternal",
        }
    }

    /// Whether it stands in the way of a model only, so that the built-in fill is worth a try.
    pub fn is_of_model(&self) -> bool {
        matches!(
            self,
            Self::Gpu { .. }
                | Self::BadModel { .. }
                | Self::ForeignWeights { .. }
                | Self::OtherLayout
                | Self::ModelMissing
                | Self::ModelUnreadable { .. }
                | Self::EngineLost
        )
    }

    /// Whether the file of a model is to blame: reading it again would not help.
    pub fn is_of_file(&self) -> bool {
        matches!(self, Self::BadModel { .. } | Self::ForeignWeights { .. } | Self::OtherLayout)
    }

    /// The button offered beside the sentence.
    pub fn remedy(&self) -> Remedy {
        match self {
            Self::Unreadable { .. }
            | Self::PermissionDenied
            | Self::EngineLost
            | Self::StoreLost
            | Self::ModelUnreadable { .. }
            | Self::Download { .. }
            | Self::Gpu { .. }
            | Self::HashMismatch
            | Self::StorageFull { .. }
            | Self::Internal { .. } => Remedy::Retry,
            Self::Gone | Self::NotReplaceable | Self::Captured | Self::Concealed | Self::Clipboard { .. } => {
                Remedy::Save
            }
            Self::Undecodable { .. }
            | Self::ForeignFormat { .. }
            | Self::LoginNeeded
            | Self::EmptyImage
            | Self::NotLoaded
            | Self::TooLarge { .. }
            | Self::EmptyMask
            | Self::WholeMask
            | Self::Cancelled
            | Self::WebpSide
            | Self::ModelMissing
            | Self::ForeignWeights { .. }
            | Self::BadModel { .. }
            | Self::OtherLayout
            | Self::Unanswered { .. }
            | Self::ForbiddenPage => Remedy::Close,
        }
    }
}
