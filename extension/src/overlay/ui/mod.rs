//! The overlay's interface: binds the pure parts to `overlay.html`. Each layer uses only those above it.
//!
//! - Drawing: [`frames`] (when), [`bitmaps`], [`stencil`] (the shape of previews), [`screen`] (the picture), [`mask_layer`],
//!   [`painter`] (everything over and around it).
//! - Talking: [`page`] (the shim), [`engine`], [`lines`] (progress, hints), [`results`].
//! - Parts: [`stage`] (what is looked at), [`dock`] with its [`toolbar`], [`settings`], [`methods`] (what fills) with the models' [`options`], [`jobs`], [`handover`] (what a tab needs to go on).
//! - [`app`] puts them together.
//! - What the user does: [`painting`], [`leaving`], [`failing`] (how work begins, ends and fails), [`stepping`] (undo,
//!   results), [`erasing`], [`keeping`] (save, copy, put back, done), [`models`], [`pixels`], [`moving`] (from the page into a
//!   tab) and [`opening`].
//! - How the user does it: [`guarded`] (when buttons may act), [`buttons`], [`keys`], [`pointer`]; [`start`] binds them.

mod app;
mod bitmaps;
mod buttons;
mod consenting;
mod dock;
mod engine;
mod erasing;
mod failing;
mod frames;
mod guarded;
mod handover;
mod jobs;
mod keeping;
mod keys;
mod leaving;
mod lines;
mod mask_layer;
mod methods;
mod models;
mod moving;
mod opening;
mod options;
mod page;
mod painter;
mod painting;
mod pixels;
mod pointer;
mod results;
mod screen;
mod settings;
mod stage;
mod start;
mod stencil;
mod stepping;
mod toolbar;

pub use start::start;
