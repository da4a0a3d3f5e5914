//! The offscreen document that holds the engine's worker.

use super::{object, refused, runtime};
use crate::protocol::Failure;
use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// How often to try. Of two calls at once only one can create the document, and a document that is just closing is in the way of the next.
const ATTEMPTS: u32 = 3;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["chrome", "offscreen"], js_name = createDocument)]
    fn create_document(options: &JsValue) -> Result<Promise, JsValue>;
}

/// Opens the offscreen document with the page `page`, unless there is one. `justification` is shown to reviewers of the extension.
///
/// # Errors
/// When the browser does not open it.
pub async fn ensure(page: &str, justification: &str) -> Result<(), Failure> {
    let options = object(&[
        ("url", page.into()),
        ("reasons", Array::of2(&"WORKERS".into(), &"BLOBS".into()).into()),
        ("justification", justification.into()),
    ]);
    let mut refusal = JsValue::UNDEFINED;
    for _ in 0..ATTEMPTS {
        if runtime::has_offscreen_document().await? {
            return Ok(());
        }
        match JsFuture::from(create_document(&options).map_err(refused)?).await {
            Ok(_) => return Ok(()),
            Err(error) => refusal = error,
        }
    }
    Err(refused(refusal))
}
