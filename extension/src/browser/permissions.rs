//! Access to one site at a time, when the user agrees.

use super::{object, refused};
use crate::protocol::Failure;
use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["chrome", "permissions"], js_name = contains)]
    fn contains_js(permissions: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["chrome", "permissions"], js_name = request)]
    fn request_js(permissions: &JsValue) -> Result<Promise, JsValue>;
}

fn origins(pattern: &str) -> JsValue {
    object(&[("origins", Array::of1(&pattern.into()).into())])
}

/// Whether a match pattern is already granted.
///
/// # Errors
/// When the pattern is none.
pub async fn contains(pattern: &str) -> Result<bool, Failure> {
    let answer = contains_js(&origins(pattern)).map_err(refused)?;
    Ok(JsFuture::from(answer).await.map_err(refused)?.is_truthy())
}

/// Asks the user. Has to be called from a click or key press.
///
/// # Errors
/// When it is not.
pub async fn request(pattern: &str) -> Result<bool, Failure> {
    let answer = request_js(&origins(pattern)).map_err(refused)?;
    Ok(JsFuture::from(answer).await.map_err(refused)?.is_truthy())
}

/// Asks the user for the host of an address, unless it is allowed already; whether there is anything new to try.
///
/// # Errors
/// When no click or key press was made just before.
pub async fn ask_for_host(url: &web_sys::Url) -> Result<bool, Failure> {
    let pattern = format!("{}//{}/*", url.protocol(), url.hostname());
    Ok(!contains(&pattern).await? && request(&pattern).await?)
}
