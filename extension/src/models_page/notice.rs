//! What is told: failures with the button that helps, and what only a screen reader says.

use super::page::Page;
use crate::browser::i18n;
use crate::protocol::{Failure, Remedy};
use crate::ui::listen::on;
use crate::ui::sentences;
use std::cell::RefCell;
use std::rc::Rc;
use web_sys::MouseEvent;

/// What the retry button does.
type Retry = Box<dyn FnOnce(&Rc<Page>)>;

/// The failure that shows.
#[derive(Default)]
pub(super) struct Alert(RefCell<Option<Retry>>);

impl Page {
    /// Says what failed; the button does the same again where that can help.
    pub(super) fn fail(&self, failure: &Failure, retry: impl FnOnce(&Rc<Self>) + 'static) {
        // Whoever cancelled knows it.
        if *failure == Failure::Cancelled {
            return;
        }
        web_sys::console::warn_1(&failure.to_string().into());
        let retry = (failure.remedy() == Remedy::Retry).then(|| Box::new(retry) as Retry);
        self.complain(&sentences::model_failure(failure), retry);
    }

    /// Refuses what the user gave, before anybody was asked about it.
    pub(super) fn refuse(&self, key: &str) {
        self.complain(&i18n::text(key, &[]), None);
    }

    fn complain(&self, sentence: &str, retry: Option<Retry>) {
        self.dom.alert_text.set_text_content(Some(sentence));
        self.dom.alert_retry.set_hidden(retry.is_none());
        self.dom.alert.set_hidden(false);
        *self.alert.0.borrow_mut() = retry;
    }

    /// Takes the failure away.
    pub(super) fn dismiss(&self) -> Option<Retry> {
        self.dom.alert.set_hidden(true);
        self.alert.0.borrow_mut().take()
    }

    /// Lets a screen reader say something when it has nothing more important to say.
    pub(super) fn say(&self, text: &str) {
        self.dom.status.set_text_content(Some(text));
    }
}

/// Listens to the two buttons of the alert.
pub(super) fn bind(page: &Rc<Page>) {
    let it = Rc::clone(page);
    on(&page.dom.alert_retry, "click", move |_: &MouseEvent| {
        let retry = it.dismiss();
        // The button that had the focus is gone; the heading is where the page begins.
        let _ = it.dom.title.focus();
        if let Some(retry) = retry {
            retry(&it);
        }
    });
    let it = Rc::clone(page);
    on(&page.dom.alert_close, "click", move |_: &MouseEvent| {
        drop(it.dismiss());
        let _ = it.dom.title.focus();
    });
}
