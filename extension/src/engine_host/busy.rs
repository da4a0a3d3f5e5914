//! Whether the engine has something that must not be lost when nobody watches.

use std::cell::Cell;
use std::rc::Rc;

/// Counts reasons for the engine's document to stay open.
pub(super) struct Busy {
    reasons: Cell<u32>,
    tell: Box<dyn Fn(bool)>,
}

/// One reason, for as long as it is held.
pub(super) struct Reason(Rc<Busy>);

impl Busy {
    /// `tell` hears when the first reason comes up and when the last is gone.
    pub(super) fn new(tell: impl Fn(bool) + 'static) -> Self {
        Self { reasons: Cell::new(0), tell: Box::new(tell) }
    }

    /// Stay open until the reason is dropped.
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
