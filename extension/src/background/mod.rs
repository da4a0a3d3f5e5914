//! The background service worker: it owns the menu item, injects the shim and opens the engine's page.
//!
//! The browser may end it at any moment, also while a job runs. It therefore keeps no state of its own (sessions are in
//! `storage.session`), and no job passes through it.

use crate::browser::{field, i18n, lent, menus, offscreen, permissions, scripting, storage, tabs, words};
use crate::protocol::Failure;
use crate::protocol::background::{OpenInTab, Session, StartInFrame, ToBackground, session_key};
use crate::protocol::page::{Start, Target};
use crate::wire::{self, Incoming, Pending, reply};
use gloo_timers::future::TimeoutFuture;
use js_sys::Reflect;
use wasm_bindgen::prelude::*;

/// The script that enters a page.
const SHIM: &str = "shim.js";
/// The page that the engine lives in.
const ENGINE_PAGE: &str = "engine.html";
/// The overlay's page.
const OVERLAY_PAGE: &str = "overlay.html";
/// Pauses before the shim is injected again, milliseconds.
const PAUSES: [u32; 4] = [30, 60, 120, 240];

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = randomUUID)]
    fn random_uuid() -> String;
}

/// Puts "Erase..." into the context menu. The item appears on everything that may show a picture and not only on images, because the
/// browser does not count CSS backgrounds and pictures under other elements as images.
///
/// # Errors
/// When the browser refuses.
pub fn install_menu() -> Result<(), Failure> {
    let contexts = ["image", "video", "page", "link", "frame"];
    let pages = ["http://*/*", "https://*/*", "file:///*"];
    menus::create("erase", &i18n::text("menuErase", &[]), &contexts, &pages)
}

/// "Erase..." was chosen in the context menu.
pub async fn menu_clicked(info: JsValue, tab: JsValue) {
    futures::join!(open_clicked(info, tab), lent::give_back_forgotten());
}

async fn open_clicked(info: JsValue, tab: JsValue) {
    let Some(tab_id) = number(&tab, "id") else { return };
    let frame_id = number(&info, "frameId").unwrap_or(0);
    let src_url = field(&info, "srcUrl").as_string();
    let [frame_url, page_url] = ["frameUrl", "pageUrl"].map(|key| field(&info, key).as_string());
    let clicked = Target::Clicked { src_url: src_url.clone() };
    let may_enter = frame_id == 0 || may_enter_frame(frame_url.as_deref(), page_url.as_deref()).await;
    if may_enter && begin(tab_id, frame_id, clicked).await.is_ok() {
        return;
    }
    // The click grants access to the tab's own origin, not to a frame of another. Ask for that origin in the page around the frame.
    let origin = frame_url.as_deref().and_then(origin).filter(|_| frame_id != 0);
    if let Some(origin) = origin
        && begin(tab_id, 0, Target::Frame { origin, frame_id, src_url }).await.is_ok()
    {
        return;
    }
    say_forbidden(tab_id).await;
}

/// Whether the browser may let the shim into a frame: the click grants access to the site of the page, and the user may have granted that
/// of the frame before. What is surely refused is not tried, because [`inject_shim`] takes half a second to believe a refusal.
async fn may_enter_frame(frame_url: Option<&str>, page_url: Option<&str>) -> bool {
    let [frame, page] =
        [frame_url, page_url].map(|url| web_sys::Url::new(url?).ok().map(|url| permissions::site(&url)));
    match frame {
        // A frame without a site of its own, such as about:blank, belongs to whoever made it: the pattern is refused, and the frame tried.
        Some(frame) if page.as_ref() != Some(&frame) => permissions::contains(&frame).await.unwrap_or(true),
        _ => true,
    }
}

/// The toolbar button or the keyboard command was pressed: every frame of the tab lets the user pick a picture.
pub async fn pick(tab: JsValue) {
    let Some(tab_id) = number(&tab, "id") else { return };
    let result = async {
        inject_shim(tab_id, None).await?;
        let token = open_session(tab_id, 0).await?;
        tabs::send_message(tab_id, None, &wire::event(&Start { token, target: Target::Pick }, &[])?).await
    };
    let (_, result, ()) = futures::join!(ensure_engine(), result, lent::give_back_forgotten());
    if result.is_err() {
        say_forbidden(tab_id).await;
    }
}

/// Serves a message of the shim or of the overlay, and returns the answer as an envelope.
///
/// # Errors
/// When it is no request.
pub async fn message(message: JsValue, sender: JsValue) -> Result<JsValue, JsValue> {
    let request = Incoming::read(&message).and_then(Incoming::request::<ToBackground>);
    let Some((pending, call)) = request else { return Err(JsValue::from_str("not a request")) };
    Ok(match call {
        Ok(call) => serve(pending, call, &sender).await,
        Err(failure) => pending.refuse(failure),
    })
}

