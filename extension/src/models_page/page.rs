//! The page as a whole: requests the list of models, passes it on to the parts, and follows the store's events.

use super::coalesce::Coalesce;
use super::context::Context;
use super::gpu::GpuCard;
use super::list::List;
use super::own::OwnModels;
use super::room::Room;
use super::settings::SettingsCard;
use crate::browser::i18n;
use crate::model_client::Heard;
use crate::protocol::Failure;
use crate::protocol::models::{Listed, ModelId, ModelsEvent, Work};
use crate::ui::dom::attribute;
use crate::ui::sentences;
use gloo_timers::future::TimeoutFuture;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlElement;

/// Pause (milliseconds) before the list is requested again after the connection to the store broke.
const RECOVERY: u32 = 1000;

/// See the module.
pub(super) struct Page {
    pub context: Rc<Context>,
    pub list: Rc<List>,
    /// The sentence that shows until there is a list.
    pub loading: HtmlElement,
    pub own: Rc<OwnModels>,
    pub room: Rc<Room>,
    pub gpu: Rc<GpuCard>,
    pub settings: Rc<SettingsCard>,
    pub listing: Coalesce,
}

impl Page {
    /// Requests the list and shows it.
    pub(super) fn refresh(self: &Rc<Self>) {
        if self.listing.ask() {
            let page = Rc::clone(self);
            spawn_local(async move {
                while page.listing.again() {
                    if let Err(failure) = page.show_list().await {
                        page.listing.give_up();
                        page.fail(&failure);
                        return;
                    }
                }
            });
        }
    }

    async fn show_list(self: &Rc<Self>) -> Result<(), Failure> {
        let listed = self.context.client.list().await;
        self.loading.set_hidden(true);
        attribute(self.list.element(), "aria-busy", "false");
        let Listed { models, storage, settings } = listed?;
        if let Err(failure) = self.list.show(&models, settings.preferred.as_deref()) {
            self.fail(&failure);
        }
        self.room.show(&storage);
        self.settings.show(&settings);
        self.gpu.show_measurable(settings.preferred);
        Ok(())
    }

    fn fail(self: &Rc<Self>, failure: &Failure) {
        let page = Rc::clone(self);
        self.context.fail(failure, move || page.refresh());
    }

    /// Follows an event of the store.
    pub(super) fn hear(self: &Rc<Self>, heard: Heard) {
        match heard {
            Heard::Event(ModelsEvent::Changed) => self.refresh(),
            Heard::Event(ModelsEvent::Progressed { model, work, done, total, rate }) => {
                self.progressed(&model, work, done, total, rate);
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

    fn progressed(&self, model: &ModelId, work: Work, done: u64, total: u64, rate: f64) {
        let Some(row) = self.list.row(model) else {
            // A model that is being installed from a file has no card yet.
            return self.own.taking(&sentences::progress(work, done, total, rate));
        };
        if let Some(percent) = row.progressed(work, done, total, rate) {
            let (name, doing) = (row.name(), sentences::work(work));
            self.context.announcer.say(&i18n::text("modelsSpoken", &[&name, &doing, &percent.to_string()]));
        }
    }
}
