//! What the user set, on whichever page, and the controls to set it.

use crate::browser::storage;
use crate::overlay::settings::EditSettings;
use crate::ui::dom::{attribute, by_id};
use crate::ui::listen::on;
use crate::ui::sheet::Sheet;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, HtmlButtonElement, HtmlElement, HtmlInputElement, MouseEvent};

/// See the module.
pub(super) struct SettingsSheet {
    sheet: Sheet,
    seed: HtmlInputElement,
    note: HtmlInputElement,
    keep_name: HtmlInputElement,
    auto: HtmlButtonElement,
    pub values: RefCell<EditSettings>,
    /// Erase by itself after a rest.
    erase_on_release: Cell<bool>,
}

impl SettingsSheet {
    /// Finds the controls and listens to them.
    pub(super) fn find() -> Rc<Self> {
        let settings = Rc::new(Self {
            sheet: Sheet::find("settings"),
            seed: by_id("seed"),
            note: by_id("note"),
            keep_name: by_id("keep-name"),
            auto: by_id("auto"),
            values: RefCell::default(),
            erase_on_release: Cell::new(true),
        });
        settings.listen();
        settings
    }

    fn listen(self: &Rc<Self>) {
        let it = Rc::clone(self);
        on(&by_id::<HtmlElement>("settings"), "click", move |_: &MouseEvent| {
            it.show();
            it.sheet.show();
        });
        for (field, set) in [
            (
                &self.seed,
                (|it| {
                    let typed = it.seed.value_as_number();
                    // An input that is not a number changes nothing.
                    let seed = if typed.is_nan() { it.seed() } else { typed as u32 };
                    it.values.borrow_mut().seed = seed;
                }) as fn(&Self),
            ),
            (&self.note, |it| it.values.borrow_mut().note = it.note.checked()),
            (&self.keep_name, |it| it.values.borrow_mut().keep_name = it.keep_name.checked()),
        ] {
            let it = Rc::clone(self);
            on(field, "change", move |_: &Event| {
                set(&it);
                it.show();
                it.keep();
            });
        }
        let it = Rc::clone(self);
        on(&self.auto, "click", move |_: &MouseEvent| {
            let auto = !it.erase_on_release.get();
            it.set_erase_on_release(auto);
            spawn_local(async move {
                // A setting that could not be kept is set again next time.
                let _ = storage::set_local(storage::ERASE_ON_RELEASE, &auto).await;
            });
        });
    }

    /// True while the sheet is open.
    pub(super) fn is_open(&self) -> bool {
        self.sheet.is_open()
    }

    /// Reads what was set. What cannot be read counts as never set.
    pub(super) async fn read(&self) {
        let values: EditSettings = storage::local(storage::METHOD).await.ok().flatten().unwrap_or_default();
        *self.values.borrow_mut() = values;
        self.show();
    }

    /// Reads whether to erase by itself after a rest.
    pub(super) async fn read_erase_on_release(&self) {
        let auto: Option<bool> = storage::local(storage::ERASE_ON_RELEASE).await.ok().flatten();
        self.set_erase_on_release(auto.unwrap_or(true));
    }

    fn set_erase_on_release(&self, auto: bool) {
        self.erase_on_release.set(auto);
        attribute(&self.auto, "aria-pressed", if auto { "true" } else { "false" });
    }

    /// Whether to erase by itself after a rest.
    pub(super) fn erases_on_release(&self) -> bool {
        self.erase_on_release.get()
    }

    /// Remembers what is set.
    pub(super) fn keep(&self) {
        let values = self.values.borrow().clone();
        spawn_local(async move {
            // A setting that could not be kept is set again next time.
            let _ = storage::set_local(storage::METHOD, &values).await;
        });
    }

    fn show(&self) {
        let values = self.values.borrow();
        self.seed.set_value(&values.seed.to_string());
        self.note.set_checked(values.note);
        self.keep_name.set_checked(values.keep_name);
    }

    /// Seed of the first result of a fill.
    pub(super) fn seed(&self) -> u32 {
        self.values.borrow().seed
    }
}
