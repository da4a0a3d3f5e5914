//! The models page, the extension's options: which models there are, and getting, checking, keeping and removing them.
//!
//! Pure and tested natively: [`pace`] (how often progress is spoken), [`diagnostics`] (a text for whoever helps). The rest binds them
//! to `models.html`: `page` holds everything together, `list` shows the models, `actions` does what their buttons say, `own` takes
//! models that the user has, `address` reads addresses, `room` speaks of storage, `gpu` of the GPU and its speed, `settings` keeps what
//! the user sets, `consent` asks, `notice` tells.

pub mod diagnostics;
pub mod pace;

#[cfg(target_arch = "wasm32")]
mod actions;
#[cfg(target_arch = "wasm32")]
mod address;
#[cfg(target_arch = "wasm32")]
mod consent;
#[cfg(target_arch = "wasm32")]
mod dom;
#[cfg(target_arch = "wasm32")]
mod gpu;
#[cfg(target_arch = "wasm32")]
mod list;
#[cfg(target_arch = "wasm32")]
mod notice;
#[cfg(target_arch = "wasm32")]
mod own;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod room;
#[cfg(target_arch = "wasm32")]
mod settings;

#[cfg(target_arch = "wasm32")]
pub use page::start;
