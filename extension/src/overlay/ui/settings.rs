//! The sheet of settings: what the user set, on whichever page.

use super::app::App;
use super::dom::on;
use super::options;
use crate::browser::storage;
pub(super) use crate::overlay::settings::Settings;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, MouseEvent};

/// Key in the extension's storage.
const KEY: &str = "method";

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
    for (field, set) in [
        (
            &app.dom.seed,
            (|app| {
                let typed = app.dom.seed.value_as_number();
                // What is no number is what it was.
                let seed = if typed.is_nan() { app.settings.borrow().seed } else { typed as u32 };
                app.settings.borrow_mut().seed = seed;
            }) as fn(&App),
        ),
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
        options::show_values(&settings, &self.models.borrow());
        self.dom.seed.set_value(&settings.seed.to_string());
        self.dom.note.set_checked(settings.note);
    }

    /// Seed of the first result of a fill.
    pub(super) fn first_seed(&self) -> u32 {
        self.settings.borrow().seed
    }
}
