//! The model store as pages see it.

mod client;

pub(crate) use client::{Heard, ModelClient};
