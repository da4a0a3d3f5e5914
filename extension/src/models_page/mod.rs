//! The models page, the extension's options: which models there are, and getting, checking, keeping and removing them.
//!
//! Pure and tested natively: [`pace`] (how often progress is spoken), [`buttons`] (what a card offers), [`coalesce`] (one request at a
//! time), [`diagnostics`] (a text for whoever helps). The rest binds them to `models.html`. `start` puts the page together: `page` holds
//! its parts and gives each what the store tells, `context` is what each part needs. The parts know neither each other nor the page:
//! `list` shows the models, a `row` each, `actions` does what their buttons say, `own` takes models that the user has (from an
//! `address`, for one), `room` speaks of storage, `gpu` of the GPU and its speed, `settings` keeps what the user sets.

pub mod buttons;
pub mod coalesce;
pub mod diagnostics;
pub mod pace;

#[cfg(target_arch = "wasm32")]
mod actions;
#[cfg(target_arch = "wasm32")]
mod address;
#[cfg(target_arch = "wasm32")]
mod context;
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
