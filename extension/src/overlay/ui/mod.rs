//! The overlay's interface: binds the pure parts to `overlay.html`.
//!
//! [`app`] holds the state; [`dom`] the elements; [`opening`] goes from nothing to a picture on the screen, through
//! [`page`] (the shim), [`pixels`] (the ladder) and [`engine`]; [`pointer`] and [`keys`] take input; [`actions`] does
//! what the buttons say; [`canvas`], [`mask_layer`] and [`preview`] draw; [`method`] knows the ways to fill.

mod actions;
mod app;
mod canvas;
mod dom;
mod engine;
mod keys;
mod mask_layer;
mod method;
mod notice;
mod opening;
mod page;
mod pixels;
mod pointer;
mod preview;

pub use opening::start;
