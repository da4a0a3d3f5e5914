//! A failure in sight until the user has dealt with it, with the button that helps.

use super::dom::by_id;
use super::listen::on;
use crate::browser::i18n;
use crate::protocol::{Failure, Remedy};
use std::cell::RefCell;
use std::rc::Rc;
use web_sys::{HtmlElement, MouseEvent};

/// What the retry button does.
type Retry = Box<dyn FnOnce()>;

/// The failure that shows, in `#alert` with `#alert-text`, `#alert-retry` and `#alert-close`.
pub(crate) struct Alert {
    frame: HtmlElement,
    text: HtmlElement,
    retry_button: HtmlElement,
    retry: RefCell<Option<Retry>>,
}

impl Alert {
    /// Finds its elements and listens to its buttons. `home` gets the focus when the button that had it is gone.
    ///
    /// # Panics
    /// When the page lacks an element.
    pub(crate) fn find(home: HtmlElement) -> Rc<Self> {
        let alert = Rc::new(Self {
            frame: by_id("alert"),
            text: by_id("alert-text"),
            retry_button: by_id("alert-retry"),
            retry: RefCell::default(),
        });
        let (it, focus) = (Rc::clone(&alert), home.clone());
        on(&alert.retry_button, "click", move |_: &MouseEvent| {
            let retry = it.close();
            let _ = focus.focus();
            if let Some(retry) = retry {
                retry();
            }
        });
        let it = Rc::clone(&alert);
        on(&by_id::<HtmlElement>("alert-close"), "click", move |_: &MouseEvent| {
            it.dismiss();
            let _ = home.focus();
        });
        alert
    }

    /// Says in `sentence` what failed; the button does the same again where that can help.
    pub(crate) fn fail(&self, failure: &Failure, sentence: &str, retry: impl FnOnce() + 'static) {
        // Whoever cancelled knows it.
        if *failure == Failure::Cancelled {
            return;
        }
        web_sys::console::warn_1(&failure.to_string().into());
        self.show(sentence, (failure.remedy() == Remedy::Retry).then(|| Box::new(retry) as Retry));
    }

    /// Refuses what the user gave, before anybody was asked about it. `key` names the message.
    pub(crate) fn refuse(&self, key: &str) {
        self.show(&i18n::text(key, &[]), None);
    }

    /// Takes the failure away.
    pub(crate) fn dismiss(&self) {
        drop(self.close());
    }

    fn show(&self, sentence: &str, retry: Option<Retry>) {
        self.text.set_text_content(Some(sentence));
        self.retry_button.set_hidden(retry.is_none());
        self.frame.set_hidden(false);
        *self.retry.borrow_mut() = retry;
    }

    fn close(&self) -> Option<Retry> {
        self.frame.set_hidden(true);
        self.retry.borrow_mut().take()
    }
}
