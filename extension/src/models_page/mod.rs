//! The models page, the extension's options: which models there are, and getting, checking, keeping and removing them.
//!
//! Pure and tested natively: [`units`] (bytes, rates and times as people read them), [`pace`] (how often progress is
//! spoken), [`diagnostics`] (a text for whoever helps). The rest binds them to `models.html`: `page` holds everything together, `store` is the line to the model
//! store, `list` shows the models, `actions` does what their buttons say, `own` takes models that the user has, `address` reads addresses, `room`
//! speaks of storage, `gpu` of the GPU and its speed, `settings` keeps what the user sets, `consent` asks, `notice` tells, `words` finds the sentences.

pub mod diagnostics;
pub mod pace;
pub mod units;

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
mod store;
#[cfg(target_arch = "wasm32")]
mod words;

#[cfg(target_arch = "wasm32")]
pub use page::start;
