//! The overlay's interface: binds the pure parts to `overlay.html`.
//!
//! [`app`] holds the state; [`dom`] the elements; [`opening`] goes from nothing to a picture on the screen, through
//! [`page`] (the shim), [`pixels`] (the ladder) and [`engine`]; [`pointer`] and [`keys`] take input; [`actions`] does
//! what the buttons say, [`fills`] erases, [`variations`] offers further results; [`canvas`], [`mask_layer`] and [`preview`] draw;
//! [`method`] knows the ways to fill, [`offer`] brings a model here, [`settings`] is what the user set.

mod actions;
mod app;
mod canvas;
mod dom;
mod engine;
mod fills;
mod keys;
mod mask_layer;
mod method;
mod notice;
mod offer;
mod opening;
mod options;
mod page;
mod pixels;
mod pointer;
mod preview;
mod settings;
mod variations;

pub use opening::start;
