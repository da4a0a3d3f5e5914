//! The page that opens after installing: the ways in, a picture to try at once, what leaves the computer, and the key. It is HTML; only what depends on
//! the browser's settings is put in here.

use crate::browser::{commands, i18n};
use crate::ui::dom::{attribute, by_id, document};
use crate::ui::translation::translate_page;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlElement;

/// Stands for the keys in their sentence, which become an element of their own.
const KEYS: &str = "\u{1}";

/// Starts the page.
pub fn start() {
    translate_page();
    let menu = i18n::text("welcomePageHow", &[&i18n::text("menuErase", &[])]);
    by_id::<HtmlElement>("by-menu").set_text_content(Some(&menu));
    attribute(&by_id::<HtmlElement>("try-picture"), "alt", &i18n::text("welcomeTryPicture", &[]));
    spawn_local(async {
        // A browser that does not say has none to tell of.
        let keys = commands::keys_of("pick").await.ok().flatten();
        show_keys(keys.as_deref());
    });
}

fn show_keys(keys: Option<&str>) {
    let line: HtmlElement = by_id("by-key");
    let Some(keys) = keys else { return line.set_text_content(Some(&i18n::text("welcomeNoKey", &[]))) };
    let sentence = i18n::text("welcomeKeyHow", &[KEYS]);
    let Some((before, after)) = sentence.split_once(KEYS) else { return line.set_text_content(Some(&sentence)) };
    line.set_text_content(Some(before));
    if let Ok(key) = document().create_element("kbd") {
        key.set_text_content(Some(keys));
        // A page of ours takes what it is given.
        let _ = line.append_child(&key);
    }
    let _ = line.append_with_str_1(after);
}
