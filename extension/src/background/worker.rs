//! What the service worker does when the user, the shim or the overlay asks.
//!
//! The browser may end it at any moment, also while a job runs. It therefore keeps no state of its own (sessions are in
//! `storage.session`), and no job passes through it.

use super::entry::Entry;
use crate::browser::{field, i18n, lent, menus, offscreen, permissions, scripting, storage, tabs, words};
use crate::protocol::Failure;
use crate::protocol::background::{OpenInTab, Session, StartInFrame, ToBackground, UNANSWERED, session_key};
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
/// Pauses before it is tried again to enter a page, milliseconds, and to enter a frame in it: where that is refused, its site can be asked for.
const PAUSES: [u32; 7] = [30, 60, 120, 240, 500, 1000, 2000];
const PAUSES_IN_FRAMES: [u32; 4] = [30, 60, 120, 240];

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
    let mut begun = Err(Failure::ForbiddenPage);
    if may_enter {
        begun = begin(tab_id, frame_id, clicked).await;
    }
    // The click grants access to the tab's own origin, not to a frame of another. Ask for that origin in the page around the frame.
    let origin = frame_url.as_deref().and_then(origin).filter(|_| frame_id != 0 && begun.is_err());
    if let Some(origin) = origin {
        begun = begin(tab_id, 0, Target::Frame { origin, frame_id, src_url }).await;
    }
    if let Err(failure) = begun {
        say(tab_id, &failure).await;
    }
}

/// Whether the browser may let the shim into a frame: the click grants access to the site of the page, and the user may have granted that
/// of the frame before. What is surely refused is not tried, because it takes half a second to believe a refusal.
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
    let entering = enter(tab_id, None, &Target::Pick);
    let (_, result, ()) = futures::join!(ensure_engine(), entering, lent::give_back_forgotten());
    if let Err(failure) = result {
        say(tab_id, &failure).await;
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

/// Enters a frame and tells the shim there to begin. Opens the engine's page at the same time.
async fn begin(tab_id: i32, frame_id: i32, target: Target) -> Result<(), Failure> {
    // A failure to open the engine is ignored here: the overlay asks for it again and reports the failure.
    futures::join!(ensure_engine(), enter(tab_id, Some(frame_id), &target)).1
}

/// Injects the shim into a frame of a tab, or into all of them, and tells it to begin.
///
/// The user's click gives access to the page. The page's process may hear of that only after it has been asked to run the script, and then
/// refuses it: on a busy machine, about one click in thirty. A page that is just being loaded anew is not there for a moment. What is not
/// surely forbidden is therefore tried again for some seconds.
///
/// # Errors
/// [`Failure::ForbiddenPage`] where the browser does not let extensions work, [`Failure::Unanswered`] where something else is in the way.
async fn enter(tab_id: i32, frame_id: Option<i32>, target: &Target) -> Result<(), Failure> {
    let in_frame = frame_id.is_some_and(|id| id != 0);
    let pauses = if in_frame { &PAUSES_IN_FRAMES[..] } else { &PAUSES[..] };
    for pause in pauses {
        match enter_at_once(tab_id, frame_id, target).await {
            Err(failure) if Entry::of(&failure) == Entry::Forbidden => return Err(Failure::ForbiddenPage),
            Err(_) => TimeoutFuture::new(*pause).await,
            Ok(()) => return Ok(()),
        }
    }
    enter_at_once(tab_id, frame_id, target).await.map_err(|failure| match Entry::of(&failure) {
        Entry::Missed => Failure::Unanswered { detail: failure.to_string() },
        Entry::Forbidden | Entry::Refused => Failure::ForbiddenPage,
    })
}

async fn enter_at_once(tab_id: i32, frame_id: Option<i32>, target: &Target) -> Result<(), Failure> {
    scripting::inject(SHIM, tab_id, frame_id).await?;
    let token = open_session(tab_id, frame_id.unwrap_or(0)).await?;
    let start = wire::event(&Start { token, target: target.clone() }, &[])?;
    tabs::send_message(tab_id, frame_id, &start).await.map(drop)
}

async fn open_session(tab_id: i32, frame_id: i32) -> Result<String, Failure> {
    let token = random_uuid();
    storage::set_session(&session_key(&token), &Session { tab_id, frame_id, origin: None }).await?;
    Ok(token)
}

async fn ensure_engine() -> Result<(), Failure> {
    offscreen::ensure(ENGINE_PAGE, "Runs the erase engine in a worker").await
}

/// Says in a tab of ours why the page was not entered, because the page itself cannot show it.
async fn say(tab_id: i32, failure: &Failure) {
    web_sys::console::warn_1(&failure.to_string().into());
    let why = if matches!(failure, Failure::ForbiddenPage) { "" } else { UNANSWERED };
    if let Err(failure) = tabs::open(&format!("{OVERLAY_PAGE}?tab#{why}"), tab_id).await {
        web_sys::console::error_1(&failure.to_string().into());
    }
}

fn number(object: &JsValue, key: &str) -> Option<i32> {
    Reflect::get(object, &key.into()).ok()?.as_f64().map(|n| n as i32)
}

fn origin(url: &str) -> Option<String> {
    web_sys::Url::new(url).map_err(|e| words(&e)).ok().map(|u| u.origin()).filter(|o| o.starts_with("http"))
}
