//! Errors of the GPU.

/// An error of the GPU. Each variant is one cause, and each message says what a user can do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GpuError {
    /// There is no adapter, or none that supports compute shaders.
    #[error("no usable GPU was found ({0}); update the browser and the graphics driver, or use the built-in fill")]
    NoAdapter(String),
    /// The adapter's limit is below what the model needs.
    #[error("this GPU allows {limit} of {available} where the model needs {needed}; use the built-in fill")]
    Limit {
        /// WebGPU's name of the limit.
        limit: &'static str,
        /// What the plan needs.
        needed: u64,
        /// What the adapter offers.
        available: u64,
    },
    /// The GPU's memory is too small.
    #[error("the GPU ran out of memory; close other programs that use it and try again")]
    OutOfMemory,
    /// The device was lost: by a reset of the driver, by sleep, or because the browser took it away.
    #[error("the GPU stopped responding ({0}); try again")]
    DeviceLost(String),
    /// This program asked the GPU for a tensor or a buffer that does not exist, which is an error of this program.
    #[error("the engine asked the GPU for what it does not hold ({0}); try again, or use the built-in fill")]
    Internal(String),
    /// The GPU refused a command that the program may give: an error of the driver, most likely.
    #[error("the GPU refused a command ({0}); update the graphics driver, or use the built-in fill")]
    Refused(String),
}
