//! The card about storage: how much room models take, and the request to the browser to keep them.

use super::context::Context;
use crate::browser::{i18n, refused};
use crate::protocol::Failure;
use crate::protocol::models::Storage;
use crate::ui::dom::{by_id, has_focus, window};
use crate::ui::listen::on;
use crate::ui::sentences;
use std::rc::Rc;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{HtmlElement, MouseEvent};

/// See the module.
pub(super) struct Room {
    context: Rc<Context>,
    sentence: HtmlElement,
    /// The controls that show only until the browser has promised to keep what is stored.
    keep: HtmlElement,
    keep_button: HtmlElement,
    keep_hint: HtmlElement,
}

impl Room {
    /// Listens to the button.
    pub(super) fn start(context: &Rc<Context>) -> Rc<Self> {
        let room = Rc::new(Self {
            context: Rc::clone(context),
            sentence: by_id("storage"),
            keep: by_id("keep"),
            keep_button: by_id("keep-button"),
            keep_hint: by_id("keep-hint"),
        });
        let it = Rc::clone(&room);
        on(&room.keep_button, "click", move |_: &MouseEvent| spawn_local(Rc::clone(&it).keep()));
        room
    }

    /// Shows how much room is used and how much is left.
    pub(super) fn show(&self, storage: &Storage) {
        let used = i18n::text("modelsUsed", &[&sentences::size(storage.used), &sentences::size(storage.quota)]);
        let promise = i18n::text(if storage.persistent { "modelsKept" } else { "modelsMayClear" }, &[]);
        self.sentence.set_text_content(Some(&format!("{used} {promise}")));
        let focused = has_focus(&self.keep_button);
        self.keep.set_hidden(storage.persistent);
        if focused && storage.persistent {
            let _ = self.sentence.focus();
        }
    }

    async fn keep(self: Rc<Self>) {
        match ask_browser().await {
            Ok(true) => self.context.refresh(),
            Ok(false) => {
                let refusal = i18n::text("modelsKeepRefused", &[]);
                self.keep_hint.set_text_content(Some(&refusal));
                self.context.announcer.say(&refusal);
            }
            Err(failure) => {
                let again = Rc::clone(&self);
                self.context.fail(&failure, move || spawn_local(again.keep()));
            }
        }
    }
}

/// Requests persistent storage. The browser decides, or asks the user.
async fn ask_browser() -> Result<bool, Failure> {
    let asking = window().navigator().storage().persist().map_err(refused)?;
    Ok(JsFuture::from(asking).await.map_err(refused)?.is_truthy())
}
