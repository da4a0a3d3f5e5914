//! Work that is asked for more often than it has to be done: while it runs, it is enough to do it once more afterwards.

use std::cell::Cell;

/// See the module.
#[derive(Debug, Default)]
pub struct Coalesce {
    running: Cell<bool>,
    asked: Cell<bool>,
}

impl Coalesce {
    /// The work is wanted. True when the caller has to do it, as often as [`Self::again`] says so.
    pub fn ask(&self) -> bool {
        self.asked.set(true);
        !self.running.replace(true)
    }

    /// Whether the work has to be done (again): it was asked for since it began last. When it has not, it is over.
    pub fn again(&self) -> bool {
        let again = self.asked.replace(false);
        self.running.set(again);
        again
    }

    /// The work failed and is over; what was asked for meanwhile waits for whoever asks next.
    pub fn give_up(&self) {
        self.running.set(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_done_once_more_however_often_it_was_asked_for() {
        let work = Coalesce::default();
        assert!(work.ask(), "the first does it");
        assert!(work.again());
        assert!(!work.ask() && !work.ask(), "the others let it be");
        assert!(work.again(), "once more");
        assert!(!work.again());
        assert!(work.ask(), "then it begins anew");
    }

    #[test]
    fn after_a_failure_the_next_begins_anew() {
        let work = Coalesce::default();
        assert!(work.ask() && work.again());
        work.give_up();
        assert!(work.ask());
    }
}
