//! A line with a sentence and up to two buttons. It blocks nothing, stays until it is answered, and is replaced by the next one.

use super::asker::Asker;
use super::dom::{by_id, show_text};
use futures::channel::oneshot;
use web_sys::{HtmlButtonElement, HtmlElement};

/// The line `#ID` with `#ID-text`, `#ID-yes` and `#ID-no`. The page listens to the buttons.
pub(crate) struct Notice {
    row: HtmlElement,
    text: HtmlElement,
    /// The button that agrees, or does what helps.
    pub(crate) yes: HtmlButtonElement,
    /// The button that declines, or hides the line.
    pub(crate) no: HtmlButtonElement,
    asker: Asker,
    resized: Box<dyn Fn()>,
}

impl Notice {
    /// Finds its elements. `resized` is called when the line appears, changes or disappears.
    ///
    /// # Panics
    /// When the page lacks an element.
    pub(crate) fn find(id: &str, resized: impl Fn() + 'static) -> Self {
        Self {
            row: by_id(id),
            text: by_id(&format!("{id}-text")),
            yes: by_id(&format!("{id}-yes")),
            no: by_id(&format!("{id}-no")),
            asker: Asker::default(),
            resized: Box::new(resized),
        }
    }

    /// Shows a sentence, in place of what shows. Each button shows if its label is not empty. Nobody waits for an answer.
    pub(crate) fn show(&self, text: &str, yes: &str, no: &str) {
        self.asker.dismiss();
        self.row.set_class_name("");
        self.text.set_text_content(Some(text));
        show_text(&self.yes, yes);
        show_text(&self.no, no);
        self.row.set_hidden(false);
        (self.resized)();
    }

    /// Shows a question, in place of what shows, and waits for the answer. None if the line was dismissed or replaced. Each button shows if
    /// its label is not empty.
    pub(crate) async fn ask(&self, text: &str, yes: &str, no: &str) -> Option<bool> {
        self.show(text, yes, no);
        self.answered(&self.yes).await
    }

    /// As [`Self::ask`], where "yes" loses something: "no" has the focus and stands out.
    pub(crate) async fn ask_before_losing(&self, text: &str, yes: &str, no: &str) -> Option<bool> {
        self.show(text, yes, no);
        self.row.set_class_name("careful");
        self.answered(&self.no).await
    }

    async fn answered(&self, first: &HtmlButtonElement) -> Option<bool> {
        let answer: oneshot::Receiver<bool> = self.asker.wait();
        // The keyboard's way to the answer is short; the question itself is read as an alert.
        let _ = first.focus();
        let answer = answer.await.ok()?;
        if !self.asker.is_waiting() {
            self.hide();
        }
        Some(answer)
    }

    /// Answers the question that shows. False where nobody waits for an answer.
    pub(crate) fn answer(&self, yes: bool) -> bool {
        self.asker.answer(yes)
    }

    /// Hides the line. A question that shows gets no answer.
    pub(crate) fn dismiss(&self) {
        self.asker.dismiss();
        self.hide();
    }

    fn hide(&self) {
        self.row.set_hidden(true);
        (self.resized)();
    }
}
