//! Tabs: the number of this page's own, new ones, messages to their frames, and captures of what they show.

use super::runtime::{self, Port};
use super::{field, object, refused};
use crate::protocol::Failure;
use crate::protocol::errand::Errand;
use crate::protocol::page::FrameId;
use gloo_timers::future::TimeoutFuture;
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
    fn capture_window(window_id: i32, options: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["chrome", "tabs"], js_name = update)]
    fn update_js(tab_id: i32, properties: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["chrome", "tabs"], js_name = query)]
    fn query_js(wanted: &JsValue) -> Result<Promise, JsValue>;
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
pub async fn send_message(tab_id: i32, frame_id: Option<FrameId>, message: &JsValue) -> Result<JsValue, Failure> {
    let options = match frame_id {
        Some(id) => object(&[("frameId", (id as f64).into())]),
        None => object(&[]),
    };
    JsFuture::from(send_message_js(tab_id, message, &options).map_err(refused)?).await.map_err(refused)
}

/// Opens a channel to the scripts in one frame of a tab.
///
/// # Errors
/// When the tab is gone.
pub fn connect(tab_id: i32, frame_id: FrameId, name: &str) -> Result<Port, Failure> {
    connect_js(tab_id, &object(&[("frameId", (frame_id as f64).into()), ("name", name.into())])).map_err(refused)
}

/// Opens a page of the extension in a new tab, next to the tab `opener`; in a normal window, which comes to the front, if that tab is in an
/// incognito one: the browser shows our pages in no other.
///
/// # Errors
/// When the browser refuses, or the opener is gone.
pub async fn open(url: &str, opener: i32) -> Result<(), Failure> {
    open_tab(url, opener, true).await
}

/// Opens a page of the extension in a new tab, which nobody asked for in another one.
///
/// # Errors
/// When the browser refuses.
pub async fn open_first(url: &str) -> Result<(), Failure> {
    JsFuture::from(create_js(&object(&[("url", url.into())])).map_err(refused)?).await.map_err(refused).map(drop)
}

/// Opens the editor in a new tab, as [`open`] does; behind the tab that the user sees, unless it is to be `active`.
///
/// # Errors
/// When the browser refuses, or the opener is gone.
pub async fn open_editor(errand: &Errand, opener: i32, active: bool) -> Result<(), Failure> {
    let private = is_incognito(opener).await?;
    open_tab(&runtime::address(&errand.address(private)), opener, active).await
}

async fn open_tab(url: &str, opener: i32, active: bool) -> Result<(), Failure> {
    let elsewhere = is_incognito(opener).await?;
    let mut properties = vec![("url", url.into()), ("active", active.into())];
    if !elsewhere {
        properties.push(("openerTabId", opener.into()));
    }
    let tab = JsFuture::from(create_js(&object(&properties)).map_err(refused)?).await.map_err(refused)?;
    if elsewhere && active {
        focus_window(&tab).await?;
    }
    Ok(())
}

/// Brings the window of a tab to the front.
async fn focus_window(tab: &JsValue) -> Result<(), Failure> {
    let window = field(tab, "windowId").as_f64().unwrap_or_default();
    let focused = object(&[("focused", true.into())]);
    JsFuture::from(update_window(window as i32, &focused).map_err(refused)?).await.map_err(refused).map(drop)
}

/// Shows the tab of this page, in front of everything.
///
/// # Errors
/// When this page is in no tab, or the browser refuses.
pub async fn show_own() -> Result<(), Failure> {
    show(current().await?).await
}

/// Shows a tab, in front of everything.
///
/// # Errors
/// When it is gone.
pub async fn show(tab_id: i32) -> Result<(), Failure> {
    let active = object(&[("active", true.into())]);
    let showing = update_js(tab_id, &active).map_err(refused)?;
    let tab = JsFuture::from(showing).await.map_err(refused)?;
    focus_window(&tab).await
}

/// Number of the tab that shows in the window of this page.
///
/// # Errors
/// When the browser does not say.
pub async fn shown() -> Result<i32, Failure> {
    let wanted = object(&[("active", true.into()), ("currentWindow", true.into())]);
    let tabs = JsFuture::from(query_js(&wanted).map_err(refused)?).await.map_err(refused)?;
    let id = field(&field(&tabs, "0"), "id").as_f64();
    id.map(|id| id as i32).ok_or_else(|| Failure::Internal { detail: "no tab shows".into() })
}

/// Address of the page in a tab, where the browser tells it.
///
/// # Errors
/// When the tab is gone.
pub async fn address(tab_id: i32) -> Result<Option<String>, Failure> {
    let tab = JsFuture::from(get_js(tab_id).map_err(refused)?).await.map_err(refused)?;
    Ok(field(&tab, "url").as_string())
}

/// Title of the page in a tab, where the browser tells it.
///
/// # Errors
/// When the tab is gone.
pub async fn title(tab_id: i32) -> Result<String, Failure> {
    let tab = JsFuture::from(get_js(tab_id).map_err(refused)?).await.map_err(refused)?;
    Ok(field(&tab, "title").as_string().unwrap_or_default())
}

/// Pause before a capture is tried again, milliseconds: the browser makes two a second.
const NEXT_CAPTURE: u32 = 600;
/// How often a capture is tried.
const CAPTURES: u32 = 4;

/// What a tab shows, at device resolution, as a `data:` URL of a PNG, and the tab's title, where the browser tells it.
///
/// # Errors
/// [`Failure::Unreadable`] when it does not show, before or after, or the user has not let the extension see it.
pub async fn capture_of(tab_id: i32) -> Result<(String, String), Failure> {
    let unreadable = |detail: String| Failure::Unreadable { detail };
    let look = async || JsFuture::from(get_js(tab_id).map_err(refused)?).await.map_err(refused);
    let before = look().await?;
    let window = field(&before, "windowId").as_f64().unwrap_or_default() as i32;
    let url = captured(window).await.map_err(unreadable)?;
    // The browser captures whatever shows in the window at that moment.
    if !field(&before, "active").is_truthy() || !field(&look().await?, "active").is_truthy() {
        return Err(unreadable("another tab came to the front".into()));
    }
    Ok((url, field(&before, "title").as_string().unwrap_or_default()))
}

/// What shows in a window. Where the browser has made too many captures in the last second, it is asked again.
async fn captured(window: i32) -> Result<String, String> {
    let said = |e: JsValue| super::words(&e);
    for attempt in 1.. {
        let capture = capture_window(window, &object(&[("format", "png".into())])).map_err(said)?;
        match JsFuture::from(capture).await.map_err(said) {
            Err(why) if attempt < CAPTURES && why.contains("PER_SECOND") => TimeoutFuture::new(NEXT_CAPTURE).await,
            captured => return captured?.as_string().ok_or_else(|| "the capture is no URL".into()),
        }
    }
    Err("too many captures".into())
}

/// What the tab of this page shows, at device resolution, as a `data:` URL of a PNG.
///
/// # Errors
/// As [`capture_of`].
pub async fn capture() -> Result<String, Failure> {
    Ok(capture_of(current().await?).await?.0)
}
