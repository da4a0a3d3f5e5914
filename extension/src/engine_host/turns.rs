//! A queue for jobs: one runs at a time, in the order of their requests.

use futures::channel::oneshot;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

/// The queue.
#[derive(Default)]
pub(super) struct Turns {
    taken: Cell<bool>,
    waiting: RefCell<VecDeque<oneshot::Sender<()>>>,
}

/// The right to run. The next job in the queue gets it when this is dropped.
pub(super) struct Turn<'a>(&'a Turns);

impl Turns {
    /// Whether any job runs or waits.
    pub(super) fn are_taken(&self) -> bool {
        self.taken.get()
    }

    /// Waits until every job that was in the queue before is done.
    pub(super) async fn mine(&self) -> Turn<'_> {
        if self.taken.replace(true) {
            let (called, call) = oneshot::channel();
            self.waiting.borrow_mut().push_back(called);
            // It cannot fail: the sender stays in the queue until it is called, and the queue lives as long as the worker.
            let _ = call.await;
        }
        Turn(self)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Sending fails if the job was cancelled while it waited. Such jobs are skipped.
        while let Some(next) = self.0.waiting.borrow_mut().pop_front() {
            if next.send(()).is_ok() {
                return;
            }
        }
        self.0.taken.set(false);
    }
}
