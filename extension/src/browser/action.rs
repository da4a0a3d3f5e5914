//! The button in the browser's toolbar.

use super::object;
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["chrome", "action"], js_name = setBadgeText)]
    fn set_badge_text(details: &JsValue) -> Result<Promise, JsValue>;
}

/// Shows a few letters on the button while a tab shows; none takes them away. The tab may be gone.
pub async fn set_badge(tab_id: i32, text: &str) {
    if let Ok(setting) = set_badge_text(&object(&[("tabId", tab_id.into()), ("text", text.into())])) {
        let _ = JsFuture::from(setting).await;
    }
}
