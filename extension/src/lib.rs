//! Rubout in the browser.
//!
//! Layers, each using only those to its left: `protocol` <- `browser`, `wire` <- `background` | `overlay` |
//! `engine_host` <- `bin`. What can be pure is pure, and is tested natively; what touches the DOM or the
//! extension's API is compiled for wasm32 only.

pub mod overlay;
pub mod protocol;
