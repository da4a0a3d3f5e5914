//! The overlay's interface: binds the pure parts to `overlay.html`. Each layer uses only those above it.
//!
//! - Drawing: [`frames`] (when), [`bitmaps`], [`stencil`] (the shape of previews), [`screen`] (the picture), [`mask_layer`],
//!   [`view_layer`] (what of it is in sight), [`painter`] (everything over and around it).
//! - Talking: [`page`] (the shim), [`engine`], [`lines`] (progress, hints), [`results`].
//! - Parts: [`stage`] (what is looked at), [`dock`] with its [`toolbar`], [`settings`], [`methods`] (what fills) with the models' [`options`], [`jobs`], [`handover`] (what a tab needs to go on),
//!   [`text_layer`] (the words in the picture), [`proposal`] (what could be painted as well), [`hover`] (what is pointed at), [`last_mask`] (where was painted last).
//! - [`app`] puts them together.
//! - What the user does: [`painting`], [`leaving`], [`failing`] (how work begins, ends and fails), [`stepping`] (undo,
//!   results), [`erasing`], [`proposing`] (what loose paint leaves out), [`selecting`] (things by a click), [`hovering`] (which it would be), [`taking`] (words), [`laying`] (the same mask again, masks as files), [`cropping`] (cropping and turning), [`keeping`] (save, copy, put back, done), [`save_as`] with its sheet ([`save_sheet`]), [`models`], [`pixels`], [`moving`] (from the page into a
//!   tab) and [`opening`].
//! - How the user does it: [`guarded`] (when buttons may act), [`buttons`], [`keys`], [`pointer`]; [`start`] binds them.

mod app;
mod bitmaps;
mod buttons;
mod consenting;
mod cropping;
mod dock;
mod engine;
mod erasing;
mod failing;
mod frames;
mod guarded;
mod handover;
mod hover;
mod hovering;
mod jobs;
mod keeping;
mod keys;
mod last_mask;
mod laying;
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
mod proposal;
mod proposing;
mod results;
mod save_as;
mod save_sheet;
mod screen;
mod selecting;
mod settings;
mod stage;
mod start;
mod stencil;
mod stepping;
mod taking;
mod text_layer;
mod toolbar;
mod view_layer;

pub use start::start;
