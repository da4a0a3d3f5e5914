//! The model store as pages see it: the line to it, and how to speak of what it holds.

pub mod units;

#[cfg(target_arch = "wasm32")]
mod line;
#[cfg(target_arch = "wasm32")]
pub(crate) mod words;

#[cfg(target_arch = "wasm32")]
pub(crate) use line::{Heard, ModelClient, unexpected};
