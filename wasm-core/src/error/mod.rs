//! What can go wrong in the engine, by cause.

mod gpu;
mod weights;

pub use gpu::GpuError;
pub use weights::{Misshapen, WeightsError};

/// Shorthand for the engine's results.
pub type Result<T> = std::result::Result<T, Error>;

/// One cause each.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are damaged, cut short, or of a format that is not decoded here.
    #[error("cannot decode the picture: {0}")]
    Decode(String),
    /// The pixels could not be written in the format asked for.
    #[error("cannot encode the picture: {0}")]
    Encode(String),
    /// A picture without pixels.
    #[error("the picture has no pixels")]
    EmptyImage,
    /// The picture, or what a fill has to look at, exceeds the memory there is.
    #[error("{width} x {height} pixels are too many")]
    TooLarge {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// Bytes and size disagree: `{1}` bytes were expected.
    #[error("{0} bytes of pixels where {1} were expected")]
    WrongLength(usize, usize),
    /// The mask does not lie inside the picture.
    #[error("the mask does not lie inside the picture")]
    MaskOutside,
    /// No pixel is masked.
    #[error("nothing is masked")]
    EmptyMask,
    /// Every pixel is masked: nothing is left to fill from.
    #[error("everything is masked")]
    WholeMask,
    /// The model's files.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The GPU.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// A shape that the model, or an operation of it, does not accept.
    #[error("{0}")]
    Shape(String),
    /// The model's numbers left the range of floating point even at full precision.
    #[error("the model produced numbers that are not finite; try another model, or the built-in fill")]
    NotFinite,
    /// The caller cancelled at a checkpoint.
    #[error("cancelled")]
    Cancelled,
}
