//! The models, and what every model answers.
//!
//! A model repaints the hole in a square picture. It consists of one or more files: the file that bears its weights, and parts that several
//! models share. [`Registry`] finds the model of a file, published or packed; [`Model`] describes what the user may set and loads;
//! [`Painter`] is a loaded model. Everything else about a model is behind these traits: whoever erases, downloads or shows models
//! never names one.
//!
//! `options`, `progress` <- `contract` <- `registry` | one folder for each model <- this list.
//!
//! To add a model, write a folder here with a [`Model`], add it to [`SHIPPED`], describe its files in the extension's
//! `model_catalogue/catalogue.json` and translate the labels of its options. `tests/parity/toy/` is a complete small one.

mod contract;
pub mod moebius;
mod options;
mod progress;
mod registry;

pub use crate::nn::WeightElement;
pub use crate::nn::packing::Written;
pub use contract::{Answer, Cost, Landmark, Model, ModelFile, NETWORK, Painter, Sketch, Task};
pub use options::{OptionSpec, Preset, Values};
pub use progress::Progress;
pub use registry::Registry;

/// The models of this build.
pub static SHIPPED: Registry = Registry::new(&[&moebius::MoebiusModel]);
