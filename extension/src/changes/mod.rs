//! The page that lists what each version brings. Whoever opens it needs no line about the update any more.

use crate::browser::{i18n, runtime, storage};
use crate::protocol::Failure;
use crate::releases::{self, Release};
use crate::ui::dom::{by_id, document};
use crate::ui::translation::translate_page;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::Element;

/// Starts the page.
pub fn start() {
    translate_page();
    let list: Element = by_id("releases");
    for release in releases::until(&runtime::version()) {
        // A page of ours takes what it is given.
        let _ = add(&list, release);
    }
    spawn_local(async { warn(storage::remove_local(storage::NEWS).await) });
}

fn add(list: &Element, Release { version, words }: Release) -> Result<(), JsValue> {
    let item = document().create_element("li")?;
    for (name, text) in [("h2", version), ("p", &i18n::text(words, &[]))] {
        let part = document().create_element(name)?;
        part.set_text_content(Some(text));
        item.append_child(&part)?;
    }
    list.append_child(&item).map(drop)
}

fn warn(result: Result<(), Failure>) {
    if let Err(failure) = result {
        web_sys::console::warn_1(&failure.to_string().into());
    }
}
