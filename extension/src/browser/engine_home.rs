//! The document that the engine's worker lives in: an offscreen document where the browser has them, else the event page of the background, which is
//! there whenever somebody connects to it.

use super::{field, object, refused};
use crate::protocol::Failure;
use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// How often to try. Of two calls at once only one can create the document, and a document that is just closing is in the way of the next.
const ATTEMPTS: u32 = 3;

#[wasm_bindgen]
extern "C" {
    type Offscreen;
    #[wasm_bindgen(catch, method, js_name = createDocument)]
    fn create_document(this: &Offscreen, options: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, method, js_name = closeDocument)]
    fn close_document(this: &Offscreen) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_namespace = ["chrome", "runtime"], js_name = getContexts)]
    fn get_contexts(filter: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["chrome", "runtime"], js_name = getBackgroundPage)]
    fn get_background_page() -> Result<Promise, JsValue>;

    type EventPage;
    #[wasm_bindgen(catch, method, js_name = endEngine)]
    fn end_engine(this: &EventPage) -> Result<(), JsValue>;
}

/// The API of offscreen documents, where the browser has it.
fn offscreen() -> Option<Offscreen> {
    let api = field(&field(&js_sys::global(), "chrome"), "offscreen");
    (!api.is_undefined()).then(|| api.unchecked_into())
}

/// Opens the offscreen document with the page `page`, unless there is one. `justification` is shown to reviewers of the extension. Where the engine
/// lives in the event page, there is nothing to open.
///
/// # Errors
/// When the browser does not open it.
pub async fn ensure(page: &str, justification: &str) -> Result<(), Failure> {
    let Some(offscreen) = offscreen() else { return Ok(()) };
    let options = object(&[
        ("url", page.into()),
        ("reasons", Array::of2(&"WORKERS".into(), &"BLOBS".into()).into()),
        ("justification", justification.into()),
    ]);
    let mut refusal = JsValue::UNDEFINED;
    for _ in 0..ATTEMPTS {
        if has_document().await? {
            return Ok(());
        }
        match JsFuture::from(offscreen.create_document(&options).map_err(refused)?).await {
            Ok(_) => return Ok(()),
            Err(error) => refusal = error,
        }
    }
    Err(refused(refusal))
}

/// Ends all that the engine does.
///
/// # Errors
/// When the browser refuses.
pub async fn close() -> Result<(), Failure> {
    let Some(offscreen) = offscreen() else {
        let page = JsFuture::from(get_background_page().map_err(refused)?).await.map_err(refused)?;
        return page.unchecked_ref::<EventPage>().end_engine().map_err(refused);
    };
    if !has_document().await? {
        return Ok(());
    }
    JsFuture::from(offscreen.close_document().map_err(refused)?).await.map(drop).map_err(refused)
}

async fn has_document() -> Result<bool, Failure> {
    let filter = object(&[("contextTypes", Array::of1(&"OFFSCREEN_DOCUMENT".into()).into())]);
    let contexts = JsFuture::from(get_contexts(&filter).map_err(refused)?).await.map_err(refused)?;
    Ok(Array::from(&contexts).length() > 0)
}
