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

/// Adds an item. `contexts` are the kinds of things it is offered for (as Chrome's `contextMenus` names them), `pages` the match patterns of the
/// documents it is offered in.
///
/// # Errors
/// When the browser refuses.
pub fn create(id: &str, title: &str, contexts: &[&str], pages: &[&str]) -> Result<(), Failure> {
    let list = |items: &[&str]| JsValue::from(items.iter().map(|i| JsValue::from_str(i)).collect::<Array>());
    let mut contexts = contexts.to_vec();
    if contexts.contains(&"page") && !frames_are_pages() {
        contexts.push("frame");
    }
    let item = object(&[
        ("id", id.into()),
        ("title", title.into()),
        ("contexts", list(&contexts)),
        ("documentUrlPatterns", list(pages)),
    ]);
    // After an update the item may be there already. That does no harm, but the browser logs it as an error unless a callback reads it.
    let done =
        Closure::once_into_js(|| drop(field(&field(&field(&js_sys::global(), "chrome"), "runtime"), "lastError")));
    create_js(&item, done.unchecked_ref()).map_err(refused)?;
    Ok(())
}

/// Whether the page in a frame is a `page` as well. In Firefox, which alone says which browser it is, it is a `frame` and nothing else.
fn frames_are_pages() -> bool {
    let runtime = field(&field(&js_sys::global(), "chrome"), "runtime");
    field(&runtime, "getBrowserInfo").is_undefined()
}