async fn serve(pending: Pending, call: ToBackground, sender: &JsValue) -> JsValue {
    match call {
        ToBackground::EnsureEngine(call) => pending.serve(call, async |_, []| reply(ensure_engine().await)).await,
        ToBackground::OpenInTab(call) => {
            pending.serve(call, async |call, []| reply(open_in_tab(call, sender).await)).await
        }
        ToBackground::PickEnded(call) => pending.serve(call, async |_, []| reply(end_picking(sender).await)).await,
        ToBackground::StartInFrame(call) => {
            pending.serve(call, async |call, []| reply(start_in_frame(call, sender).await)).await
        }
    }
}

fn tab_of(sender: &JsValue) -> Result<i32, Failure> {
    number(&field(sender, "tab"), "id").ok_or_else(|| Failure::Internal { detail: "the sender is in no tab".into() })
}

async fn open_in_tab(OpenInTab { token }: OpenInTab, sender: &JsValue) -> Result<(), Failure> {
    let tab_id = tab_of(sender)?;
    let key = session_key(&token);
    let known: Option<Session> = storage::session(&key).await?;
    if known.is_none_or(|s| s.tab_id != tab_id) {
        return Err(Failure::Internal { detail: "no such session".into() });
    }
    // Picking starts in all frames. The sender is the frame in which the user picked.
    let frame_id = number(sender, "frameId").unwrap_or(0);
    let origin = field(sender, "origin").as_string();
    storage::set_session(&key, &Session { tab_id, frame_id, origin }).await?;
    tabs::open(&format!("{OVERLAY_PAGE}?tab#{token}"), tab_id).await
}

async fn end_picking(sender: &JsValue) -> Result<(), Failure> {
    let end = Start { token: String::new(), target: Target::PickEnd };
    tabs::send_message(tab_of(sender)?, None, &wire::event(&end, &[])?).await.map(drop)
}

async fn start_in_frame(StartInFrame { frame_id, src_url }: StartInFrame, sender: &JsValue) -> Result<(), Failure> {
    begin(tab_of(sender)?, frame_id, Target::Clicked { src_url }).await
}

/// Injects the shim into a frame and tells it to begin. Opens the engine's page at the same time.
async fn begin(tab_id: i32, frame_id: i32, target: Target) -> Result<(), Failure> {
    let start = async {
        inject_shim(tab_id, Some(frame_id)).await?;
        let token = open_session(tab_id, frame_id).await?;
        tabs::send_message(tab_id, Some(frame_id), &wire::event(&Start { token, target }, &[])?).await
    };
    // A failure to open the engine is ignored here: the overlay asks for it again and reports the failure.
    let (_, started) = futures::join!(ensure_engine(), start);
    started.map(drop)
}

/// Injects the shim into a frame of a tab, or into all of them.
///
/// The user's click gives access to the page. The page's process may hear of that only after it has been asked to run the script, and then
/// refuses it: on a busy machine, about one click in thirty. What is refused is therefore tried again for half a second.
async fn inject_shim(tab_id: i32, frame_id: Option<i32>) -> Result<(), Failure> {
    for pause in PAUSES {
        if scripting::inject(SHIM, tab_id, frame_id).await.is_ok() {
            return Ok(());
        }
        TimeoutFuture::new(pause).await;
    }
    scripting::inject(SHIM, tab_id, frame_id).await
}

async fn open_session(tab_id: i32, frame_id: i32) -> Result<String, Failure> {
    let token = random_uuid();
    storage::set_session(&session_key(&token), &Session { tab_id, frame_id, origin: None }).await?;
    Ok(token)
}

async fn ensure_engine() -> Result<(), Failure> {
    offscreen::ensure(ENGINE_PAGE, "Runs the erase engine in a worker").await
}

/// Says in a tab of ours that extensions may not enter the page, because the page itself cannot show it.
async fn say_forbidden(tab_id: i32) {
    if let Err(failure) = tabs::open(&format!("{OVERLAY_PAGE}?tab"), tab_id).await {
        web_sys::console::error_1(&failure.to_string().into());
    }
}

fn number(object: &JsValue, key: &str) -> Option<i32> {
    Reflect::get(object, &key.into()).ok()?.as_f64().map(|n| n as i32)
}

fn origin(url: &str) -> Option<String> {
    web_sys::Url::new(url).map_err(|e| words(&e)).ok().map(|u| u.origin()).filter(|o| o.starts_with("http"))
}
