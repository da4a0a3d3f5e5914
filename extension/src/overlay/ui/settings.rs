//! What the user set, on whichever page, and the sheet to set it.

use super::app::App;
use super::dom::on;
use crate::browser::storage;
use crate::protocol::models::STEPS;
use serde::{Deserialize, Serialize};
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, MouseEvent};

/// Key in the extension's storage.
const KEY: &str = "method";
/// Guidance scale that the model's authors recommend.
const GUIDANCE: f32 = 2.5;

/// How to erase and to save. What is missing in the storage is as it was before it could be set.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Settings {
    /// A model, or the built-in fill; none if the user never chose.
    pub engine: Option<String>,
    /// Steps of a model's schedule.
    pub steps: u32,
    /// How much a model keeps to the picture rather than to its own idea of pictures.
    pub guidance: f32,
    /// Seed of the first result of each fill.
    pub seed: u32,
    /// Saved files tell by what, and from which seeds, they were edited. Off unless it is wished for: who cleans a picture up does not
    /// expect new traces in it, and who has to disclose an edit knows so.
    pub note: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { engine: None, steps: STEPS, guidance: GUIDANCE, seed: 1, note: false }
    }
}

/// Listens to the sheet.
pub(super) fn bind(app: &Rc<App>) {
    let it = Rc::clone(app);
    on(&app.dom.button("settings"), "click", move |_: &MouseEvent| {
        it.show_settings();
        // Only a sheet that is already open refuses.
        let _ = it.dom.settings_sheet.show_modal();
    });
    let it = Rc::clone(app);
    on(&app.dom.button("settings-close"), "click", move |_: &MouseEvent| it.dom.settings_sheet.close());
    let it = Rc::clone(app);
    on(&app.dom.guidance, "input", move |_: &Event| {
        it.settings.borrow_mut().guidance = it.dom.guidance.value_as_number() as f32;
        it.show_settings();
    });
    for (field, set) in [
        (&app.dom.guidance, (|_| {}) as fn(&App)),
        (&app.dom.seed, |app| {
            let typed = app.dom.seed.value_as_number();
            // What is no number is what it was.
            let seed = if typed.is_nan() { app.settings.borrow().seed } else { typed as u32 };
            app.settings.borrow_mut().seed = seed;
        }),
        (&app.dom.note, |app| app.settings.borrow_mut().note = app.dom.note.checked()),
    ] {
        let it = Rc::clone(app);
        on(field, "change", move |_: &Event| {
            set(&it);
            it.show_settings();
            it.keep_settings();
        });
    }
}

impl App {
    /// Reads what was set; what cannot be read is as if it was never set.
    pub(super) async fn read_settings(&self) {
        let settings: Settings = storage::local(KEY).await.ok().flatten().unwrap_or_default();
        *self.settings.borrow_mut() = settings;
        self.show_settings();
    }

    /// Remembers what is set.
    pub(super) fn keep_settings(&self) {
        let settings = self.settings.borrow().clone();
        spawn_local(async move {
            // A setting that could not be kept is set again next time.
            let _ = storage::set_local(KEY, &settings).await;
        });
    }

    fn show_settings(&self) {
        let settings = self.settings.borrow();
        self.dom.quality.set_value(&settings.steps.to_string());
        self.dom.guidance.set_value(&settings.guidance.to_string());
        self.dom.guidance_value.set_text_content(Some(&format!("{:.1}", settings.guidance)));
        self.dom.seed.set_value(&settings.seed.to_string());
        self.dom.note.set_checked(settings.note);
    }

    /// Seed of the first result of a fill.
    pub(super) fn first_seed(&self) -> u32 {
        self.settings.borrow().seed
    }
}
