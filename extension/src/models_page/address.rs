//! A field for a web address that the user types.

use crate::ui::alert::Alert;
use crate::ui::dom::{attribute, by_id};
use crate::ui::listen::on;
use web_sys::{Event, HtmlInputElement, Url};

/// See the module.
pub(super) struct AddressField(HtmlInputElement);

impl AddressField {
    /// The field with this id. While the user types, nothing is wrong with it.
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

    /// Whether nothing is typed.
    pub(super) fn is_empty(&self) -> bool {
        self.0.value().trim().is_empty()
    }

    /// The web address in it; where it is none, `alert` says so and the field gets the focus.
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

/// Marks a field for whoever sees it and whoever hears it.
fn mark_valid(field: &HtmlInputElement, valid: bool) {
    attribute(field, "aria-invalid", if valid { "false" } else { "true" });
}
