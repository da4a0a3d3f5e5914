//! Rubout's engine: a picture and a mask in, a patch out.
//!
//! `docs/architecture.md` says what each module is for; `extension/tests/layering.rs` says which module may use which, and checks it.
//!
//! The engine knows nothing of the browser: time, yielding and bytes come in as arguments. The one exception is [`web`], which supplies the
//! clock and the yielding in a browser's worker.
//!
//! ```no_run
//! # async fn example(image: wasm_core::pixels::Image, mask: wasm_core::pixels::Mask) -> wasm_core::Result<()> {
//! let patch = wasm_core::erase(&image, &mask, 1, &wasm_core::Unpaced).await?;
//! # Ok(()) }
//! ```
#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a panic is how a test fails"))]

pub mod codec;
pub mod diffusion;
mod erase;
mod error;
pub mod fill;
pub mod find;
pub mod gpu;
mod hide;
pub mod inpaint;
pub mod kernels;
mod leftover;
pub mod models;
pub mod nn;
pub mod noise;
mod pacer;
pub mod pixels;
pub mod select;
pub mod text;
#[cfg(target_arch = "wasm32")]
pub mod web;
pub mod weights;

pub use erase::{Erased, erase, erase_by, lies_across_text};
pub use error::{Error, GpuError, Misshapen, Result, Storing, WeightsError};
pub use hide::{Hiding, hide};
pub use leftover::leftover;
pub use pacer::{Checkpoint, Pacer, Stage, Unpaced};
