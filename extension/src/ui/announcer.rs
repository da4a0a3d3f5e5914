//! What only a screen reader says.

use super::dom::by_id;
use web_sys::HtmlElement;

/// The live region `#status`.
pub(crate) struct Announcer(HtmlElement);

impl Announcer {
    /// # Panics
    /// When the page has no `#status`.
    pub(crate) fn find() -> Self {
        Self(by_id("status"))
    }

    /// Has this said when there is nothing more important to say.
    pub(crate) fn say(&self, text: &str) {
        self.0.set_text_content(Some(text));
    }
}
