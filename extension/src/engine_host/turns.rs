//! One at a time, in the order of asking.

use futures::channel::oneshot;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

/// A queue at one counter.
#[derive(Default)]
pub(super) struct Turns {
    taken: Cell<bool>,
    waiting: RefCell<VecDeque<oneshot::Sender<()>>>,
}

/// Held as long as it is somebody's turn.
pub(super) struct Turn<'a>(&'a Turns);

impl Turns {
    /// Waits until everybody who asked before is done.
    pub(super) async fn mine(&self) -> Turn<'_> {
        if self.taken.replace(true) {
            let (called, call) = oneshot::channel();
            self.waiting.borrow_mut().push_back(called);
            // The queue lives as long as the worker, and nobody leaves it uncalled.
            let _ = call.await;
        }
        Turn(self)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Whoever no longer waits is passed over.
        while let Some(next) = self.0.waiting.borrow_mut().pop_front() {
            if next.send(()).is_ok() {
                return;
            }
        }
        self.0.taken.set(false);
    }
}
