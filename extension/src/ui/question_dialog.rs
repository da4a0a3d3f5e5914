//! A modal dialog with one question and two buttons.

use super::asker::Asker;
use super::dom::by_id;
use super::listen::on;
use futures::lock::Mutex;
use std::rc::Rc;
use web_sys::{Event, HtmlDialogElement, HtmlElement, MouseEvent};

/// One question.
pub(crate) struct Question<'a> {
    /// Its subject.
    pub(crate) title: &'a str,
    /// What will happen after a yes.
    pub(crate) text: &'a str,
    /// Label of the button that agrees.
    pub(crate) yes: &'a str,
    /// Label of the button that declines.
    pub(crate) no: &'a str,
}

/// The dialog `#ID` with `#ID-title`, `#ID-text`, `#ID-yes` and `#ID-no`. In the page, the safe answer comes first and has
/// `autofocus`: a held Enter key must not agree to anything.
pub(crate) struct QuestionDialog {
    dialog: HtmlDialogElement,
    title: HtmlElement,
    text: HtmlElement,
    yes: HtmlElement,
    no: HtmlElement,
    /// Held while a question shows. Others wait, so that an answer never counts for another question.
    turn: Mutex<()>,
    asker: Asker,
}

impl QuestionDialog {
    /// Finds its elements, and listens to the two buttons and to Escape.
    ///
    /// # Panics
    /// When the page lacks an element.
    pub(crate) fn find(id: &str) -> Rc<Self> {
        let part = |name: &str| by_id(&format!("{id}-{name}"));
        let it = Rc::new(Self {
            dialog: by_id(id),
            title: part("title"),
            text: part("text"),
            yes: part("yes"),
            no: part("no"),
            turn: Mutex::default(),
            asker: Asker::default(),
        });
        for (button, yes) in [(&it.yes, true), (&it.no, false)] {
            let it = Rc::clone(&it);
            on(button, "click", move |_: &MouseEvent| {
                it.asker.answer(yes);
                it.dialog.close();
            });
        }
        let closed = Rc::clone(&it);
        on(&it.dialog, "close", move |_: &Event| {
            // The browser sends this event late: the next question may be open by then, and must not be answered.
            if !closed.dialog.open() {
                closed.asker.answer(false);
            }
        });
        it
    }

    /// Asks the user. Waits until earlier questions have been answered. Escape counts as "no".
    pub(crate) async fn ask(&self, question: Question<'_>) -> bool {
        let _turn = self.turn.lock().await;
        let answer = self.asker.wait();
        self.title.set_text_content(Some(question.title));
        self.text.set_text_content(Some(question.text));
        self.yes.set_text_content(Some(question.yes));
        self.no.set_text_content(Some(question.no));
        // Only a dialog that is already open refuses.
        let _ = self.dialog.show_modal();
        answer.await.unwrap_or(false)
    }
}
