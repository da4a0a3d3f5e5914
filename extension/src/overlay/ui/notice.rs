//! The line above the toolbar: questions, failures, progress, and what the screen reader says.

use super::app::{App, State};
use super::dom::attribute;
use crate::browser::i18n;
use crate::protocol::{Failure, Remedy};
use crate::ui::sentences;
use futures::channel::oneshot;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;

/// Who waits for the answer to the question that shows.
#[derive(Default)]
pub(super) struct Asking(Option<oneshot::Sender<bool>>);

impl App {
    /// Asks one question with two buttons. A question that is taken over by another counts as answered "no".
    pub(super) async fn ask(&self, text: &str, yes: &str, no: Option<&str>) -> bool {
        let (sender, receiver) = oneshot::channel();
        self.asking.borrow_mut().0 = Some(sender);
        self.dom.notice_text.set_text_content(Some(text));
        self.dom.notice_yes.set_text_content(Some(yes));
        self.dom.notice_no.set_text_content(no);
        self.dom.notice_no.set_hidden(no.is_none());
        self.dom.notice.set_hidden(false);
        self.request_frame();
        // The keyboard's way to the answer is short; the question itself is read as an alert.
        let _ = self.dom.notice_yes.focus();
        let answer = receiver.await.unwrap_or(false);
        if self.asking.borrow().0.is_none() {
            self.dom.notice.set_hidden(true);
            self.request_frame();
        }
        answer
    }

    /// A button of the notice was pressed, or Escape stands for "no".
    pub(super) fn answer(&self, yes: bool) -> bool {
        let Some(sender) = self.asking.borrow_mut().0.take() else { return false };
        // The asker may have been dropped: then nobody minds.
        let _ = sender.send(yes);
        if self.has_picture() {
            let _ = self.dom.picture.focus();
        }
        true
    }

    /// Takes a question or failure away.
    pub(super) fn dismiss(&self) {
        self.asking.borrow_mut().0 = None;
        self.dom.notice.set_hidden(true);
    }

    /// Says what failed, with the one button that helps. Picture and mask stay.
    pub(super) fn fail(self: &Rc<Self>, failure: Failure, retry: impl FnOnce(Rc<Self>) + 'static) {
        web_sys::console::warn_1(&failure.to_string().into());
        let sentence = sentences::failure(&failure);
        let label = match failure.remedy() {
            Remedy::Retry => "remedyRetry",
            Remedy::Save => "remedySave",
            Remedy::Close => "remedyClose",
        };
        self.progress_over();
        self.set_state(State::Failed);
        let app = Rc::clone(self);
        spawn_local(async move {
            let close = i18n::text("close", &[]);
            let second = (failure.remedy() != Remedy::Close).then_some(close.as_str());
            let chosen = app.ask(&sentence, &i18n::text(label, &[]), second).await;
            // Work that began meanwhile has dismissed the complaint and set a state of its own.
            if app.state.get() == State::Failed {
                app.settle();
            }
            match failure.remedy() {
                Remedy::Retry if chosen => retry(app),
                Remedy::Save if chosen => app.save(),
                // Without a picture there is nothing else to do than to close.
                _ if !app.has_picture() => app.close_now(),
                _ => {}
            }
        });
    }

    /// Shows the progress row. `done` is none while it cannot be told.
    pub(super) fn progress(&self, text: &str, done: Option<f64>) {
        self.dom.progress_text.set_text_content(Some(text));
        match done {
            Some(done) => self.dom.progress_bar.set_value(done),
            // An absent value makes the bar indeterminate.
            None => {
                let _ = self.dom.progress_bar.remove_attribute("value");
            }
        }
        if self.dom.progress.hidden() {
            self.dom.progress.set_hidden(false);
            self.request_frame();
        }
    }

    /// Takes the progress row away.
    pub(super) fn progress_over(&self) {
        self.dom.progress.set_hidden(true);
        self.request_frame();
    }

    /// Tells the screen reader, and nobody else.
    pub(super) fn announce(&self, key: &str, placeholders: &[&str]) {
        self.dom.status.set_text_content(Some(&i18n::text(key, placeholders)));
    }

    /// The one-line hint above the toolbar.
    pub(super) fn hint(&self, key: &str) {
        attribute(&self.dom.hint, "data-i18n", key);
        self.dom.hint.set_text_content(Some(&i18n::text(key, &[])));
    }
}
