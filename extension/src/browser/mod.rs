//! The one door to the extension's API: the few functions that are used, typed to their use.
//!
//! Everything here may be refused by the browser at any time; refusals come back as [`Failure::Internal`] with the
//! browser's words, and callers turn them into what they mean.

pub mod bytes;
pub mod files;
pub mod gpu;
pub mod i18n;
pub mod menus;
pub mod net;
pub mod offscreen;
pub mod permissions;
pub mod runtime;
pub mod scripting;
pub mod storage;
pub mod tabs;

use crate::protocol::Failure;
use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

/// The browser's words of an error.
pub fn words(error: &JsValue) -> String {
    match Reflect::get(error, &"message".into()).ok().and_then(|m| m.as_string()) {
        Some(message) => message,
        None => format!("{error:?}"),
    }
}

/// What to make of a refusal that was not expected.
pub fn refused(error: JsValue) -> Failure {
    Failure::Internal { detail: words(&error) }
}

/// A JavaScript object from its fields.
pub fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (key, value) in fields {
        // Setting a field of a fresh plain object cannot fail.
        let _ = Reflect::set(&object, &(*key).into(), value);
    }
    object.into()
}

/// A field of an object; `undefined` where there is none.
pub fn field(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap_or(JsValue::UNDEFINED)
}
