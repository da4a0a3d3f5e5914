//! The background service worker: it owns the menu item, injects the shim and opens the engine's page.

pub mod entry;
#[cfg(target_arch = "wasm32")]
mod worker;

#[cfg(target_arch = "wasm32")]
pub use worker::{granted, installed, menu_clicked, message, pick, started, withdrawn};
