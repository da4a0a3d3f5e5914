//! The only module that names the browser's extension API. It wraps the few functions that are used, with types for that use.
//!
//! The browser may refuse any call at any time. A refusal comes back as [`Failure::Internal`] with the browser's words; where a refusal
//! has a meaning for the user, the caller maps it to the failure that says so.

pub mod action;
pub mod bitmap;
pub mod bytes;
pub mod commands;
pub mod engine_home;
pub mod files;
pub mod gpu;
pub mod i18n;
pub mod lent;
pub mod locks;
pub mod menus;
pub mod net;
pub mod offers;
pub mod permissions;
pub mod runtime;
pub mod scripting;
pub mod storage;
pub mod tabs;
pub mod temporary_file;
pub mod user_folder;
pub mod video_frame;
pub mod waiting;

use crate::protocol::Failure;
use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A name that nothing else has and nobody can guess: a UUID of version 4.
    #[wasm_bindgen(js_namespace = crypto, js_name = randomUUID)]
    pub fn random_uuid() -> String;
}

/// The message of a JavaScript error, or the whole value where it has none.
pub fn words(error: &JsValue) -> String {
    match Reflect::get(error, &"message".into()).ok().and_then(|m| m.as_string()) {
        Some(message) => message,
        None => format!("{error:?}"),
    }
}

/// The failure for a refusal that has no other meaning.
pub fn refused(error: JsValue) -> Failure {
    Failure::Internal { detail: words(&error) }
}

/// Makes a JavaScript object with these fields.
pub fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    for (key, value) in fields {
        // Setting a field of a fresh plain object cannot fail.
        let _ = Reflect::set(&object, &(*key).into(), value);
    }
    object.into()
}

/// A field of an object. `undefined` where there is none, and where `object` is no object.
pub fn field(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap_or(JsValue::UNDEFINED)
}
