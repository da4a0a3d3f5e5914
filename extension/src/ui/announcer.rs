//! Sentences for screen readers only.

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

    /// Has `text` read when the screen reader has finished what it is reading (a polite live region).
    pub(crate) fn say(&self, text: &str) {
        self.0.set_text_content(Some(text));
    }
}
