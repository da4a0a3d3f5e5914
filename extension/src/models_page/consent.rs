//! The dialog that asks before something is downloaded or deleted.

use super::dom::Dom;
use super::page::Page;
use crate::ui::listen::on;
use futures::channel::oneshot;
use futures::lock::Mutex;
use std::cell::RefCell;
use std::rc::Rc;
use web_sys::{Event, MouseEvent};

/// One question with two buttons.
pub(super) struct Question<'a> {
    /// What it is about.
    pub title: &'a str,
    /// What will happen.
    pub text: &'a str,
    /// Button that lets it happen.
    pub yes: &'a str,
    /// Button that does not.
    pub no: &'a str,
}

/// See the module.
#[derive(Default)]
pub(super) struct Consent {
    /// Questions wait for one another: an answer must never be taken for that of another question.
    turn: Mutex<()>,
    asking: RefCell<Option<oneshot::Sender<bool>>>,
}

impl Consent {
    /// Asks. Escape counts as "no".
    pub(super) async fn ask(&self, dom: &Dom, question: Question<'_>) -> bool {
        let _turn = self.turn.lock().await;
        let (sender, receiver) = oneshot::channel();
        *self.asking.borrow_mut() = Some(sender);
        dom.consent_title.set_text_content(Some(question.title));
        dom.consent_text.set_text_content(Some(question.text));
        dom.consent_yes.set_text_content(Some(question.yes));
        dom.consent_no.set_text_content(Some(question.no));
        // Only a dialog that is already open refuses.
        let _ = dom.consent.show_modal();
        receiver.await.unwrap_or(false)
    }

    fn answer(&self, yes: bool) {
        if let Some(sender) = self.asking.borrow_mut().take() {
            // The asker may have been dropped: then nobody minds.
            let _ = sender.send(yes);
        }
    }
}

/// Listens to the two buttons and to Escape.
pub(super) fn bind(page: &Rc<Page>) {
    let dom = &page.dom;
    for (button, yes) in [(&dom.consent_yes, true), (&dom.consent_no, false)] {
        let it = Rc::clone(page);
        on(button, "click", move |_: &MouseEvent| {
            it.consent.answer(yes);
            it.dom.consent.close();
        });
    }
    let it = Rc::clone(page);
    on(&dom.consent, "close", move |_: &Event| {
        // It comes late: by then the next question may be open, which this is no answer to.
        if !it.dom.consent.open() {
            it.consent.answer(false);
        }
    });
}
