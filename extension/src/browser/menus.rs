//! The context menu.

use super::{object, refused};
use crate::protocol::Failure;
use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["chrome", "contextMenus"], js_name = create)]
    fn create_js(item: &JsValue, done: &Function) -> Result<JsValue, JsValue>;
}

/// Adds an item for things of these kinds, on pages of these patterns.
///
/// # Errors
/// When the browser refuses.
pub fn create(id: &str, title: &str, contexts: &[&str], pages: &[&str]) -> Result<(), Failure> {
    let list = |items: &[&str]| JsValue::from(items.iter().map(|i| JsValue::from_str(i)).collect::<Array>());
    let item = object(&[
        ("id", id.into()),
        ("title", title.into()),
        ("contexts", list(contexts)),
        ("documentUrlPatterns", list(pages)),
    ]);
    // An item that survived an update is no trouble; the callback keeps the browser from logging it as one.
    let done = Closure::once_into_js(|| {});
    create_js(&item, done.unchecked_ref()).map_err(refused)?;
    Ok(())
}
