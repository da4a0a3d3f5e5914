//! The list of what becomes of the paint: the built-in fill, the models on this machine, and the ways to hide what is painted.

use super::frames::Frames;
use super::options;
use super::settings::SettingsSheet;
use crate::browser::{field, i18n, refused};
use crate::model_client::ModelClient;
use crate::overlay::settings::phrases;
use crate::protocol::Failure;
use crate::protocol::engine::{EngineChoice, Hiding, Route};
use crate::protocol::models::{Model, OptionValue, Status};
use crate::ui::dom::{attribute, by_id, document, each, window};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, HtmlOptionElement, HtmlSelectElement};

/// The option for the built-in fill.
pub(super) const INSTANT: &str = "instant";
/// The option that leads to the models page.
pub(super) const MORE: &str = "more";
/// What an option that offers a model begins with; its name follows.
pub(super) const GET: &str = "get:";

/// The way to hide that an option stands for.
fn hiding(option: &str) -> Option<Hiding> {
    Hiding::ALL.into_iter().find(|by| by.id() == option)
}

/// Key of the hint on how safe a way to hide is.
pub(super) fn hint_on(by: Hiding) -> &'static str {
    match by {
        Hiding::BlackOut => "hintBlackOut",
        Hiding::Pixelate | Hiding::Blur => "hintWeakHiding",
    }
}

/// See the module.
pub(super) struct Methods {
    pub list: HtmlSelectElement,
    /// What the built-in fill takes the paint for. Every new picture begins with *Automatic*.
    routes: HtmlSelectElement,
    frames: Rc<Frames>,
    /// The connection to the models on this machine.
    client: RefCell<Option<Rc<ModelClient>>>,
    /// Every model that is on this machine or can be downloaded.
    models: RefCell<Vec<Model>>,
    /// What fills the hole: `instant`, a model, or a way to hide.
    chosen: RefCell<String>,
}

impl Methods {
    pub(super) fn find(frames: &Rc<Frames>) -> Self {
        // The label of a group of options is an attribute of its own.
        attribute(&by_id::<HtmlElement>("hidings"), "label", &i18n::text("hide", &[]));
        Self {
            list: by_id("engine"),
            routes: by_id("route"),
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
        let hiding = hiding(&self.chosen.borrow()).map(|by| by.id().to_owned());
        let chosen = hiding.or_else(|| wanted.or(preferred).filter(is_there));
        *self.models.borrow_mut() = models;
        self.choose(chosen.as_deref().unwrap_or(INSTANT), settings)
    }

    /// One option each, after the built-in fill. What asks for something comes last, where arrow keys do not pass it on their way.
    fn list_options(&self, models: &[&Model], offered: Option<&Model>) -> Result<(), Failure> {
        let list = &self.list;
        each(list, "option[data-name]", |option| option.remove());
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
        by_id::<HtmlElement>("route-field").set_hidden(value != INSTANT);
        self.show_deed(value);
        self.frames.request();
        options::show(settings, &self.models.borrow(), value)
    }

    /// Calls the main button by what it does.
    fn show_deed(&self, method: &str) {
        let text =
            hiding(method).map_or_else(|| i18n::text("erase", &[]), |by| self.name_of(&EngineChoice::Hide { by }));
        let button = by_id::<HtmlElement>("erase");
        attribute(&button, "aria-label", &text);
        attribute(&button, "data-tip", &text);
        each(&button, "span", |span| span.set_text_content(Some(&text)));
    }

    /// Shows the method that is used, after an option that is no method.
    pub(super) fn show_chosen(&self) {
        self.list.set_value(&self.chosen.borrow());
    }

    /// The method that is chosen, with what is set about it.
    pub(super) fn choice(&self, settings: &SettingsSheet) -> EngineChoice {
        let method = self.chosen.borrow().clone();
        if method == INSTANT {
            let route = Route::ALL.get(self.routes.selected_index() as usize).copied().unwrap_or_default();
            return EngineChoice::Instant { route };
        }
        if let Some(by) = hiding(&method) {
            return EngineChoice::Hide { by };
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
            EngineChoice::Instant { .. } => i18n::text("engineInstant", &[]),
            EngineChoice::Model { model, .. } => self.model(model).map_or_else(|| model.clone(), |model| model.name),
            EngineChoice::Hide { by: Hiding::BlackOut } => i18n::text("hideBlackOut", &[]),
            EngineChoice::Hide { by: Hiding::Pixelate } => i18n::text("hidePixelate", &[]),
            EngineChoice::Hide { by: Hiding::Blur } => i18n::text("hideBlur", &[]),
        }
    }

    /// What the built-in fill took the paint for, in the words of the list of routes.
    pub(super) fn name_of_route(&self, route: Route) -> String {
        let number = Route::ALL.iter().position(|other| *other == route).unwrap_or(0);
        let option = self.routes.query_selector(&format!("option:nth-child({})", number + 1));
        option.ok().flatten().and_then(|option| option.text_content()).unwrap_or_default()
    }

    /// Key of the hint on how safe what is chosen hides; none where it fills.
    pub(super) fn hint_on_hiding(&self) -> Option<&'static str> {
        hiding(&self.chosen.borrow()).map(hint_on)
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
