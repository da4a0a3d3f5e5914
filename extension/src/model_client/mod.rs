//! How pages reach the model store. The store itself is `engine_host/model_store`, in the engine's worker.

mod client;

pub(crate) use client::{Heard, ModelClient};
