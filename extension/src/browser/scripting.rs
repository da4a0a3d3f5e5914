//! Our scripts in pages: run at once, or registered for what is loaded later.

use super::{field, object, refused};
use crate::protocol::Failure;
use crate::protocol::page::FrameId;
use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// What [`inject`] says where it ran in no frame, in Chrome's words: Firefox says nothing itself of some pages that it keeps from extensions.
const NO_FRAME: &str = "Cannot access contents of any frame";

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["chrome", "scripting"], js_name = executeScript)]
    fn execute_script(injection: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["chrome", "scripting"], js_name = registerContentScripts)]
    fn register_js(scripts: &Array) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["chrome", "scripting"], js_name = unregisterContentScripts)]
    fn unregister_js(filter: &JsValue) -> Result<Promise, JsValue>;
}

/// Runs a packaged script in one frame of a tab, or in every frame that may be reached. Gives the numbers of the frames that it ran in.
///
/// # Errors
/// When the frame may not be reached.
pub async fn inject(file: &str, tab_id: i32, frame_id: Option<FrameId>) -> Result<Vec<FrameId>, Failure> {
    let frames = match frame_id {
        Some(id) => ("frameIds", Array::of1(&(id as f64).into()).into()),
        None => ("allFrames", true.into()),
    };
    let injection = object(&[
        ("target", object(&[("tabId", tab_id.into()), frames])),
        ("files", Array::of1(&file.into()).into()),
        ("injectImmediately", true.into()),
    ]);
    let results = JsFuture::from(execute_script(&injection).map_err(refused)?).await.map_err(refused)?;
    let number = |result: JsValue| field(&result, "frameId").as_f64().map(|id| id as FrameId);
    let frames: Vec<FrameId> = Array::from(&results).iter().filter_map(number).collect();
    if frames.is_empty() { Err(Failure::Internal { detail: NO_FRAME.into() }) } else { Ok(frames) }
}

/// Has a packaged script run in every document of a match pattern as it begins, also after the browser was closed. A registration of this name
/// that is there already is replaced.
///
/// # Errors
/// When the browser refuses.
pub async fn register(id: &str, file: &str, pattern: &str) -> Result<(), Failure> {
    // There may be none.
    let _ = unregister(id).await;
    let one = |value: &str| Array::of1(&value.into()).into();
    let script = object(&[
        ("id", id.into()),
        ("js", one(file)),
        ("matches", one(pattern)),
        ("allFrames", true.into()),
        ("matchOriginAsFallback", true.into()),
        ("runAt", "document_start".into()),
        ("persistAcrossSessions", true.into()),
    ]);
    JsFuture::from(register_js(&Array::of1(&script)).map_err(refused)?).await.map(drop).map_err(refused)
}

/// Whether [`register`] failed only because another page of ours has just registered the same.
pub fn is_duplicate(failure: &Failure) -> bool {
    let said = failure.to_string();
    // Chrome's words and Firefox's.
    ["uplicate", "already registered"].iter().any(|words| said.contains(words))
}

/// Ends a registration.
///
/// # Errors
/// When there is none.
pub async fn unregister(id: &str) -> Result<(), Failure> {
    let filter = object(&[("ids", Array::of1(&id.into()).into())]);
    JsFuture::from(unregister_js(&filter).map_err(refused)?).await.map(drop).map_err(refused)
}
