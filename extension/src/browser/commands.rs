//! The keyboard commands, which the user may have changed.

use super::{field, refused};
use crate::protocol::Failure;
use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["chrome", "commands"], js_name = getAll)]
    fn get_all() -> Result<Promise, JsValue>;
}

/// The keys of a command, as the browser writes them; none where it has none.
///
/// # Errors
/// When the browser refuses.
pub async fn keys_of(command: &str) -> Result<Option<String>, Failure> {
    let all = JsFuture::from(get_all().map_err(refused)?).await.map_err(refused)?;
    let found = Array::from(&all).iter().find(|one| field(one, "name").as_string().as_deref() == Some(command));
    let keys = found.and_then(|found| field(&found, "shortcut").as_string());
    Ok(keys.filter(|keys| !keys.is_empty()))
}
