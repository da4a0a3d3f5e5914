//! The engine's host: a dedicated worker in the offscreen document.
//!
//! The document's script only forwards between runtime ports and this worker, under a number for each port. A port
//! is one overlay's picture ([`picture`]); fills run one after another in the order they were asked for
//! ([`hub`]), so that two tabs take turns and neither starves. Ports of the models page lead to the [`model_store`].

mod busy;
mod canvas;
mod failure;
mod hub;
mod model_store;
mod picture;
mod port;
mod turns;

pub use hub::Hub;
pub use model_store::{ModelCache, ModelStore};
