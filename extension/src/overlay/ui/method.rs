//! What fills the hole: the built-in fill or one of the models on this machine.

use super::app::App;
use super::dom::{attribute, document, on, window};
use super::options;
use crate::browser::{field, i18n, refused, runtime};
use crate::model_client::{Heard, ModelClient};
use crate::protocol::Failure;
use crate::protocol::engine::{EngineChoice, ToEngine};
use crate::protocol::models::{Model, ModelsEvent, Status};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, HtmlOptionElement};

/// The option for the built-in fill.
const INSTANT: &str = "instant";
/// The option that leads to the models page.
const MORE: &str = "more";
/// What an option that offers a model begins with; its name follows.
const GET: &str = "get:";

/// Listens to the list.
pub(super) fn bind(app: &Rc<App>) {
    let it = Rc::clone(app);
    on(&app.dom.engine, "change", move |_: &Event| {
        let value = it.dom.engine.value();
        let offered = value.strip_prefix(GET).map(|id| it.models.borrow().iter().find(|m| m.id == id).cloned());
        if let Some(offered) = offered {
            it.dom.engine.set_value(&it.method.borrow());
            return offered.into_iter().for_each(|model| it.offer(model));
        }
        if value == MORE {
            it.dom.engine.set_value(&it.method.borrow());
            if let Err(failure) = runtime::open_options_page() {
                web_sys::console::warn_1(&failure.to_string().into());
            }
            return;
        }
        it.use_method(&value);
        it.settings.borrow_mut().engine = Some(value);
        it.keep_settings();
    });
}

impl App {
    /// Shows the models that are on this machine, now and whenever they change.
    pub(super) async fn find_models(self: &Rc<Self>) {
        self.read_settings().await;
        let weak = Rc::downgrade(self);
        let store = Rc::new(ModelClient::new(move |heard| {
            let Some(app) = weak.upgrade() else { return };
            match heard {
                Heard::Event(ModelsEvent::Changed) => spawn_local(async move { app.list_models().await }),
                Heard::Event(ModelsEvent::Progressed { model, work, done, total, rate }) => {
                    app.model_progressed(&model, work, done, total, rate);
                }
                Heard::Lost => app.show_download(None),
            }
        }));
        *self.store.borrow_mut() = Some(store);
        self.list_models().await;
    }

    pub(super) async fn list_models(self: &Rc<Self>) {
        let Some(store) = self.store.borrow().clone() else { return };
        // Without a store there are no models; the built-in fill needs none.
        let Ok((models, _, preferred)) = store.list().await else { return };
        let usable = |model: &&Model| model.status == Status::Installed && !model.part;
        let usable: Vec<&Model> = models.iter().filter(usable).collect();
        // Who has one knows the way to more. The one to begin with comes first in the catalogue.
        let can_be_had = |model: &&Model| matches!(model.status, Status::Available | Status::Paused);
        let offered = models.iter().find(|model| !model.part).filter(can_be_had).filter(|_| usable.is_empty());
        if self.show_models(&usable, offered).is_err() {
            return;
        }
        if !models.iter().any(|model| model.status == Status::Busy) {
            self.show_download(None);
        }
        let is_there = |id: &String| id == INSTANT || usable.iter().any(|model| model.id == *id);
        let chosen = self.settings.borrow().engine.clone().or(preferred.preferred).filter(is_there);
        *self.models.borrow_mut() = models;
        self.use_method(chosen.as_deref().unwrap_or(INSTANT));
    }

    /// One option each, between the built-in fill and the way to more.
    fn show_models(&self, models: &[&Model], offered: Option<&Model>) -> Result<(), Failure> {
        let list = &self.dom.engine;
        while list.length() > 1 {
            list.remove_with_index(1);
        }
        let option = |value: &str, text: &str, name: &str| {
            let option: HtmlOptionElement = document().create_element("option").map_err(refused)?.unchecked_into();
            option.set_value(value);
            option.set_text(text);
            attribute(&option, "data-name", name);
            list.append_child(&option).map(drop).map_err(refused)
        };
        for model in models {
            option(&model.id, &model.name, &model.name)?;
        }
        if let Some(model) = offered {
            option(&format!("{GET}{}", model.id), &i18n::text("engineGet", &[&model.name]), &model.name)?;
        }
        let more = i18n::text("engineMore", &[]);
        option(MORE, &more, &more)
    }

    fn use_method(self: &Rc<Self>, value: &str) {
        self.dom.engine.set_value(value);
        *self.method.borrow_mut() = value.to_owned();
        if let Err(failure) = options::show(self, &self.models.borrow(), value) {
            web_sys::console::warn_1(&failure.to_string().into());
        }
        self.request_frame();
        self.warm_up();
    }

    /// What the lists say.
    pub(super) fn engine_choice(&self) -> EngineChoice {
        let method = self.method.borrow().clone();
        if method == INSTANT {
            return EngineChoice::Instant;
        }
        let models = self.models.borrow();
        let options = models.iter().find(|model| model.id == method).map_or(&[][..], |model| &model.options);
        let options = self.settings.borrow().values(options);
        EngineChoice::Model { model: method, options }
    }

    /// A method's name for people.
    pub(super) fn method_name(&self, engine: &EngineChoice) -> String {
        match engine {
            EngineChoice::Instant => i18n::text("engineInstant", &[]),
            EngineChoice::Model { model, .. } => self.model_name(model).unwrap_or_else(|| model.clone()),
        }
    }

    /// A model's name for people, where it is known.
    pub(super) fn model_name(&self, id: &str) -> Option<String> {
        self.models.borrow().iter().find(|model| model.id == id).map(|model| model.name.clone())
    }

    /// The quiet line after an erase: what next, or, for who has never chosen, what there is beside the built-in fill.
    pub(super) fn hint_after_erasing(&self) -> &'static str {
        let never_chose = self.settings.borrow().engine.is_none() && *self.method.borrow() == INSTANT;
        let has_gpu = !field(&window().navigator(), "gpu").is_undefined();
        if never_chose && has_gpu && self.fills() == 1 { "hintBetter" } else { "hintChain" }
    }

    /// Brings the model to the GPU while the user paints.
    pub(super) fn warm_up(self: &Rc<Self>) {
        let EngineChoice::Model { model, options } = self.engine_choice() else { return };
        let app = Rc::clone(self);
        // What does not work now is said when it is needed.
        spawn_local(async move { app.engine.tell(&ToEngine::Prepare { model, options }).await });
    }

    /// What it costs is what it just cost, not a promise.
    pub(super) fn show_cost(&self, engine: &EngineChoice, seconds: &str) {
        // The list may have moved on meanwhile.
        if *engine != self.engine_choice() {
            return;
        }
        let Some(option) = self.dom.engine.query_selector("option:checked").ok().flatten() else { return };
        let name = option.get_attribute("data-name").unwrap_or_else(|| i18n::text("engineInstant", &[]));
        option.set_text_content(Some(&i18n::text("engineCost", &[&name, seconds])));
    }
}
