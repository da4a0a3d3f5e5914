//! The card with the settings: how long a model stays on the GPU, and a mirror of the hub.

use super::address::AddressField;
use super::context::Context;
use super::list::List;
use crate::browser::i18n;
use crate::protocol::Failure;
use crate::protocol::models::{KeepWarm, Offer, Offered, StoreSettings, UseHub};
use crate::ui::dom::{add_option, by_id, has_focus, show_text};
use crate::ui::listen::on;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, HtmlElement, HtmlSelectElement, Url};

/// Times to choose from, minutes.
const MINUTES: [u32; 5] = [1, 5, 15, 60, 240];

/// See the module.
pub(super) struct SettingsCard {
    context: Rc<Context>,
    list: Rc<List>,
    warm: HtmlSelectElement,
    mirror: AddressField,
    mirror_note: HtmlElement,
}

impl SettingsCard {
    /// Fills the list of times, and listens to both settings.
    pub(super) fn start(context: &Rc<Context>, list: &Rc<List>) -> Rc<Self> {
        let card = Rc::new(Self {
            context: Rc::clone(context),
            list: Rc::clone(list),
            warm: by_id("warm"),
            mirror: AddressField::find("mirror"),
            mirror_note: by_id("mirror-note"),
        });
        for minutes in MINUTES {
            let (unit, number) = if minutes < 60 { ("unitMinutes", minutes) } else { ("unitHours", minutes / 60) };
            // If the browser refuses, only this list is empty. The rest of the page works.
            let _ = add_option(&card.warm, &minutes.to_string(), &i18n::text(unit, &[&number.to_string()]));
        }
        let it = Rc::clone(&card);
        on(&card.warm, "change", move |_: &Event| {
            if let Ok(minutes) = it.warm.value().parse() {
                it.keep_warm(minutes);
            }
        });
        let it = Rc::clone(&card);
        on(&by_id::<HtmlElement>("mirror-form"), "submit", move |event: &Event| {
            event.prevent_default();
            spawn_local(Rc::clone(&it).use_mirror());
        });
        card
    }

    /// Shows what is set.
    pub(super) fn show(&self, settings: &StoreSettings) {
        self.warm.set_value(&settings.warm_minutes.to_string());
        let mirror = self.mirror.element();
        if !has_focus(mirror) {
            mirror.set_value(if settings.mirror { &settings.hub } else { "" });
        }
        mirror.set_placeholder(if settings.mirror { "" } else { &settings.hub });
    }

    fn keep_warm(self: &Rc<Self>, minutes: u32) {
        let it = Rc::clone(self);
        spawn_local(async move {
            if let Err(failure) = it.context.client.call(KeepWarm { minutes }, []).await {
                let again = Rc::clone(&it);
                it.context.fail(&failure, move || again.keep_warm(minutes));
            }
        });
    }

    async fn use_mirror(self: Rc<Self>) {
        self.context.alert.dismiss();
        self.tell("");
        let url = if self.mirror.is_empty() {
            None
        } else {
            let Some(url) = self.mirror.read(&self.context.alert) else { return };
            Some(url)
        };
        match self.try_hub(url.as_ref()).await {
            Ok(host) => self.tell(&i18n::text("modelsMirrorDone", &[&host])),
            Err(failure) => {
                let again = Rc::clone(&self);
                self.context.fail(&failure, move || spawn_local(again.use_mirror()));
            }
        }
    }

    /// Uses the mirror at `url` from now on, or the hub itself if there is none, and asks it about a model at once, to see whether it answers.
    async fn try_hub(&self, url: Option<&Url>) -> Result<String, Failure> {
        let origin = url.map_or(String::new(), |url| url.href().trim_end_matches('/').to_owned());
        self.context.client.call(UseHub { origin }, []).await?;
        let Some(model) = self.list.first() else { return Ok(String::new()) };
        let offered = match url {
            Some(url) => self.context.ask_host(url, Offer { model }).await,
            None => self.context.client.call(Offer { model }, []).await,
        };
        offered.map(|(Offered { host, .. }, [])| host)
    }

    fn tell(&self, text: &str) {
        show_text(&self.mirror_note, text);
        self.context.announcer.say(text);
    }
}
