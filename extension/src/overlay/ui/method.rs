//! What fills the hole: the built-in fill or one of the models on this machine, and how much time it may take.

use super::app::App;
use super::dom::{attribute, document, on};
use crate::browser::{i18n, refused, runtime, storage};
use crate::protocol::Failure;
use crate::protocol::engine::{EngineChoice, ToEngine};
use crate::protocol::models::{Model, ModelsEvent, STEPS, Status};
use crate::store::{Heard, Store};
use serde::{Deserialize, Serialize};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, HtmlOptionElement};

/// Key of the setting.
const METHOD: &str = "method";
/// The option for the built-in fill.
const INSTANT: &str = "instant";
/// The option that leads to the models page.
const MORE: &str = "more";
/// Part that all models share; nothing is erased with it alone.
const SHARED: &str = "vae";
/// Guidance scale that the authors recommend.
const GUIDANCE: f32 = 2.5;

/// What the user chose last, on whichever page.
#[derive(Serialize, Deserialize)]
struct Remembered {
    /// A model, or [`INSTANT`]; none if the user never chose.
    engine: Option<String>,
    steps: u32,
}

impl Default for Remembered {
    fn default() -> Self {
        Self { engine: None, steps: STEPS }
    }
}

/// Listens to the two lists.
pub(super) fn bind(app: &Rc<App>) {
    let it = Rc::clone(app);
    on(&app.dom.engine, "change", move |_: &Event| {
        let value = it.dom.engine.value();
        if value == MORE {
            it.dom.engine.set_value(&it.method.borrow());
            if let Err(failure) = runtime::open_options_page() {
                web_sys::console::warn_1(&failure.to_string().into());
            }
            return;
        }
        it.use_method(&value);
        it.remember_method();
    });
    let it = Rc::clone(app);
    on(&app.dom.quality, "change", move |_: &Event| {
        it.remember_method();
        it.warm_up();
    });
}

impl App {
    /// Shows the models that are on this machine, now and whenever they change.
    pub(super) async fn find_models(self: &Rc<Self>) {
        let weak = Rc::downgrade(self);
        let store = Rc::new(Store::new(move |heard| {
            let Some(app) = weak.upgrade().filter(|_| matches!(heard, Heard::Event(ModelsEvent::Changed))) else {
                return;
            };
            spawn_local(async move { app.list_models().await });
        }));
        *self.store.borrow_mut() = Some(store);
        self.list_models().await;
    }

    async fn list_models(self: &Rc<Self>) {
        let Some(store) = self.store.borrow().clone() else { return };
        // Without a store there are no models; the built-in fill needs none.
        let Ok((models, _, settings)) = store.list().await else { return };
        let remembered: Remembered = storage::local(METHOD).await.ok().flatten().unwrap_or_default();
        let usable = |model: &&Model| model.status == Status::Installed && model.id != SHARED;
        let usable: Vec<&Model> = models.iter().filter(usable).collect();
        if self.show_models(&usable).is_err() {
            return;
        }
        self.dom.quality.set_value(&remembered.steps.to_string());
        let is_there = |id: &String| id == INSTANT || usable.iter().any(|model| model.id == *id);
        let chosen = remembered.engine.or(settings.preferred).filter(is_there);
        self.use_method(chosen.as_deref().unwrap_or(INSTANT));
    }

    /// One option each, between the built-in fill and the way to more.
    fn show_models(&self, models: &[&Model]) -> Result<(), Failure> {
        let list = &self.dom.engine;
        while list.length() > 1 {
            list.remove_with_index(1);
        }
        let more = i18n::text("engineMore", &[]);
        let options = models.iter().map(|model| (model.id.as_str(), model.name.as_str()));
        for (value, name) in options.chain([(MORE, more.as_str())]) {
            let option: HtmlOptionElement = document().create_element("option").map_err(refused)?.unchecked_into();
            option.set_value(value);
            option.set_text(name);
            attribute(&option, "data-name", name);
            list.append_child(&option).map_err(refused)?;
        }
        Ok(())
    }

    fn use_method(self: &Rc<Self>, value: &str) {
        self.dom.engine.set_value(value);
        *self.method.borrow_mut() = value.to_owned();
        self.dom.quality_field.set_hidden(value == INSTANT);
        self.request_frame();
        self.warm_up();
    }

    fn remember_method(&self) {
        let remembered = Remembered { engine: Some(self.method.borrow().clone()), steps: self.steps() };
        spawn_local(async move {
            // A setting that could not be kept is set again next time.
            let _ = storage::set_local(METHOD, &remembered).await;
        });
    }

    fn steps(&self) -> u32 {
        self.dom.quality.value().parse().unwrap_or(STEPS)
    }

    /// What the lists say.
    pub(super) fn engine_choice(&self) -> EngineChoice {
        let method = self.method.borrow().clone();
        if method == INSTANT {
            return EngineChoice::Instant;
        }
        EngineChoice::Model { model: method, steps: self.steps(), guidance: GUIDANCE }
    }

    /// Brings the model to the GPU while the user paints.
    fn warm_up(self: &Rc<Self>) {
        let EngineChoice::Model { model, steps, .. } = self.engine_choice() else { return };
        let app = Rc::clone(self);
        // What does not work now is said when it is needed.
        spawn_local(async move { app.engine.tell(&ToEngine::Prepare { model, steps }).await });
    }

    /// What it costs is what it just cost, not a promise.
    pub(super) fn show_cost(&self, seconds: &str) {
        let Some(option) = self.dom.engine.query_selector("option:checked").ok().flatten() else { return };
        let name = option.get_attribute("data-name").unwrap_or_else(|| i18n::text("engineInstant", &[]));
        option.set_text_content(Some(&i18n::text("engineCost", &[&name, seconds])));
    }
}
