//! Progress, yielding and cancellation of long computations.

use std::cell::Cell;
use std::future::ready;
use std::pin::Pin;

use crate::Result;

/// What the engine is working on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Copying a model's weights to the GPU.
    Loading,
    /// Encoding the picture into a latent.
    Encoding,
    /// Denoising the latent.
    Denoising {
        /// Steps done.
        step: u32,
        /// Steps in total.
        steps: u32,
    },
    /// Decoding the latent into a picture.
    Decoding,
    /// Finding the content of the hole.
    Filling,
    /// Fitting the content to its surroundings.
    Blending,
    /// Writing the picture into a file.
    Writing,
}

/// How the caller of a long computation learns of its progress, and stops it.
///
/// The engine awaits a [`Pacer::checkpoint`] every few milliseconds of work. A browser worker handles its messages there, and returns
/// [`Error::Cancelled`](crate::Error::Cancelled) once one of them was a cancel.
pub trait Pacer {
    /// Reports how much of `stage` is done, from 0 to 1. Never decreases within a stage.
    fn progress(&self, stage: Stage, done: f32);

    /// A place where the computation may yield and may be stopped.
    fn checkpoint(&self) -> Checkpoint<'_>;
}

/// Resolves when the computation may go on. It is boxed, so that the engine is compiled once for all pacers, and not `Send`, because the engine is
/// single-threaded.
pub type Checkpoint<'a> = Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// A pacer for a part of a computation: its progress from 0 to 1 becomes that of the whole from `start` to `start + length`.
pub(crate) struct Share<'a> {
    /// Takes the progress of the whole.
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

/// A pacer for a computation that may have to begin again with something else: its progress stays where it was until it is beyond that.
pub(crate) struct Rising<'a> {
    /// Takes the progress.
    pacer: &'a dyn Pacer,
    most: Cell<f32>,
}

impl<'a> Rising<'a> {
    pub(crate) fn new(pacer: &'a dyn Pacer) -> Self {
        Self { pacer, most: Cell::new(0.0) }
    }
}

impl Pacer for Rising<'_> {
    fn progress(&self, stage: Stage, done: f32) {
        self.most.set(self.most.get().max(done));
        self.pacer.progress(stage, self.most.get());
    }

    fn checkpoint(&self) -> Checkpoint<'_> {
        self.pacer.checkpoint()
    }
}

/// A pacer that neither reports nor yields nor cancels.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unpaced;

impl Pacer for Unpaced {
    fn progress(&self, _stage: Stage, _done: f32) {}

    fn checkpoint(&self) -> Checkpoint<'_> {
        Box::pin(ready(Ok(())))
    }
}

/// A pacer for tests, which stops what it paces at its checkpoint of this number.
#[cfg(test)]
pub(crate) struct StopsAt(pub(crate) Cell<u32>);

#[cfg(test)]
impl Pacer for StopsAt {
    fn progress(&self, _stage: Stage, _done: f32) {}

    fn checkpoint(&self) -> Checkpoint<'_> {
        let left = self.0.get();
        self.0.set(left.saturating_sub(1));
        Box::pin(ready(if left == 0 { Err(crate::Error::Cancelled) } else { Ok(()) }))
    }
}
