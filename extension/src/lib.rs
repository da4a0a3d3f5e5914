//! Rubout in the browser.
//!
//! Layers, each using only those to its left: `protocol` <- `browser` <- `wire` <- `background` | `engine_host` |
//! (`ui` <- `model_client` <- `overlay` | `models_page`) <- `bin`. What can be pure is pure, and is tested natively; what touches the DOM or the
//! extension's API is compiled for wasm32 only.

#[cfg(target_arch = "wasm32")]
pub mod background;
#[cfg(target_arch = "wasm32")]
pub mod browser;
#[cfg(all(target_arch = "wasm32", feature = "engine"))]
pub mod engine_host;
pub mod model_catalogue;
#[cfg(target_arch = "wasm32")]
pub mod model_client;
pub mod models_page;
pub mod overlay;
pub mod protocol;
pub mod ui;
#[cfg(target_arch = "wasm32")]
pub mod wire;
