//! What can go wrong on the GPU.

/// One cause each; every message is one sentence a person can act on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GpuError {
    /// No adapter, or none that computes.
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
    /// The GPU's memory did not suffice.
    #[error("the GPU ran out of memory; close other programs that use it and try again")]
    OutOfMemory,
    /// The device went away: driver reset, sleep, or the browser took it.
    #[error("the GPU stopped responding ({0}); try again")]
    DeviceLost(String),
    /// The GPU refused a command: a fault of ours or of the driver.
    #[error("the GPU refused a command ({0}); update the graphics driver, or use the built-in fill")]
    Refused(String),
}
