//! Access to single sites, which the user grants one at a time.

use super::{field, object, refused};
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
    #[wasm_bindgen(catch, js_namespace = ["chrome", "permissions"], js_name = getAll)]
    fn all_js() -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["chrome", "permissions"], js_name = remove)]
    fn remove_js(permissions: &JsValue) -> Result<Promise, JsValue>;
}

fn origins(pattern: &str) -> JsValue {
    object(&[("origins", Array::of1(&pattern.into()).into())])
}

/// Whether a match pattern is already granted.
///
/// # Errors
/// When `pattern` is no match pattern.
pub async fn contains(pattern: &str) -> Result<bool, Failure> {
    let answer = contains_js(&origins(pattern)).map_err(refused)?;
    Ok(JsFuture::from(answer).await.map_err(refused)?.is_truthy())
}

/// Asks the user for the sites of a match pattern; true when they are granted. The browser allows this only in answer to a click or a
/// key press.
///
/// # Errors
/// When it is called at another time.
pub async fn request(pattern: &str) -> Result<bool, Failure> {
    let answer = request_js(&origins(pattern)).map_err(refused)?;
    Ok(JsFuture::from(answer).await.map_err(refused)?.is_truthy())
}

/// Gives the sites of a match pattern back.
///
/// # Errors
/// When `pattern` is no match pattern.
pub async fn remove(pattern: &str) -> Result<(), Failure> {
    let answer = remove_js(&origins(pattern)).map_err(refused)?;
    JsFuture::from(answer).await.map(drop).map_err(refused)
}

/// Gives all sites back.
///
/// # Errors
/// When the browser refuses.
pub async fn remove_all() -> Result<(), Failure> {
    let granted = JsFuture::from(all_js().map_err(refused)?).await.map_err(refused)?;
    for pattern in Array::from(&field(&granted, "origins")).iter().filter_map(|pattern| pattern.as_string()) {
        remove(&pattern).await?;
    }
    Ok(())
}

/// Asks the user for the host of an address, unless it is granted already. True when it was granted just now, so that another try is
/// worthwhile.
///
/// # Errors
/// When no click or key press was made just before.
pub async fn ask_for_host(url: &web_sys::Url) -> Result<bool, Failure> {
    let pattern = site(url);
    Ok(!contains(&pattern).await? && request(&pattern).await?)
}

/// The match pattern of an address's site. Match patterns have no port.
pub fn site(url: &web_sys::Url) -> String {
    format!("{}//{}/*", url.protocol(), url.hostname())
}
