//! How much room models take, and the wish to keep them.

use super::page::Page;
use crate::browser::{i18n, refused};
use crate::protocol::Failure;
use crate::protocol::models::Storage;
use crate::ui::dom::{has_focus, window};
use crate::ui::listen::on;
use crate::ui::sentences;
use std::rc::Rc;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::MouseEvent;

impl Page {
    /// Shows the room that is used and left.
    pub(super) fn show_storage(&self, storage: &Storage) {
        let used = i18n::text("modelsUsed", &[&sentences::size(storage.used), &sentences::size(storage.quota)]);
        let promise = i18n::text(if storage.persistent { "modelsKept" } else { "modelsMayClear" }, &[]);
        self.dom.storage.set_text_content(Some(&format!("{used} {promise}")));
        let focused = has_focus(&self.dom.keep_button);
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
