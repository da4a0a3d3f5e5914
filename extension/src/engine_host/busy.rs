//! Keeps the engine's document open while there is work that has to go on without a page, such as a download.

use std::cell::Cell;
use std::rc::Rc;

/// Counts reasons for the engine's document to stay open.
pub(super) struct Busy {
    reasons: Cell<u32>,
    tell: Box<dyn Fn(bool)>,
}

/// One reason. It counts until it is dropped.
pub(super) struct Reason(Rc<Busy>);

impl Busy {
    /// No reasons yet. `tell` is called with true when the first one appears and with false when the last one is gone.
    pub(super) fn new(tell: impl Fn(bool) + 'static) -> Self {
        Self { reasons: Cell::new(0), tell: Box::new(tell) }
    }

    /// Keeps the document open until the returned reason is dropped.
    pub(super) fn hold(self: &Rc<Self>) -> Reason {
        self.reasons.set(self.reasons.get() + 1);
        if self.reasons.get() == 1 {
            (self.tell)(true);
        }
        Reason(Rc::clone(self))
    }
}

impl Drop for Reason {
    fn drop(&mut self) {
        let busy = &self.0;
        busy.reasons.set(busy.reasons.get() - 1);
        if busy.reasons.get() == 0 {
            (busy.tell)(false);
        }
    }
}
