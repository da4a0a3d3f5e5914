//! The engine's errors, one for each cause.

mod gpu;
mod weights;

pub use gpu::GpuError;
pub use weights::{Misshapen, Storing, WeightsError};

/// Shorthand for the engine's results.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of the engine. Each variant is one cause.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes are damaged, cut short, or of a format that is not decoded here.
    #[error("cannot decode the picture: {0}")]
    Decode(String),
    /// The picture could not be encoded in the requested format.
    #[error("cannot encode the picture: {0}")]
    Encode(String),
    /// A picture without pixels.
    #[error("the picture has no pixels")]
    EmptyImage,
    /// The picture, or the part of it that a fill needs, is too large for memory.
    #[error("{width} x {height} pixels are too many")]
    TooLarge {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// The number of bytes does not match the size of the picture or mask: found, expected.
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
    /// An error in the model's files.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// An error of the GPU.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// A shape that the model, or an operation of it, does not accept.
    #[error("{0}")]
    Shape(String),
    /// A number that a caller chose lies outside of what is allowed, such as the steps of a schedule.
    #[error("{0}")]
    Argument(String),
    /// The model computed infinite or undefined numbers even in 32 bits.
    #[error("the model produced numbers that are not finite; try another model, or the built-in fill")]
    NotFinite,
    /// The caller cancelled the computation at a checkpoint.
    #[error("cancelled")]
    Cancelled,
}
