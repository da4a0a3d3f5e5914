//! Finds and changes elements of this page's document.

use crate::browser::refused;
use crate::protocol::Failure;
use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlElement, HtmlOptionElement, HtmlSelectElement, Window};

/// The window of this page.
///
/// # Panics
/// In a worker.
pub(crate) fn window() -> Window {
    web_sys::window().expect("a page has a window")
}

/// The document of this page.
///
/// # Panics
/// In a worker.
pub(crate) fn document() -> Document {
    window().document().expect("a page has a document")
}

/// `<html>`.
///
/// # Panics
/// Never: every document of ours has one.
pub(crate) fn root() -> HtmlElement {
    document().document_element().expect("a document has a root").unchecked_into()
}

/// The element with this id.
///
/// # Panics
/// When the page has none, or one of another kind: the build is broken, and the message names the id.
pub(crate) fn by_id<T: JsCast>(id: &str) -> T {
    let element = document().get_element_by_id(id).unwrap_or_else(|| panic!("the page has no #{id}"));
    element.dyn_into().unwrap_or_else(|_| panic!("#{id} is another kind of element"))
}

/// The first element inside `parent` that matches `selector`.
///
/// # Panics
/// When there is none, or one of another kind: the build is broken, and the message names the selector.
pub(crate) fn inside<T: JsCast>(parent: &Element, selector: &str) -> T {
    let element = parent.query_selector(selector).ok().flatten();
    let element = element.unwrap_or_else(|| panic!("there is no {selector}"));
    element.dyn_into().unwrap_or_else(|_| panic!("{selector} is another kind of element"))
}

/// Does something with every element inside `parent` that matches `selector`.
pub(crate) fn each(parent: &Element, selector: &str, mut action: impl FnMut(&Element)) {
    let Ok(found) = parent.query_selector_all(selector) else { return };
    for element in (0..found.length()).filter_map(|i| found.get(i)) {
        action(element.unchecked_ref());
    }
}

/// Sets an attribute.
pub(crate) fn attribute(element: &Element, name: &str, value: &str) {
    // Only a malformed attribute name could be refused.
    let _ = element.set_attribute(name, value);
}

/// Shows a text, and hides the element where there is none.
pub(crate) fn show_text(element: &HtmlElement, text: &str) {
    element.set_text_content(Some(text));
    element.set_hidden(text.is_empty());
}

/// Adds an option to a list.
///
/// # Errors
/// When the browser refuses.
pub(crate) fn add_option(list: &HtmlSelectElement, value: &str, text: &str) -> Result<(), Failure> {
    let option = HtmlOptionElement::new_with_text_and_value(text, value).map_err(refused)?;
    list.append_child(&option).map(drop).map_err(refused)
}

/// Sets one CSS property.
pub(crate) fn style(element: &HtmlElement, property: &str, value: &str) {
    // Only a malformed property name could be refused.
    let _ = element.style().set_property(property, value);
}

/// Milliseconds since this page began.
pub(crate) fn now() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// Whether the element has the keyboard's focus.
pub(crate) fn has_focus(element: &Element) -> bool {
    element.matches(":focus").unwrap_or(false)
}

/// True where the user mostly points with a finger.
pub(crate) fn has_coarse_pointer() -> bool {
    window().match_media("(pointer: coarse)").ok().flatten().is_some_and(|q| q.matches())
}

/// True when the user asked the system for less motion.
pub(crate) fn reduced_motion() -> bool {
    window().match_media("(prefers-reduced-motion: reduce)").ok().flatten().is_some_and(|q| q.matches())
}
