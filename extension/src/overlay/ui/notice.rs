//! The line above the toolbar that asks questions and tells failures, with its two buttons.

use super::frames::Frames;
use crate::ui::dom::by_id;
use futures::channel::oneshot;
use std::cell::RefCell;
use std::rc::Rc;
use web_sys::{HtmlButtonElement, HtmlElement};

/// See the module.
pub(super) struct Notice {
    row: HtmlElement,
    text: HtmlElement,
    pub yes: HtmlButtonElement,
    pub no: HtmlButtonElement,
    /// Receives the answer to the question or failure that shows.
    waiting: RefCell<Option<oneshot::Sender<bool>>>,
    frames: Rc<Frames>,
}

impl Notice {
    pub(super) fn find(frames: &Rc<Frames>) -> Self {
        Self {
            row: by_id("notice"),
            text: by_id("notice-text"),
            yes: by_id("notice-yes"),
            no: by_id("notice-no"),
            waiting: RefCell::default(),
            frames: Rc::clone(frames),
        }
    }

    /// Asks with one or two buttons. None when the notice was taken away, or something else was asked in its place.
    pub(super) async fn ask(&self, text: &str, yes: &str, no: Option<&str>) -> Option<bool> {
        let (sender, receiver) = oneshot::channel();
        *self.waiting.borrow_mut() = Some(sender);
        self.text.set_text_content(Some(text));
        self.yes.set_text_content(Some(yes));
        self.no.set_text_content(no);
        self.no.set_hidden(no.is_none());
        self.row.set_hidden(false);
        self.frames.request();
        // The keyboard's way to the answer is short; the question itself is read as an alert.
        let _ = self.yes.focus();
        let answer = receiver.await.ok()?;
        if self.waiting.borrow().is_none() {
            self.row.set_hidden(true);
            self.frames.request();
        }
        Some(answer)
    }

    /// Answers what shows. False where nobody waits for an answer.
    pub(super) fn answer(&self, yes: bool) -> bool {
        let waiting = self.waiting.take();
        // The receiver may have been dropped, and the answer is of no use then.
        waiting.map(|sender| sender.send(yes)).is_some()
    }

    /// Takes the notice away.
    pub(super) fn dismiss(&self) {
        self.waiting.take();
        self.row.set_hidden(true);
    }
}
