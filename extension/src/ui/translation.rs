//! Puts the user's language into a page. Attributes in the HTML name messages of `_locales`; the English words there are for those who read
//! the file.

use super::dom::{attribute, each, root};
use crate::browser::i18n;
use web_sys::Element;

/// Puts the user's language into the whole page.
pub(crate) fn translate_page() {
    let root = root();
    attribute(&root, "lang", &i18n::language());
    // That of the sentences, which are English where the browser's own language has none.
    attribute(&root, "dir", &i18n::text("textDirection", &[]));
    translate(&root);
}

/// Puts the user's language into what is inside `element`, such as a copy of a template: `data-i18n` names the message for an
/// element's text, `data-i18n-label` the one for its accessible name and its tooltip.
pub(crate) fn translate(element: &Element) {
    each(element, "[data-i18n]", |element| {
        if let Some(key) = element.get_attribute("data-i18n") {
            element.set_text_content(Some(&i18n::text(&key, &[])));
        }
    });
    each(element, "[data-i18n-label]", |element| {
        if let Some(key) = element.get_attribute("data-i18n-label") {
            let label = i18n::text(&key, &[]);
            attribute(element, "aria-label", &label);
            attribute(element, "data-tip", &label);
        }
    });
}
