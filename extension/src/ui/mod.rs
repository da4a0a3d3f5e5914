//! The toolkit of the extension's pages: what the overlay, the models page and every page to come share.
//!
//! Pure and tested natively: [`units`] (numbers as people read them), [`sentences`] (what becomes a sentence). The rest touches the
//! document: `dom` finds and changes elements, `listen` hears what the user does, `translation` puts the user's language into a page,
//! `connection` reaches the engine's worker, `save_file` hands a blob to the browser as a download.

#[cfg(target_arch = "wasm32")]
pub(crate) mod connection;
#[cfg(target_arch = "wasm32")]
pub(crate) mod dom;
#[cfg(target_arch = "wasm32")]
pub(crate) mod listen;
#[cfg(target_arch = "wasm32")]
pub(crate) mod save_file;
#[cfg(any(target_arch = "wasm32", test))]
pub(crate) mod sentences;
#[cfg(target_arch = "wasm32")]
pub(crate) mod translation;
pub mod units;
