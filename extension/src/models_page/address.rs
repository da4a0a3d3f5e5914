//! Addresses that the user types, and hosts that have to be allowed first.

use super::page::Page;
use crate::browser::permissions;
use crate::protocol::Failure;
use crate::protocol::models::{ModelsReply, ToModels};
use crate::ui::dom::attribute;
use web_sys::{Blob, HtmlInputElement, Url};

/// Marks a field for whoever sees it and whoever hears it.
pub(super) fn mark_valid(field: &HtmlInputElement, valid: bool) {
    attribute(field, "aria-invalid", if valid { "false" } else { "true" });
}

impl Page {
    /// The web address in a field; where it is none, that is said and the field gets the focus.
    pub(super) fn address(&self, field: &HtmlInputElement) -> Option<Url> {
        let url = Url::new(field.value().trim()).ok();
        let url = url.filter(|url| matches!(url.protocol().as_str(), "https:" | "http:"));
        if url.is_none() {
            mark_valid(field, false);
            self.refuse("modelsBadAddress");
            let _ = field.focus();
        }
        url
    }

    /// Asks the store for something from a host. Servers that do not allow other origins are read with the user's permission, for
    /// which the click on the button still counts.
    pub(super) async fn ask_host(&self, url: &Url, call: &ToModels) -> Result<(ModelsReply, Vec<Blob>), Failure> {
        let answer = self.store.call(call, &[]).await;
        if answer.is_err() && permissions::ask_for_host(url).await? {
            return self.store.call(call, &[]).await;
        }
        answer
    }
}
