//! What the user sets: how long a model stays on the GPU, and a mirror of the hub.

use super::address::mark_valid;
use super::page::Page;
use crate::browser::i18n;
use crate::model_client::unexpected;
use crate::protocol::Failure;
use crate::protocol::models::{ModelsReply, Settings, ToModels};
use crate::ui::dom::has_focus;
use crate::ui::listen::on;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, HtmlOptionElement, Url};

/// Times to choose from, minutes.
const MINUTES: [u32; 5] = [1, 5, 15, 60, 240];

impl Page {
    /// Shows what is set.
    pub(super) fn show_settings(&self, settings: &Settings) {
        self.dom.warm.set_value(&settings.warm_minutes.to_string());
        if !has_focus(&self.dom.mirror) {
            self.dom.mirror.set_value(if settings.mirror { &settings.hub } else { "" });
        }
        self.dom.mirror.set_placeholder(if settings.mirror { "" } else { &settings.hub });
    }

    fn set(self: &Rc<Self>, call: ToModels) {
        let page = Rc::clone(self);
        spawn_local(async move {
            if let Err(failure) = page.store.call(&call, &[]).await {
                page.fail(&failure, move |page| page.set(call));
            }
        });
    }

    async fn use_mirror(self: Rc<Self>) {
        drop(self.dismiss());
        self.mirror_note("");
        let url = if self.dom.mirror.value().trim().is_empty() {
            None
        } else {
            let Some(url) = self.address(&self.dom.mirror) else { return };
            Some(url)
        };
        match self.try_hub(url.as_ref()).await {
            Ok(host) => self.mirror_note(&i18n::text("modelsMirrorDone", &[&host])),
            Err(failure) => self.fail(&failure, |page| spawn_local(Rc::clone(page).use_mirror())),
        }
    }

    /// Asks there from now on, and at once for a model, to see whether it answers.
    async fn try_hub(&self, url: Option<&Url>) -> Result<String, Failure> {
        let origin = url.map_or(String::new(), |url| url.href().trim_end_matches('/').to_owned());
        self.store.call(&ToModels::UseHub { origin }, &[]).await?;
        let Some(model) = self.list.first() else { return Ok(String::new()) };
        let call = ToModels::Offer { model };
        let offered = match url {
            Some(url) => self.ask_host(url, &call).await,
            None => self.store.call(&call, &[]).await,
        };
        match offered? {
            (ModelsReply::Offered { host, .. }, _) => Ok(host),
            (other, _) => Err(unexpected(&other)),
        }
    }

    fn mirror_note(&self, text: &str) {
        self.dom.mirror_note.set_text_content(Some(text));
        self.dom.mirror_note.set_hidden(text.is_empty());
        self.say(text);
    }
}

/// Fills the list of times, and listens to both settings.
pub(super) fn bind(page: &Rc<Page>) {
    for minutes in MINUTES {
        let (unit, number) = if minutes < 60 { ("unitMinutes", minutes) } else { ("unitHours", minutes / 60) };
        let text = i18n::text(unit, &[&number.to_string()]);
        if let Ok(option) = HtmlOptionElement::new_with_text_and_value(&text, &minutes.to_string()) {
            let _ = page.dom.warm.append_child(&option);
        }
    }
    let it = Rc::clone(page);
    on(&page.dom.warm, "change", move |_: &Event| {
        if let Ok(minutes) = it.dom.warm.value().parse() {
            it.set(ToModels::KeepWarm { minutes });
        }
    });
    let it = Rc::clone(page);
    on(&page.dom.mirror_form, "submit", move |event: &Event| {
        event.prevent_default();
        spawn_local(Rc::clone(&it).use_mirror());
    });
    let it = Rc::clone(page);
    on(&page.dom.mirror, "input", move |_: &Event| mark_valid(&it.dom.mirror, true));
}
