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
    /// Whether it is the chosen model.
    preferred: Cell<bool>,
    /// How many requests of this page about the model are not answered yet.
    waiting: Cell<u32>,
    pace: RefCell<Pace>,
}

impl Row {
    /// The card in `element`, a copy of the template. Its title gets the id `title_id`.
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

    /// Removes the card from the page. True if it had the focus.
    pub(super) fn remove(&self) -> bool {
        let focused = self.element.matches(":focus-within").unwrap_or(false);
        self.element.remove();
        focused
    }

    /// The model that it shows.
    pub(super) fn model(&self) -> Model {
        self.model.borrow().clone()
    }

    /// The name of its model, as the user sees it.
    pub(super) fn name(&self) -> String {
        self.model.borrow().name.clone()
    }

    /// Whether its model is only a part that models share.
    pub(super) fn shared(&self) -> bool {
        self.model.borrow().part
    }

    /// The precision to install with: that of the installation or download that exists, or else the user's choice.
    pub(super) fn precision(&self) -> Precision {
        let chosen = chosen_precision(&self.field("precision-choice"));
        let model = self.model.borrow();
        model.precision.filter(|_| model.status != Status::Available).unwrap_or(chosen)
    }

    /// Shows a line about what has been done.
    pub(super) fn note(&self, text: &str) {
        show_text(&self.field("note"), text);
    }

    /// Shows that a request about this model is under way, and disables the other buttons, until the guard is dropped.
    pub(super) fn wait(self: &Rc<Self>) -> Waiting {
        self.waiting.set(self.waiting.get() + 1);
        self.note("");
        self.show_buttons();
        Waiting(Rc::clone(self))
    }

    /// Shows progress. Gives the percentage when it is time to announce it.
    pub(super) fn progressed(&self, work: Work, done: u64, total: u64, rate: f64) -> Option<u32> {
        let fraction = units::fraction(done, total);
        let bar: HtmlProgressElement = self.field("bar");
        match fraction {
            Some(fraction) => bar.set_value(fraction),
            // Without a value, the bar is indeterminate.
            None => _ = bar.remove_attribute("value"),
        }
        self.field::<HtmlElement>("progress-text")
            .set_text_content(Some(&sentences::progress(work, done, total, rate)));
        self.field::<HtmlElement>("progress").set_hidden(false);
        let fraction = fraction?;
        self.pace.borrow_mut().due(js_sys::Date::now(), work, fraction).then_some((fraction * 100.0) as u32)
    }

    /// Shows the model, and whether it is the chosen one.
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
        // Other sources are shown as text: the source of a model of the user's own may be anything.
        if model.source.starts_with("https://") || model.source.starts_with("http://") {
            source.set_href(&model.source);
        }
        self.detail::<HtmlElement>("edition", model.pinned.map(sentences::edition).as_deref());
        self.detail::<HtmlElement>("licence", model.licence.as_deref());
        self.detail::<HtmlElement>("precision", model.precision.map(sentences::precision).as_deref());
        let size = (model.bytes > 0).then(|| sentences::size(model.bytes as f64));
        self.detail::<HtmlElement>("size", size.as_deref());
        let estimate = model.estimate.map(|time| i18n::text("modelsEstimate", &[&sentences::time(time)]));
        self.detail::<HtmlElement>("estimate", estimate.as_deref());
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
            // `disabled` would take the focus away from the button that the user has just pressed.
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

    /// Shows one line of the details, or hides it if there is no text.
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

/// A date in the user's language.
fn date(milliseconds: f64) -> String {
    let date = js_sys::Date::new(&milliseconds.into());
    String::from(date.to_locale_date_string(&i18n::language(), &js_sys::Object::new()))
}

/// The value of a list of precisions.
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
