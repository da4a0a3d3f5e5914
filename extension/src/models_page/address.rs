//! A field for a web address that the user types.

use crate::ui::alert::Alert;
use crate::ui::dom::{attribute, by_id};
use crate::ui::listen::on;
use web_sys::{Event, HtmlInputElement, Url};

/// See the module.
pub(super) struct AddressField(HtmlInputElement);

impl AddressField {
    /// Finds the field with this id. Typing removes its mark as invalid.
    ///
    /// # Panics
    /// When the page has none.
    pub(super) fn find(id: &str) -> Self {
        let field = Self(by_id(id));
        let typed = field.0.clone();
        on(&field.0, "input", move |_: &Event| mark_valid(&typed, true));
        field
    }

    /// The field itself.
    pub(super) fn element(&self) -> &HtmlInputElement {
        &self.0
    }

    /// Whether it is empty.
    pub(super) fn is_empty(&self) -> bool {
        self.0.value().trim().is_empty()
    }

    /// The web address in the field. If the text is none, `alert` says so and the field gets the focus.
    pub(super) fn read(&self, alert: &Alert) -> Option<Url> {
        let url = Url::new(self.0.value().trim()).ok();
        let url = url.filter(|url| matches!(url.protocol().as_str(), "https:" | "http:"));
        if url.is_none() {
            mark_valid(&self.0, false);
            alert.refuse("modelsBadAddress");
            let _ = self.0.focus();
        }
        url
    }
}

/// Marks a field as invalid or valid, for its style and for screen readers.
fn mark_valid(field: &HtmlInputElement, valid: bool) {
    attribute(field, "aria-invalid", if valid { "false" } else { "true" });
}
