//! A modal sheet beside the page, with a button that closes it. Escape closes it as well.

use super::dom::by_id;
use super::listen::on;
use web_sys::{HtmlDialogElement, HtmlElement, MouseEvent};

/// The dialog `#ID-sheet` with the button `#ID-close`.
pub(crate) struct Sheet(HtmlDialogElement);

impl Sheet {
    /// Finds the dialog, and listens to the button that closes it.
    ///
    /// # Panics
    /// When the page lacks an element.
    pub(crate) fn find(id: &str) -> Self {
        let dialog: HtmlDialogElement = by_id(&format!("{id}-sheet"));
        let closing = dialog.clone();
        on(&by_id::<HtmlElement>(&format!("{id}-close")), "click", move |_: &MouseEvent| closing.close());
        Self(dialog)
    }

    /// Opens the sheet over the page.
    pub(crate) fn show(&self) {
        // Only a dialog that is already open refuses.
        let _ = self.0.show_modal();
    }

    /// True while it is open.
    pub(crate) fn is_open(&self) -> bool {
        self.0.open()
    }
}
