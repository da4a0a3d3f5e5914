//! Every message that crosses from one context to another, typed once.
//!
//! ```text
//!   page (shim, TypeScript) <--MessagePort or Port "page"--> overlay (Rust)   page.rs
//!   overlay                 <--------- Port "engine" ------> engine worker    engine.rs
//!   models page             <--------- Port "models" ------> engine worker    models.rs
//!   shim, overlay, popup    ---------- sendMessage --------> background       background.rs
//!   overlay                 <--------- MessagePort --------> editor           page.rs (the editor stands for a page)
//!   background, popup       ------- fragment of address ---> editor           errand.rs
//!   background              ---------- sendMessage --------> shim             page.rs (Start)
//! ```
//!
//! A message is an [`Envelope`]: a typed body, and beside it the [`Blob`s] that the body speaks of, in
//! the order that the body's documentation gives. Blobs carry every byte that is not text, because the
//! browser hands them over by reference: they are not copied and not bound by the 64 MiB message limit.
//!
//! The TypeScript types of the shim are generated from this module by `cargo test -p extension`
//! (`extension/shim/protocol.ts`), so that both languages speak of the same thing.
//!
//! [`Blob`s]: https://developer.mozilla.org/en-US/docs/Web/API/Blob

pub mod background;
mod call;
pub mod engine;
pub mod errand;
#[cfg(test)]
pub(crate) mod examples;
mod failure;
mod geometry;
pub mod models;
pub mod page;
pub mod scroll;
#[cfg(test)]
mod tests;
pub mod upload;

pub use call::{Call, Reply};
pub use failure::{DownloadFault, Failure, Remedy, WeightStorage};
pub use geometry::{Clip, Corner, Cutout, Geometry, Point, Rect, Size};

use serde::{Deserialize, Serialize};

/// Version of the wire format. Contexts of one installed extension always agree; the number is there
/// for a page that still holds the shim of a version that was updated underneath it.
pub const WIRE_VERSION: u16 = 1;

/// What travels: a request (`id`), the answer to one (`re`), or an event (neither).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Envelope<B> {
    /// Always [`WIRE_VERSION`].
    pub v: u16,
    /// Number of this request, unique on its channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub id: Option<u32>,
    /// Number of the request that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub re: Option<u32>,
    /// The message itself.
    pub body: B,
}

/// The answer to a request: what was asked for, or why not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum Answer<T> {
    /// What was asked for.
    Ok(T),
    /// Why it could not be had.
    Err(Failure),
}

/// It is done: the answer to a [`Call`] that asks for nothing but that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "done")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Done {}

impl From<()> for Done {
    fn from((): ()) -> Self {
        Self {}
    }
}

impl Reply for Done {
    type Blobs<B> = [B; 0];
}

impl<T> From<Result<T, Failure>> for Answer<T> {
    fn from(result: Result<T, Failure>) -> Self {
        match result {
            Ok(value) => Self::Ok(value),
            Err(failure) => Self::Err(failure),
        }
    }
}

impl<T> From<Answer<T>> for Result<T, Failure> {
    fn from(answer: Answer<T>) -> Self {
        match answer {
            Answer::Ok(value) => Ok(value),
            Answer::Err(failure) => Err(failure),
        }
    }
}
