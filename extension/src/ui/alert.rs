//! Shows a failure until the user has dealt with it, with a button to try again where that can help.

use super::listen::on;
use super::notice::Notice;
use crate::browser::i18n;
use crate::protocol::{Failure, Remedy};
use std::cell::RefCell;
use std::rc::Rc;
use web_sys::{HtmlElement, MouseEvent};

/// The action of the button to try again.
type Retry = Box<dyn FnOnce()>;

/// The failure that shows, in the [`Notice`] `#alert`.
pub(crate) struct Alert {
    notice: Notice,
    retry: RefCell<Option<Retry>>,
}

impl Alert {
    /// Finds its elements and listens to its buttons. `home` gets the focus when the button that had it is gone.
    ///
    /// # Panics
    /// When the page lacks an element.
    pub(crate) fn find(home: HtmlElement) -> Rc<Self> {
        let alert = Rc::new(Self { notice: Notice::find("alert", || {}), retry: RefCell::default() });
        let (it, focus) = (Rc::clone(&alert), home.clone());
        on(&alert.notice.yes, "click", move |_: &MouseEvent| {
            let retry = it.close();
            let _ = focus.focus();
            if let Some(retry) = retry {
                retry();
            }
        });
        let it = Rc::clone(&alert);
        on(&alert.notice.no, "click", move |_: &MouseEvent| {
            it.dismiss();
            let _ = home.focus();
        });
        alert
    }

    /// Shows `sentence`, which says what failed. If trying again can help, there is a button that calls `retry`.
    pub(crate) fn fail(&self, failure: &Failure, sentence: &str, retry: impl FnOnce() + 'static) {
        // The user cancelled, and knows it.
        if *failure == Failure::Cancelled {
            return;
        }
        web_sys::console::warn_1(&failure.to_string().into());
        self.show(sentence, (failure.remedy() == Remedy::Retry).then(|| Box::new(retry) as Retry));
    }

    /// Shows the message `key`, which refuses something that the user gave.
    pub(crate) fn refuse(&self, key: &str) {
        self.show(&i18n::text(key, &[]), None);
    }

    /// Shows a sentence.
    pub(crate) fn tell(&self, sentence: &str) {
        self.show(sentence, None);
    }

    /// Hides the failure.
    pub(crate) fn dismiss(&self) {
        drop(self.close());
    }

    fn show(&self, sentence: &str, retry: Option<Retry>) {
        let label = retry.as_ref().map(|_| i18n::text("remedyRetry", &[]));
        self.notice.show(sentence, &label.unwrap_or_default(), &i18n::text("remedyClose", &[]));
        *self.retry.borrow_mut() = retry;
    }

    fn close(&self) -> Option<Retry> {
        self.notice.dismiss();
        self.retry.borrow_mut().take()
    }
}
