//! Combines requests for the same work: however many come while it runs, it is repeated only once afterwards.

use std::cell::Cell;

/// See the module.
#[derive(Debug, Default)]
pub struct Coalesce {
    running: Cell<bool>,
    asked: Cell<bool>,
}

impl Coalesce {
    /// Requests the work. True if it is not running: then the caller has to do it, and again as long as [`Self::again`] is true.
    pub fn ask(&self) -> bool {
        self.asked.set(true);
        !self.running.replace(true)
    }

    /// Whether the work has to be done (again), because it was requested since it last began. If not, it has ended.
    pub fn again(&self) -> bool {
        let again = self.asked.replace(false);
        self.running.set(again);
        again
    }

    /// Ends the work after a failure, also if it was requested again meanwhile. The next request starts it anew.
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
