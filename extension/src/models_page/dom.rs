//! The elements of `models.html`, and small typed ways to handle them.

use crate::browser::i18n;
use gloo_events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use web_sys::{
    Document, Element, Event, EventTarget, HtmlButtonElement, HtmlDialogElement, HtmlElement, HtmlInputElement,
    HtmlSelectElement, HtmlTemplateElement, NodeList, Window,
};

/// The window of this page.
pub(super) fn window() -> Window {
    web_sys::window().expect("the page runs in a document")
}

/// The document of this page.
pub(super) fn document() -> Document {
    window().document().expect("the page runs in a document")
}

fn by_id<T: JsCast>(id: &str) -> T {
    let element = document().get_element_by_id(id);
    element.unwrap_or_else(|| panic!("models.html has #{id}")).unchecked_into()
}

/// The elements that are used by name.
pub(super) struct Dom {
    pub title: HtmlElement,
    pub alert: HtmlElement,
    pub alert_text: HtmlElement,
    pub alert_retry: HtmlButtonElement,
    pub alert_close: HtmlButtonElement,
    pub status: HtmlElement,
    pub loading: HtmlElement,
    pub models: HtmlElement,
    pub template: HtmlTemplateElement,
    pub own: HtmlElement,
    pub own_precision: HtmlSelectElement,
    pub own_note: HtmlElement,
    pub import: HtmlInputElement,
    pub add_form: HtmlElement,
    pub add_url: HtmlInputElement,
    pub storage: HtmlElement,
    pub keep: HtmlElement,
    pub keep_button: HtmlButtonElement,
    pub keep_hint: HtmlElement,
    pub gpu: HtmlElement,
    pub gpu_details: HtmlElement,
    pub measure_model: HtmlSelectElement,
    pub measure_line: HtmlElement,
    pub measure: HtmlButtonElement,
    pub measured: HtmlElement,
    pub copy: HtmlButtonElement,
    pub warm: HtmlSelectElement,
    pub mirror_form: HtmlElement,
    pub mirror: HtmlInputElement,
    pub mirror_note: HtmlElement,
    pub consent: HtmlDialogElement,
    pub consent_title: HtmlElement,
    pub consent_text: HtmlElement,
    pub consent_yes: HtmlButtonElement,
    pub consent_no: HtmlButtonElement,
}

impl Dom {
    /// Finds them all; a missing one is a broken build.
    pub(super) fn find() -> Self {
        Self {
            title: by_id("title"),
            alert: by_id("alert"),
            alert_text: by_id("alert-text"),
            alert_retry: by_id("alert-retry"),
            alert_close: by_id("alert-close"),
            status: by_id("status"),
            loading: by_id("loading"),
            models: by_id("models"),
            template: by_id("model-template"),
            own: by_id("own"),
            own_precision: by_id("own-precision"),
            own_note: by_id("own-note"),
            import: by_id("import"),
            add_form: by_id("add-form"),
            add_url: by_id("add-url"),
            storage: by_id("storage"),
            keep: by_id("keep"),
            keep_button: by_id("keep-button"),
            keep_hint: by_id("keep-hint"),
            gpu: by_id("gpu"),
            gpu_details: by_id("gpu-details"),
            measure_model: by_id("measure-model"),
            measure_line: by_id("measure-line"),
            measure: by_id("measure"),
            measured: by_id("measured"),
            copy: by_id("copy"),
            warm: by_id("warm"),
            mirror_form: by_id("mirror-form"),
            mirror: by_id("mirror"),
            mirror_note: by_id("mirror-note"),
            consent: by_id("consent"),
            consent_title: by_id("consent-title"),
            consent_text: by_id("consent-text"),
            consent_yes: by_id("consent-yes"),
            consent_no: by_id("consent-no"),
        }
    }
}

/// Listens for as long as the page lives.
pub(super) fn on<E: JsCast>(target: &EventTarget, name: &'static str, mut listener: impl FnMut(&E) + 'static) {
    let options = EventListenerOptions::enable_prevent_default();
    EventListener::new_with_options(target, name, options, move |event: &Event| listener(event.unchecked_ref()))
        .forget();
}

/// Sets an attribute.
pub(super) fn attribute(element: &Element, name: &str, value: &str) {
    // Only a malformed attribute name could be refused.
    let _ = element.set_attribute(name, value);
}

/// Puts the user's language into the page.
pub(super) fn translate() {
    let document = document();
    if let Some(root) = document.document_element() {
        attribute(&root, "lang", &i18n::language());
    }
    translate_all(document.query_selector_all("[data-i18n]").ok());
}

/// Puts the user's language into a copy of a template.
pub(super) fn translate_copy(copy: &Element) {
    translate_all(copy.query_selector_all("[data-i18n]").ok());
}

fn translate_all(found: Option<NodeList>) {
    let Some(found) = found else { return };
    for element in (0..found.length()).filter_map(|i| found.get(i)?.dyn_into::<Element>().ok()) {
        if let Some(key) = element.get_attribute("data-i18n") {
            element.set_text_content(Some(&i18n::text(&key, &[])));
        }
    }
}
