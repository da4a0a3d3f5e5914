//! Rubout in the browser.
//!
//! `docs/architecture.md` says what each module is for; `tests/layering.rs` says which module may use which, and checks it.
//!
//! Code that needs neither the DOM nor the extension's API is kept apart from code that does, and is compiled and tested natively. Everything
//! else is compiled for wasm32 only.

pub mod background;
pub mod batch;
#[cfg(target_arch = "wasm32")]
pub mod browser;
#[cfg(target_arch = "wasm32")]
pub mod changes;
pub mod drafts;
pub mod editor;
#[cfg(all(target_arch = "wasm32", feature = "engine"))]
pub mod engine_host;
pub mod masks;
pub mod model_catalogue;
#[cfg(target_arch = "wasm32")]
pub mod model_client;
pub mod models_page;
pub mod overlay;
pub mod picture_size;
#[cfg(target_arch = "wasm32")]
pub mod popup;
#[cfg(target_arch = "wasm32")]
pub mod privacy;
pub mod protocol;
pub mod releases;
pub mod ui;
#[cfg(target_arch = "wasm32")]
pub mod welcome;
#[cfg(target_arch = "wasm32")]
pub mod wire;
