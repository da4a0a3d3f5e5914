//! The context menu.

use super::{field, object, refused};
use crate::protocol::Failure;
use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["chrome", "contextMenus"], js_name = create)]
    fn create_js(item: &JsValue, done: &Function) -> Result<JsValue, JsValue>;
}

/// Adds an item. `contexts` are the kinds of things it is offered for (as `contextMenus` names them), `pages` the match patterns of the
/// documents it is offered in.
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
    // After an update the item may be there already. That does no harm, but the browser logs it as an error unless a callback reads it.
    let done =
        Closure::once_into_js(|| drop(field(&field(&field(&js_sys::global(), "chrome"), "runtime"), "lastError")));
    create_js(&item, done.unchecked_ref()).map_err(refused)?;
    Ok(())
}
