//! The page on privacy. It is HTML; only the names of buttons that its sentences speak of are put in here.

use crate::browser::i18n;
use crate::ui::dom::by_id;
use crate::ui::translation::translate_page;
use web_sys::HtmlElement;

/// Starts the page.
pub fn start() {
    translate_page();
    for (id, sentence, button) in
        [("delete", "privacyDeleteText", "dataDeleteAll"), ("files", "privacyFilesText", "saveAs")]
    {
        let sentence = i18n::text(sentence, &[&i18n::text(button, &[])]);
        by_id::<HtmlElement>(id).set_text_content(Some(&sentence));
    }
}
