//! How much room models take, and the wish to keep them.

use super::dom::{on, window};
use super::page::Page;
use crate::browser::{i18n, refused};
use crate::model_client::words;
use crate::protocol::Failure;
use crate::protocol::models::Storage;
use std::rc::Rc;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::MouseEvent;

impl Page {
    /// Shows the room that is used and left.
    pub(super) fn show_storage(&self, storage: &Storage) {
        let used = i18n::text("modelsUsed", &[&words::size(storage.used), &words::size(storage.quota)]);
        let promise = i18n::text(if storage.persistent { "modelsKept" } else { "modelsMayClear" }, &[]);
        self.dom.storage.set_text_content(Some(&format!("{used} {promise}")));
        let focused = self.dom.keep_button.matches(":focus").unwrap_or(false);
        self.dom.keep.set_hidden(storage.persistent);
        if focused && storage.persistent {
            let _ = self.dom.storage.focus();
        }
    }

    async fn keep(self: Rc<Self>) {
        match ask_browser().await {
            Ok(true) => self.refresh(),
            Ok(false) => {
                let refusal = i18n::text("modelsKeepRefused", &[]);
                self.dom.keep_hint.set_text_content(Some(&refusal));
                self.say(&refusal);
            }
            Err(failure) => self.fail(&failure, |page| spawn_local(Rc::clone(page).keep())),
        }
    }
}

/// Asks not to clear what is stored. Browsers decide this on their own, or ask the user.
async fn ask_browser() -> Result<bool, Failure> {
    let asking = window().navigator().storage().persist().map_err(refused)?;
    Ok(JsFuture::from(asking).await.map_err(refused)?.is_truthy())
}

/// Listens to the button.
pub(super) fn bind(page: &Rc<Page>) {
    let it = Rc::clone(page);
    on(&page.dom.keep_button, "click", move |_: &MouseEvent| spawn_local(Rc::clone(&it).keep()));
}
