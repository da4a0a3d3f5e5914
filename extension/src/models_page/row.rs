//! The card of one model, changed in place, so that the focus stays where it is.

use super::buttons::{ACTIONS, offered};
use super::pace::Pace;
use crate::browser::i18n;
use crate::protocol::models::{Model, Precision, Status, Work};
use crate::ui::dom::{attribute, has_focus, inside, show_text};
use crate::ui::translation::translate;
use crate::ui::{sentences, units};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{HtmlAnchorElement, HtmlElement, HtmlProgressElement, HtmlSelectElement};

/// The card of one model.
pub(super) struct Row {
    element: HtmlElement,
    model: RefCell<Model>,
    /// It is the one to erase with.
    preferred: Cell<bool>,
    /// Requests about this model that this page made and that are not answered.
    waiting: Cell<u32>,
    pace: RefCell<Pace>,
}

impl Row {
    /// A card in `element`, a copy of the template; `title_id` names its title in the document.
    pub(super) fn new(element: HtmlElement, model: &Model, title_id: &str) -> Self {
        translate(&element);
        attribute(&element, "data-model", &model.id);
        let row = Self {
            element,
            model: RefCell::new(model.clone()),
            preferred: Cell::new(false),
            waiting: Cell::new(0),
            pace: RefCell::default(),
        };
        attribute(&row.field::<HtmlElement>("name"), "id", title_id);
        for named in ["actions", "bar"] {
            attribute(&row.field::<HtmlElement>(named), "aria-labelledby", title_id);
        }
        row
    }

    /// The card itself.
    pub(super) fn element(&self) -> &HtmlElement {
        &self.element
    }

    /// Takes the card out of the page; whether the focus went with it.
    pub(super) fn remove(&self) -> bool {
        let focused = self.element.matches(":focus-within").unwrap_or(false);
        self.element.remove();
        focused
    }

    /// The model that it shows.
    pub(super) fn model(&self) -> Model {
        self.model.borrow().clone()
    }

    /// Its name for people.
    pub(super) fn name(&self) -> String {
        self.model.borrow().name.clone()
    }

    /// Whether it is a part that models share: it comes with the first of them and is never installed by itself.
    pub(super) fn shared(&self) -> bool {
        self.model.borrow().part
    }

    /// In what the weights are to be kept: as they are or as began, or else as chosen.
    pub(super) fn precision(&self) -> Precision {
        let chosen = chosen_precision(&self.field("precision-choice"));
        let model = self.model.borrow();
        model.precision.filter(|_| model.status != Status::Available).unwrap_or(chosen)
    }

    /// A line about what has been done.
    pub(super) fn note(&self, text: &str) {
        show_text(&self.field("note"), text);
    }

    /// Something about this model is asked for until the guard is dropped; other buttons wait.
    pub(super) fn wait(self: &Rc<Self>) -> Waiting {
        self.waiting.set(self.waiting.get() + 1);
        self.note("");
        self.show_buttons();
        Waiting(Rc::clone(self))
    }

    /// Shows how far it has come. Gives the percentage when it is time to say it.
    pub(super) fn progressed(&self, work: Work, done: u64, total: u64, rate: f64) -> Option<u32> {
        let fraction = units::fraction(done, total);
        let bar: HtmlProgressElement = self.field("bar");
        match fraction {
            Some(fraction) => bar.set_value(fraction),
            // Without a value it shows that something goes on.
            None => _ = bar.remove_attribute("value"),
        }
        self.field::<HtmlElement>("progress-text")
            .set_text_content(Some(&sentences::progress(work, done, total, rate)));
        self.field::<HtmlElement>("progress").set_hidden(false);
        let fraction = fraction?;
        self.pace.borrow_mut().due(js_sys::Date::now(), work, fraction).then_some((fraction * 100.0) as u32)
    }

