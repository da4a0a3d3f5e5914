//! Locks that the pages of the extension share, by name. A page that ends, in whatever way, lets go of its own.

use super::{field, object, refused};
use crate::protocol::Failure;
use futures::channel::oneshot;
use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["navigator", "locks"], js_name = request)]
    fn request(name: &str, options: &JsValue, granted: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["navigator", "locks"], js_name = query)]
    fn query() -> Result<Promise, JsValue>;
}

/// Takes a lock for as long as this page lives. False where another page has it.
///
/// # Errors
/// When the browser refuses.
pub async fn take(name: &str) -> Result<bool, Failure> {
    let (sender, receiver) = oneshot::channel();
    let granted = Closure::once_into_js(move |lock: JsValue| -> Promise {
        let is_ours = !lock.is_null();
        // Whoever asked waits until here.
        let _ = sender.send(is_ours);
        // A promise that never settles keeps it.
        Promise::new(&mut |settle, _| {
            if !is_ours {
                let _ = settle.call0(&JsValue::NULL);
            }
        })
    });
    // It settles when the lock is given up, which is never.
    let _held = request(name, &object(&[("ifAvailable", true.into())]), &granted).map_err(refused)?;
    receiver.await.map_err(|_| Failure::Internal { detail: "the lock was not answered".into() })
}

/// The names of all locks that pages have now.
///
/// # Errors
/// When the browser refuses.
pub async fn held() -> Result<Vec<String>, Failure> {
    let state = JsFuture::from(query().map_err(refused)?).await.map_err(refused)?;
    Ok(Array::from(&field(&state, "held")).iter().filter_map(|lock| field(&lock, "name").as_string()).collect())
}
