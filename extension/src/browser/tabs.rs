//! Tabs: the number of this page's own, new ones, messages to their frames, and captures of what they show.

use super::{field, object, refused, runtime::Port};
use crate::protocol::Failure;
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["chrome", "tabs"], js_name = getCurrent)]
    fn get_current() -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["chrome", "tabs"], js_name = get)]
    fn get_js(tab_id: i32) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["chrome", "tabs"], js_name = sendMessage)]
    fn send_message_js(tab_id: i32, message: &JsValue, options: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["chrome", "tabs"], js_name = connect)]
    fn connect_js(tab_id: i32, info: &JsValue) -> Result<Port, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["chrome", "tabs"], js_name = create)]
    fn create_js(properties: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["chrome", "windows"], js_name = update)]
    fn update_window(window_id: i32, properties: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["chrome", "tabs"], js_name = captureVisibleTab)]
    fn capture_visible_tab(options: &JsValue) -> Result<Promise, JsValue>;
}

/// Number of the tab that this page is in.
///
/// # Errors
/// When it is in none.
pub async fn current() -> Result<i32, Failure> {
    let tab = JsFuture::from(get_current().map_err(refused)?).await.map_err(refused)?;
    let id = field(&tab, "id").as_f64();
    id.map(|id| id as i32).ok_or_else(|| Failure::Internal { detail: "not in a tab".into() })
}

/// Whether a tab is in an incognito window.
///
/// # Errors
/// When the tab is gone.
pub async fn is_incognito(tab_id: i32) -> Result<bool, Failure> {
    let tab = JsFuture::from(get_js(tab_id).map_err(refused)?).await.map_err(refused)?;
    Ok(field(&tab, "incognito").is_truthy())
}

/// Sends a message to the scripts in one frame of a tab, or in all of them, and waits for the answer.
///
/// # Errors
/// When none of the frames has a script of ours that listens.
pub async fn send_message(tab_id: i32, frame_id: Option<i32>, message: &JsValue) -> Result<JsValue, Failure> {
    let options = match frame_id {
        Some(id) => object(&[("frameId", id.into())]),
        None => object(&[]),
    };
    JsFuture::from(send_message_js(tab_id, message, &options).map_err(refused)?).await.map_err(refused)
}

/// Opens a channel to the scripts in one frame of a tab.
///
/// # Errors
/// When the tab is gone.
pub fn connect(tab_id: i32, frame_id: i32, name: &str) -> Result<Port, Failure> {
    connect_js(tab_id, &object(&[("frameId", frame_id.into()), ("name", name.into())])).map_err(refused)
}

/// Opens a page of the extension in a new tab, next to the tab `opener`; in a normal window, which comes to the front, if that tab is in an
/// incognito one: the browser shows our pages in no other.
///
/// # Errors
/// When the browser refuses, or the opener is gone.
pub async fn open(url: &str, opener: i32) -> Result<(), Failure> {
    let elsewhere = is_incognito(opener).await?;
    let mut properties = vec![("url", url.into())];
    if !elsewhere {
        properties.push(("openerTabId", opener.into()));
    }
    let tab = JsFuture::from(create_js(&object(&properties)).map_err(refused)?).await.map_err(refused)?;
    if elsewhere {
        let window = field(&tab, "windowId").as_f64().unwrap_or_default();
        let focused = object(&[("focused", true.into())]);
        JsFuture::from(update_window(window as i32, &focused).map_err(refused)?).await.map_err(refused)?;
    }
    Ok(())
}

/// What the current window's visible tab shows, at device resolution, as a `data:` URL of a PNG.
///
/// # Errors
/// When neither `activeTab` nor the site's permission is there.
pub async fn capture() -> Result<String, Failure> {
    let capture = capture_visible_tab(&object(&[("format", "png".into())])).map_err(refused)?;
    let url = JsFuture::from(capture).await.map_err(refused)?;
    url.as_string().ok_or_else(|| Failure::Internal { detail: "the capture is no URL".into() })
}
