//! Injecting the shim into a page.

use super::{object, refused};
use crate::protocol::Failure;
use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["chrome", "scripting"], js_name = executeScript)]
    fn execute_script(injection: &JsValue) -> Result<Promise, JsValue>;
}

/// Runs a packaged script in one frame of a tab, or in every frame that may be reached.
///
/// # Errors
/// When the frame may not be reached.
pub async fn inject(file: &str, tab_id: i32, frame_id: Option<i32>) -> Result<(), Failure> {
    let frames = match frame_id {
        Some(id) => ("frameIds", Array::of1(&id.into()).into()),
        None => ("allFrames", true.into()),
    };
    let injection = object(&[
        ("target", object(&[("tabId", tab_id.into()), frames])),
        ("files", Array::of1(&file.into()).into()),
        ("injectImmediately", true.into()),
    ]);
    JsFuture::from(execute_script(&injection).map_err(refused)?).await.map_err(refused)?;
    Ok(())
}
