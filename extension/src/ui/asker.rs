//! A slot for the one who waits for the answer to a question.

use futures::channel::oneshot;
use std::cell::RefCell;

/// See the module.
#[derive(Default)]
pub(crate) struct Asker(RefCell<Option<oneshot::Sender<bool>>>);

impl Asker {
    /// Begins to wait. An earlier receiver ends without an answer.
    pub(crate) fn wait(&self) -> oneshot::Receiver<bool> {
        let (sender, receiver) = oneshot::channel();
        *self.0.borrow_mut() = Some(sender);
        receiver
    }

    /// Whether somebody waits.
    pub(crate) fn is_waiting(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Answers the one who waits. False if nobody does.
    pub(crate) fn answer(&self, yes: bool) -> bool {
        // The receiver may have been dropped, and the answer is of no use then.
        self.0.take().map(|sender| sender.send(yes)).is_some()
    }

    /// Ends the receiver of the one who waits, without an answer.
    pub(crate) fn dismiss(&self) {
        self.0.take();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn an_answer_goes_to_the_one_who_waits_and_to_nobody_else() {
        let asker = Asker::default();
        assert!(!asker.answer(true), "nobody waits yet");
        let first = asker.wait();
        let second = asker.wait();
        assert!(first.now_or_never().expect("it ended").is_err(), "another question took the place of the first");
        assert!(asker.is_waiting());
        assert!(asker.answer(false));
        assert_eq!(second.now_or_never().expect("it was answered"), Ok(false));
        assert!(!asker.is_waiting());
        assert!(!asker.answer(true), "a second press answers nothing");
    }

    #[test]
    fn a_question_that_is_dismissed_gets_no_answer() {
        let asker = Asker::default();
        let receiver = asker.wait();
        asker.dismiss();
        assert!(!asker.is_waiting());
        assert!(receiver.now_or_never().expect("it ended").is_err());
    }

    #[test]
    fn an_asker_that_has_gone_away_counts_as_answered() {
        let asker = Asker::default();
        drop(asker.wait());
        assert!(asker.answer(true));
        assert!(!asker.is_waiting());
    }
}
