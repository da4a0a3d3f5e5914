//! What the browser says about its GPU.

use super::{field, object, refused};
use crate::protocol::Failure;
use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Vendor, architecture and description of the fastest GPU, as far as the browser names them, separated by spaces. Empty where there
/// is no GPU or the browser names nothing.
///
/// # Errors
/// When the browser refuses.
pub async fn name() -> Result<String, Failure> {
    let gpu = field(&field(&js_sys::global(), "navigator"), "gpu");
    let Ok(request) = field(&gpu, "requestAdapter").dyn_into::<Function>() else { return Ok(String::new()) };
    let options = object(&[("powerPreference", "high-performance".into())]);
    let asking: Promise = request.call1(&gpu, &options).map_err(refused)?.unchecked_into();
    let adapter = JsFuture::from(asking).await.map_err(refused)?;
    if adapter.is_null() {
        return Ok(String::new());
    }
    let info = Reflect::get(&adapter, &JsValue::from_str("info")).map_err(refused)?;
    let word = |key: &str| field(&info, key).as_string().filter(|word| !word.is_empty());
    let words: Vec<String> = ["vendor", "architecture", "description"].into_iter().filter_map(word).collect();
    Ok(words.join(" "))
}