    /// Shows how far the model has come, and whether it is the one to erase with.
    pub(super) fn show(&self, model: &Model, preferred: bool) {
        *self.model.borrow_mut() = model.clone();
        self.preferred.set(preferred);
        attribute(&self.element, "data-status", status_name(model.status));
        self.field::<HtmlElement>("name").set_text_content(Some(&model.name));
        self.field::<HtmlElement>("status").set_text_content(Some(&sentences::status(model.status)));
        self.field::<HtmlElement>("preferred").set_hidden(!preferred);
        self.field::<HtmlElement>("shared").set_hidden(!self.shared());
        self.field::<HtmlElement>("outdated").set_hidden(model.status != Status::Outdated);

        let source: HtmlAnchorElement =
            self.detail("source", Some(model.source.as_str()).filter(|source| !source.is_empty()));
        // Whatever else it says is only text: an address of the user's own may be anything.
        if model.source.starts_with("https://") || model.source.starts_with("http://") {
            source.set_href(&model.source);
        }
        self.detail::<HtmlElement>("licence", model.licence.as_deref());
        self.detail::<HtmlElement>("precision", model.precision.map(sentences::precision).as_deref());
        let size = (model.bytes > 0).then(|| sentences::size(model.bytes as f64));
        self.detail::<HtmlElement>("size", size.as_deref());
        self.detail::<HtmlElement>("used", model.used.map(date).as_deref());
        let hash: HtmlElement = self.detail("sha256", model.sha256.as_deref().map(units::short_hash).as_deref());
        hash.set_title(model.sha256.as_deref().unwrap_or_default());

        if model.status != Status::Busy && self.waiting.get() == 0 {
            self.field::<HtmlElement>("progress").set_hidden(true);
        }
        self.show_buttons();
    }

    fn show_buttons(&self) {
        let status = self.model.borrow().status;
        let offered = offered(&self.model.borrow(), self.preferred.get());
        let mut lost = false;
        for action in ACTIONS {
            let button = self.button(action);
            let hidden = !offered.contains(&action);
            lost |= hidden && has_focus(&button);
            button.set_hidden(hidden);
            // Not really disabled: that would take the focus away in the middle of what the user is doing.
            let waits = self.waiting.get() > 0 && !matches!(action, "pause" | "delete");
            attribute(&button, "aria-disabled", if waits { "true" } else { "false" });
        }
        self.field::<HtmlElement>("actions").set_hidden(offered.is_empty());
        self.field::<HtmlElement>("quality").set_hidden(status != Status::Available);
        let label = if status == Status::Paused { "modelsResume" } else { "modelsInstall" };
        self.button("install").set_text_content(Some(&i18n::text(label, &[])));
        if lost {
            let next = offered.first().map_or_else(|| self.element.clone(), |action| self.button(action));
            let _ = next.focus();
        }
    }

    fn button(&self, action: &str) -> HtmlElement {
        self.part(&format!("[data-action={action}]"))
    }

    fn field<T: JsCast>(&self, name: &str) -> T {
        self.part(&format!("[data-field={name}]"))
    }

    /// Fills one line of the details, or takes it away.
    fn detail<T: JsCast>(&self, name: &str, value: Option<&str>) -> T {
        let field: HtmlElement = self.field(name);
        field.set_text_content(value);
        self.part::<HtmlElement>(&format!("[data-detail={name}]")).set_hidden(value.is_none());
        field.unchecked_into()
    }

    fn part<T: JsCast>(&self, selector: &str) -> T {
        inside(&self.element, selector)
    }
}

/// See [`Row::wait`].
pub(super) struct Waiting(Rc<Row>);

impl Drop for Waiting {
    fn drop(&mut self) {
        let row = &self.0;
        row.waiting.set(row.waiting.get() - 1);
        let model = row.model();
        row.show(&model, row.preferred.get());
    }
}

/// A day, as the user's language writes it.
fn date(milliseconds: f64) -> String {
    let date = js_sys::Date::new(&milliseconds.into());
    String::from(date.to_locale_date_string(&i18n::language(), &js_sys::Object::new()))
}

/// What a list of precisions says.
pub(super) fn chosen_precision(select: &HtmlSelectElement) -> Precision {
    if select.value() == "int8" { Precision::Int8 } else { Precision::F16 }
}

fn status_name(status: Status) -> &'static str {
    match status {
        Status::Available => "available",
        Status::Busy => "busy",
        Status::Paused => "paused",
        Status::Installed => "installed",
        Status::Outdated => "outdated",
    }
}
