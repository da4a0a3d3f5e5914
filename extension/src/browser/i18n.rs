//! The user's language.

use js_sys::Array;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["chrome", "i18n"], js_name = getMessage)]
    fn get_message(key: &str, substitutions: Array) -> String;
    #[wasm_bindgen(js_namespace = ["chrome", "i18n"], js_name = getUILanguage)]
    fn ui_language() -> String;
}

/// The sentence under `key` in `_locales`, with its placeholders filled in order.
pub fn text(key: &str, placeholders: &[&str]) -> String {
    get_message(key, placeholders.iter().map(|p| JsValue::from_str(p)).collect())
}

/// The language tag of the browser's interface, such as `de`.
pub fn language() -> String {
    ui_language()
}
