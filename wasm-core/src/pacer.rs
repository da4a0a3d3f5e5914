//! How a long computation stays polite: progress out, cancellation in.

use std::future::ready;
use std::pin::Pin;

use crate::Result;

/// What the engine is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Bringing a model's weights to the GPU.
    Loading,
    /// Turning the picture into a latent.
    Encoding,
    /// Denoising the latent.
    Denoising {
        /// Steps done.
        step: u32,
        /// Steps in all.
        steps: u32,
    },
    /// Turning the latent back into a picture.
    Decoding,
    /// Finding what belongs into the hole.
    Filling,
    /// Making the seam disappear.
    Blending,
}

/// Supplied by the caller of a long computation.
///
/// The engine calls [`Pacer::checkpoint`] every few milliseconds of work. A browser worker gives way to its
/// messages there, and answers [`Error::Cancelled`](crate::Error::Cancelled) once a cancel has arrived.
pub trait Pacer {
    /// `done` of `stage`, 0 to 1, never decreasing within a stage.
    fn progress(&self, stage: Stage, done: f32);

    /// A place to yield and to stop.
    fn checkpoint(&self) -> Checkpoint<'_>;
}

/// Ready once the caller has had its turn. Boxed, so that the engine is compiled once, and here, for whatever [`Pacer`] there is. Not
/// `Send`: the engine is single-threaded.
pub type Checkpoint<'a> = Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// A part of a whole: its progress is that from `start` on, over `length` of it.
pub(crate) struct Share<'a> {
    pub(crate) pacer: &'a dyn Pacer,
    pub(crate) start: f32,
    pub(crate) length: f32,
}

impl Pacer for Share<'_> {
    fn progress(&self, stage: Stage, done: f32) {
        self.pacer.progress(stage, self.start + self.length * done);
    }

    fn checkpoint(&self) -> Checkpoint<'_> {
        self.pacer.checkpoint()
    }
}

/// Runs to the end without yielding or reporting.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unpaced;

impl Pacer for Unpaced {
    fn progress(&self, _stage: Stage, _done: f32) {}

    fn checkpoint(&self) -> Checkpoint<'_> {
        Box::pin(ready(Ok(())))
    }
}
