//! The list of what fills the hole: the built-in fill and the models on this machine.

use super::frames::Frames;
use super::options;
use super::settings::SettingsSheet;
use crate::browser::{field, i18n, refused};
use crate::model_client::ModelClient;
use crate::overlay::settings::phrases;
use crate::protocol::Failure;
use crate::protocol::engine::EngineChoice;
use crate::protocol::models::{Model, OptionValue, Status};
use crate::ui::dom::{attribute, by_id, document, window};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{HtmlOptionElement, HtmlSelectElement};

/// The option for the built-in fill.
pub(super) const INSTANT: &str = "instant";
/// The option that leads to the models page.
pub(super) const MORE: &str = "more";
/// What an option that offers a model begins with; its name follows.
pub(super) const GET: &str = "get:";

/// See the module.
pub(super) struct Methods {
    pub list: HtmlSelectElement,
    frames: Rc<Frames>,
    /// The connection to the models on this machine.
    client: RefCell<Option<Rc<ModelClient>>>,
    /// Every model that is on this machine or can be downloaded.
    models: RefCell<Vec<Model>>,
    /// What fills the hole: `instant`, or a model.
    chosen: RefCell<String>,
}

impl Methods {
    pub(super) fn find(frames: &Rc<Frames>) -> Self {
        Self {
            list: by_id("engine"),
            frames: Rc::clone(frames),
            client: RefCell::default(),
            models: RefCell::default(),
            chosen: RefCell::new(INSTANT.into()),
        }
    }

    /// How to reach the models on this machine.
    pub(super) fn reached_by(&self, client: ModelClient) {
        *self.client.borrow_mut() = Some(Rc::new(client));
    }

    /// The connection to the models on this machine.
    pub(super) fn client(&self) -> Option<Rc<ModelClient>> {
        self.client.borrow().clone()
    }

    /// Shows these models and chooses what the user chose last, or else `preferred`, if it is there.
    pub(super) fn show(
        &self,
        models: Vec<Model>,
        preferred: Option<String>,
        settings: &Rc<SettingsSheet>,
    ) -> Result<(), Failure> {
        let usable = |model: &&Model| model.status == Status::Installed && !model.part;
        let usable: Vec<&Model> = models.iter().filter(usable).collect();
        // A model is offered only to users who have none: the first of the catalogue.
        let can_be_had = |model: &&Model| matches!(model.status, Status::Available | Status::Paused);
        let offered = models.iter().find(|model| !model.part).filter(can_be_had).filter(|_| usable.is_empty());
        self.list_options(&usable, offered)?;
        let is_there = |id: &String| id == INSTANT || usable.iter().any(|model| model.id == *id);
        let wanted = settings.values.borrow().engine.clone();
        let chosen = wanted.or(preferred).filter(is_there);
        *self.models.borrow_mut() = models;
        self.choose(chosen.as_deref().unwrap_or(INSTANT), settings)
    }

    /// One option each, between the built-in fill and the way to more.
    fn list_options(&self, models: &[&Model], offered: Option<&Model>) -> Result<(), Failure> {
        let list = &self.list;
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

    /// Uses this method from now on, and shows what can be set about it.
    pub(super) fn choose(&self, value: &str, settings: &Rc<SettingsSheet>) -> Result<(), Failure> {
        self.list.set_value(value);
        *self.chosen.borrow_mut() = value.to_owned();
        self.frames.request();
        options::show(settings, &self.models.borrow(), value)
    }

    /// Shows the method that is used, after an option that is no method.
    pub(super) fn show_chosen(&self) {
        self.list.set_value(&self.chosen.borrow());
    }

    /// The method that is chosen, with what is set about it.
    pub(super) fn choice(&self, settings: &SettingsSheet) -> EngineChoice {
        let method = self.chosen.borrow().clone();
        if method == INSTANT {
            return EngineChoice::Instant;
        }
        let described = self.model(&method).map_or_else(Vec::new, |model| model.options);
        EngineChoice::Model { model: method, options: settings.values.borrow().values(&described) }
    }

    /// A model that is here or can be had.
    pub(super) fn model(&self, id: &str) -> Option<Model> {
        self.models.borrow().iter().find(|model| model.id == id).cloned()
    }

    /// What was set about a model, in its own words.
    pub(super) fn phrases(&self, model: &str, options: &[OptionValue]) -> String {
        let described = self.model(model).map_or_else(Vec::new, |model| model.options);
        phrases(options, &described)
    }

    /// A method's name for people.
    pub(super) fn name_of(&self, engine: &EngineChoice) -> String {
        match engine {
            EngineChoice::Instant => i18n::text("engineInstant", &[]),
            EngineChoice::Model { model, .. } => self.model(model).map_or_else(|| model.clone(), |model| model.name),
        }
    }

    /// Key of the hint after an erase: what to do next, or, for users who have never chosen a method, that there are models.
    pub(super) fn hint_after_erasing(&self, settings: &SettingsSheet, fills: usize) -> &'static str {
        let never_chose = settings.values.borrow().engine.is_none() && *self.chosen.borrow() == INSTANT;
        let has_gpu = !field(&window().navigator(), "gpu").is_undefined();
        if never_chose && has_gpu && fills == 1 { "hintBetter" } else { "hintChain" }
    }

    /// Shows beside the chosen model how long its last fill took. Beside a method that is called instant, a time would contradict its name.
    pub(super) fn show_cost(&self, time: &str) {
        let Some(option) = self.list.query_selector("option:checked").ok().flatten() else { return };
        let Some(name) = option.get_attribute("data-name") else { return };
        option.set_text_content(Some(&i18n::text("engineCost", &[&name, time])));
    }
}
