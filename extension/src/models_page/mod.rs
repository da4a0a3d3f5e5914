//! The models page, which is the extension's options page: it shows the models, and installs, verifies, exports and removes them.
//!
//! Pure and tested natively: [`pace`] (how often progress is announced), [`buttons`] (which buttons a card has), [`coalesce`] (one request
//! at a time), [`diagnostics`] (the text for bug reports), [`settings_file`] (what settings are exported to). The rest binds them to `models.html`. `start` puts the page together; `page`
//! holds its parts and passes on to them what the store says; `context` is what each part uses. The parts know neither each other nor the
//! page: `list` shows the models, each on a `row`; `actions` are those of their buttons; `own` installs models of the user's own, from files
//! and from an `address`; `room` is about storage, `gpu` about the GPU and its speed, `settings` about the user's settings, `data` about all that is kept.

pub mod buttons;
pub mod coalesce;
pub mod diagnostics;
pub mod pace;
pub mod settings_file;

#[cfg(target_arch = "wasm32")]
mod actions;
#[cfg(target_arch = "wasm32")]
mod address;
#[cfg(target_arch = "wasm32")]
mod context;
#[cfg(target_arch = "wasm32")]
mod data;
#[cfg(target_arch = "wasm32")]
mod gpu;
#[cfg(target_arch = "wasm32")]
mod list;
#[cfg(target_arch = "wasm32")]
mod own;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod room;
#[cfg(target_arch = "wasm32")]
mod row;
#[cfg(target_arch = "wasm32")]
mod settings;
#[cfg(target_arch = "wasm32")]
mod start;

#[cfg(target_arch = "wasm32")]
pub use start::start;
