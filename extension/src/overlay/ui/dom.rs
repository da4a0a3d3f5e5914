//! The elements of `overlay.html`, and small typed ways to handle them.

use crate::browser::i18n;
use gloo_events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use web_sys::{
    Document, Element, Event, EventTarget, HtmlButtonElement, HtmlCanvasElement, HtmlDialogElement, HtmlElement,
    HtmlInputElement, HtmlProgressElement, HtmlSelectElement, Window,
};

/// The window of this frame.
pub(super) fn window() -> Window {
    web_sys::window().expect("the overlay runs in a document")
}

/// The document of this frame.
pub(super) fn document() -> Document {
    window().document().expect("the overlay runs in a document")
}

/// `<html>`, which carries the state as data attributes.
pub(super) fn root() -> HtmlElement {
    document().document_element().expect("a document has a root").unchecked_into()
}

fn by_id<T: JsCast>(id: &str) -> T {
    let element = document().get_element_by_id(id);
    element.unwrap_or_else(|| panic!("overlay.html has #{id}")).unchecked_into()
}

/// The elements that are used by name.
pub(super) struct Dom {
    pub stage: HtmlElement,
    pub picture: HtmlCanvasElement,
    pub mask: HtmlCanvasElement,
    pub ring: HtmlElement,
    pub shimmer: HtmlElement,
    pub dim: HtmlElement,
    pub dock: HtmlElement,
    pub notice: HtmlElement,
    pub notice_text: HtmlElement,
    pub notice_yes: HtmlButtonElement,
    pub notice_no: HtmlButtonElement,
    pub progress: HtmlElement,
    pub progress_bar: HtmlProgressElement,
    pub progress_text: HtmlElement,
    pub status: HtmlElement,
    pub hint: HtmlElement,
    pub size: HtmlInputElement,
    pub format: HtmlSelectElement,
    pub engine: HtmlSelectElement,
    pub quality: HtmlSelectElement,
    /// The list of qualities with all that belongs to it.
    pub quality_field: HtmlElement,
    pub auto: HtmlButtonElement,
    pub help_sheet: HtmlDialogElement,
    /// Results of the last fill to choose from.
    pub variations: HtmlElement,
    /// How far a model's download is.
    pub download: HtmlElement,
    pub settings_sheet: HtmlDialogElement,
    pub guidance: HtmlInputElement,
    pub guidance_value: HtmlElement,
    pub seed: HtmlInputElement,
    pub note: HtmlInputElement,
}

impl Dom {
    /// Finds them all; a missing one is a broken build.
    pub(super) fn find() -> Self {
        Self {
            stage: by_id("stage"),
            picture: by_id("picture"),
            mask: by_id("mask"),
            ring: by_id("ring"),
            shimmer: by_id("shimmer"),
            dim: by_id("dim"),
            dock: by_id("dock"),
            notice: by_id("notice"),
            notice_text: by_id("notice-text"),
            notice_yes: by_id("notice-yes"),
            notice_no: by_id("notice-no"),
            progress: by_id("progress"),
            progress_bar: by_id("progress-bar"),
            progress_text: by_id("progress-text"),
            status: by_id("status"),
            hint: by_id("hint"),
            size: by_id("size"),
            format: by_id("format"),
            engine: by_id("engine"),
            quality: by_id("quality"),
            quality_field: by_id("quality-field"),
            auto: by_id("auto"),
            help_sheet: by_id("help-sheet"),
            variations: by_id("variations"),
            download: by_id("download"),
            settings_sheet: by_id("settings-sheet"),
            guidance: by_id("guidance"),
            guidance_value: by_id("guidance-value"),
            seed: by_id("seed"),
            note: by_id("note"),
        }
    }

    /// A button by its id.
    pub(super) fn button(&self, id: &str) -> HtmlButtonElement {
        by_id(id)
    }
}

/// Listens for as long as the page lives.
pub(super) fn on<E: JsCast>(target: &EventTarget, name: &'static str, mut listener: impl FnMut(&E) + 'static) {
    let options = EventListenerOptions::enable_prevent_default();
    EventListener::new_with_options(target, name, options, move |event: &Event| {
        // Nothing that a script made up may steer the overlay.
        if event.is_trusted() {
            listener(event.unchecked_ref());
        }
    })
    .forget();
}

/// Sets one CSS property.
pub(super) fn style(element: &HtmlElement, property: &str, value: &str) {
    // Only a malformed property name could be refused.
    let _ = element.style().set_property(property, value);
}

/// Sets an attribute.
pub(super) fn attribute(element: &Element, name: &str, value: &str) {
    // Only a malformed attribute name could be refused.
    let _ = element.set_attribute(name, value);
}

/// True when the user asked the system for less motion.
pub(super) fn reduced_motion() -> bool {
    window().match_media("(prefers-reduced-motion: reduce)").ok().flatten().is_some_and(|q| q.matches())
}

/// Puts the user's language into the page.
pub(super) fn translate() {
    attribute(&root(), "lang", &i18n::language());
    each("[data-i18n]", |element| {
        if let Some(key) = element.get_attribute("data-i18n") {
            element.set_text_content(Some(&i18n::text(&key, &[])));
        }
    });
    each("[data-i18n-label]", |element| {
        if let Some(key) = element.get_attribute("data-i18n-label") {
            let label = i18n::text(&key, &[]);
            attribute(element, "aria-label", &label);
            attribute(element, "data-tip", &label);
        }
    });
}

fn each(selector: &str, mut action: impl FnMut(&Element)) {
    let Ok(found) = document().query_selector_all(selector) else { return };
    for i in 0..found.length() {
        if let Some(element) = found.get(i) {
            action(element.unchecked_ref());
        }
    }
}
