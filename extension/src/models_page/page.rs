//! The page as a whole: its parts, and what the store tells them.

use super::consent::{self, Consent};
use super::dom::Dom;
use super::list::List;
use super::notice::{self, Alert};
use super::{actions, gpu, own, room, settings};
use crate::browser::i18n;
use crate::model_client::{Heard, ModelClient};
use crate::protocol::models::ModelsEvent;
use crate::ui::dom::attribute;
use crate::ui::sentences;
use crate::ui::translation::translate_page;
use gloo_timers::future::TimeoutFuture;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;

/// How long (milliseconds) to leave an engine alone that broke while nobody asked for anything.
const RECOVERY: u32 = 1000;

/// See the module.
pub(super) struct Page {
    pub dom: Dom,
    pub store: ModelClient,
    pub list: List,
    pub consent: Consent,
    pub alert: Alert,
    /// The list is being asked for.
    listing: Cell<bool>,
    /// What it will answer is out of date already.
    stale: Cell<bool>,
    /// Models of the user's own that are being taken in.
    pub taking: Cell<u32>,
    pub gpu: gpu::Report,
}

/// Starts the page.
pub fn start() {
    translate_page();
    let page = Rc::new_cyclic(|page: &std::rc::Weak<Page>| {
        let page = page.clone();
        let dom = Dom::find();
        Page {
            list: List::new(dom.models.clone(), dom.template.clone()),
            dom,
            store: ModelClient::new(move |heard| {
                if let Some(page) = page.upgrade() {
                    page.hear(heard);
                }
            }),
            consent: Consent::default(),
            alert: Alert::default(),
            listing: Cell::new(false),
            stale: Cell::new(false),
            taking: Cell::new(0),
            gpu: gpu::Report::default(),
        }
    });
    consent::bind(&page);
    notice::bind(&page);
    actions::bind(&page);
    own::bind(&page);
    room::bind(&page);
    gpu::bind(&page);
    settings::bind(&page);
    page.refresh();
}

impl Page {
    /// Asks for the list and shows it.
    pub(super) fn refresh(self: &Rc<Self>) {
        self.stale.set(true);
        if !self.listing.replace(true) {
            let page = Rc::clone(self);
            spawn_local(async move {
                page.show_list().await;
                page.listing.set(false);
            });
        }
    }

    async fn show_list(self: &Rc<Self>) {
        while self.stale.replace(false) {
            let listed = self.store.list().await;
            self.dom.loading.set_hidden(true);
            attribute(&self.dom.models, "aria-busy", "false");
            match listed {
                Ok((models, storage, settings)) => {
                    if let Err(failure) = self.list.show(&models, settings.preferred.as_deref()) {
                        self.fail(&failure, Self::refresh);
                    }
                    self.show_storage(&storage);
                    self.show_settings(&settings);
                    self.show_measurable(settings.preferred);
                }
                Err(failure) => return self.fail(&failure, Self::refresh),
            }
        }
    }

    fn hear(self: &Rc<Self>, heard: Heard) {
        match heard {
            Heard::Event(ModelsEvent::Changed) => self.refresh(),
            Heard::Event(ModelsEvent::Progressed { model, work, done, total, rate }) => {
                match self.list.row(&model) {
                    Some(row) => {
                        if let Some(percent) = row.progressed(work, done, total, rate) {
                            let (name, doing) = (row.name(), sentences::work(work));
                            self.say(&i18n::text("modelsSpoken", &[&name, &doing, &percent.to_string()]));
                        }
                    }
                    // A file that is being taken in has no card yet.
                    None => self.taking(&sentences::progress(work, done, total, rate)),
                }
            }
            Heard::Lost => {
                let page = Rc::clone(self);
                spawn_local(async move {
                    TimeoutFuture::new(RECOVERY).await;
                    page.refresh();
                });
            }
        }
    }
}
