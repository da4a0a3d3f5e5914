//! What the service worker does when the user, the shim or the overlay asks.
//!
//! The browser may end it at any moment, also while a job runs. It therefore keeps no state of its own (sessions are in
//! `storage.session`), and no job passes through it.

use super::entry::Entry;
use crate::browser::{
    engine_home, field, i18n, lent, menus, offers, permissions, random_uuid, runtime, scripting, storage, tabs,
    temporary_file, words,
};
use crate::drafts;
use crate::protocol::background::{FindInFrame, OpenInTab, PickIn, Session, StartInFrame, ToBackground, session_key};
use crate::protocol::errand::Errand;
use crate::protocol::page::{ANY_FRAME, FrameId, Start, Target};
use crate::protocol::upload::{FindField, UPLOAD_SCRIPT};
use crate::protocol::{Answer, Failure};
use crate::releases;
use crate::wire::{self, Incoming, Pending, reply};
use gloo_timers::future::TimeoutFuture;
use js_sys::Reflect;
use wasm_bindgen::prelude::*;

/// The menu's item for upload fields.
const UPLOAD_ITEM: &str = "upload";
/// The script that enters a page.
const SHIM: &str = "shim.js";
/// The page that the engine lives in.
const ENGINE_PAGE: &str = "engine.html";
/// Where it is kept that the page after installing was shown.
const WELCOMED: &str = "welcomed";
/// The page after installing.
const WELCOME_PAGE: &str = "welcome.html";
/// The overlay's page.
const OVERLAY_PAGE: &str = "overlay.html";
/// Pauses before it is tried again to enter a page, milliseconds, and to enter a frame in it: where that is refused, its site can be asked for.
const PAUSES: [u32; 7] = [30, 60, 120, 240, 500, 1000, 2000];
const PAUSES_IN_FRAMES: [u32; 4] = [30, 60, 120, 240];

/// The extension was installed, or updated from the version `from`: `reason` is the browser's word for which.
pub async fn installed(reason: String, from: Option<String>) {
    let welcomed = async {
        install_menu()?;
        offers::renew().await?;
        // The popup tells what is new when it is opened next; an update never interrupts.
        if let Some(release) = from.and_then(|from| releases::brought(&from, &runtime::version())) {
            storage::set_local(storage::NEWS, &release.version).await?;
        }
        // The browser says that of an extension from a folder at every start.
        if reason != "install" || storage::local(WELCOMED).await?.unwrap_or(false) {
            return Ok(());
        }
        storage::set_local(WELCOMED, &true).await?;
        tabs::open_first(WELCOME_PAGE).await
    };
    if let Err(failure) = welcomed.await {
        web_sys::console::error_1(&failure.to_string().into());
    }
}

/// Puts "Erase..." into the context menu. The item appears everywhere and not only on images, because the browser does not count CSS backgrounds
/// and pictures under other elements as images, has no word for a canvas, and calls a background with selected text over it a selection.
///
/// # Errors
/// When the browser refuses.
fn install_menu() -> Result<(), Failure> {
    let contexts = ["all"];
    let pages = ["http://*/*", "https://*/*", "file:///*"];
    menus::create("erase", &i18n::text("menuErase", &[]), &contexts, &pages)?;
    // Upload fields are not told from the rest of a page. The browser puts two items of one extension into a menu of their own, so the second
    // one is kept out of the menus of pictures, videos and links: there, erasing stays one click away. What can be written in may take what is
    // pasted.
    menus::create(UPLOAD_ITEM, &i18n::text("menuUpload", &[]), &["page", "editable"], &pages)
}

/// The browser was started: what the editor has kept for longer than the user wants goes, also when nobody opens the editor any more, what was needed for
/// a while only, and sites that were granted for one read.
pub async fn started() {
    let clearing = (drafts::store::clear_old(), temporary_file::clear_left(), lent::give_back_all());
    let (drafts, left, ()) = futures::join!(clearing.0, clearing.1, clearing.2);
    warn(drafts);
    warn(left);
}

/// Sites were granted to the extension.
pub async fn granted() {
    warn(offers::granted().await);
}

/// The user, or the extension itself, has taken sites away from it.
pub async fn withdrawn() {
    warn(offers::tidy().await);
}

fn warn(result: Result<(), Failure>) {
    if let Err(failure) = result {
        web_sys::console::warn_1(&failure.to_string().into());
    }
}

/// One of our items was chosen in the context menu.
pub async fn menu_clicked(info: JsValue, tab: JsValue) {
    if field(&info, "menuItemId").as_string().as_deref() == Some(UPLOAD_ITEM) {
        return open_field(info, tab).await;
    }
    futures::join!(open_clicked(info, tab), lent::give_back_forgotten());
}

async fn open_clicked(info: JsValue, tab: JsValue) {
    let Some(tab_id) = number(&tab, "id") else { return };
    // In the menu of the toolbar's button, nothing of the page was clicked.
    let Some(frame_id) = frame(&info) else { return pick_in(tab_id).await };
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

/// "Edit picture before upload..." was chosen: finds the field that was clicked, and opens the editor for it.
async fn open_field(info: JsValue, tab: JsValue) {
    let Some(tab_id) = number(&tab, "id") else { return };
    let frame_id = frame(&info).unwrap_or(0);
    let [frame_url, page_url] = ["frameUrl", "pageUrl"].map(|key| field(&info, key).as_string());
    let origin = frame_url.as_deref().or(page_url.as_deref()).and_then(origin);
    let session = Session { tab_id, frame_id, origin: origin.clone() };
    let token = random_uuid();
    let may_enter = frame_id == 0 || may_enter_frame(frame_url.as_deref(), page_url.as_deref()).await;
    let mut found = Err(Failure::ForbiddenPage);
    if may_enter {
        found = find_field(&token, session.clone(), false).await;
    }
    // Where the editor has asked for the site of the frame first, this was the one time that it was granted for.
    if let Some(url) = origin.as_deref().and_then(|origin| web_sys::Url::new(origin).ok()) {
        lent::give_back_lent(&permissions::site(&url)).await;
    }
    let errand = match found {
        Ok(true) => Errand::Upload { token },
        Ok(false) => Errand::NoField,
        // The click grants access to the tab's own site, not to that of a frame: the editor asks for it.
        Err(Failure::ForbiddenPage) if frame_id != 0 && origin.is_some() => {
            warn(storage::set_session(&session_key(&token), &session).await);
            Errand::Frame { token }
        }
        Err(failure) => return say(tab_id, &failure).await,
    };
    if let Err(failure) = tabs::open_editor(&errand, tab_id, true).await {
        web_sys::console::error_1(&failure.to_string().into());
    }
}

/// Finds the field that the user means, for a session of its own. False where there is none.
async fn find_field(token: &str, session: Session, offered: bool) -> Result<bool, Failure> {
    let mut pauses = PAUSES_IN_FRAMES.iter();
    loop {
        let failure = match find_field_at_once(token, &session, offered).await {
            Ok(found) => return Ok(found),
            Err(failure) => failure,
        };
        match (Entry::of(&failure), pauses.next()) {
            (Entry::Refused | Entry::Missed, Some(pause)) => TimeoutFuture::new(*pause).await,
            (Entry::Missed, None) => return Err(Failure::Unanswered { detail: failure.to_string() }),
            (Entry::Forbidden | Entry::Refused, _) => return Err(Failure::ForbiddenPage),
        }
    }
}

async fn find_field_at_once(token: &str, session: &Session, offered: bool) -> Result<bool, Failure> {
    let Session { tab_id, frame_id, .. } = *session;
    scripting::inject(UPLOAD_SCRIPT, tab_id, Some(frame_id)).await?;
    let find = wire::event(&FindField { upload: token.into(), offered }, &[])?;
    let answer = tabs::send_message(tab_id, Some(frame_id), &find).await?;
    let answer = Incoming::read(&answer).ok_or_else(|| Failure::Internal { detail: "no answer".into() })?;
    let is_there = Result::from(answer.body::<Answer<bool>>()?)?;
    if is_there {
        storage::set_session(&session_key(token), session).await?;
    }
    Ok(is_there)
}

/// What was just chosen in a field is to be edited: opens the editor for it.
async fn edit_offered(sender: &JsValue) -> Result<(), Failure> {
    let tab_id = tab_of(sender)?;
    let frame_id = frame(sender).unwrap_or(0);
    let token = random_uuid();
    let session = Session { tab_id, frame_id, origin: field(sender, "origin").as_string() };
    if !find_field(&token, session, true).await? {
        return Err(Failure::Gone);
    }
    tabs::open_editor(&Errand::Upload { token }, tab_id, true).await
}

/// The site of a frame was granted to the editor: finds the field there.
async fn find_in_frame(FindInFrame { token }: FindInFrame, sender: &JsValue) -> Result<(), Failure> {
    only_own(sender)?;
    let session: Session = storage::session(&session_key(&token)).await?.ok_or(Failure::Gone)?;
    let found = find_field(&token, session, false).await?;
    found.then_some(()).ok_or(Failure::Gone)
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

/// The keyboard command was pressed: every frame of the tab lets the user pick a picture.
pub async fn pick(tab: JsValue) {
    if let Some(tab_id) = number(&tab, "id") {
        pick_in(tab_id).await;
    }
}

async fn pick_in(tab_id: i32) {
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
        ToBackground::PickIn(call) => pending.serve(call, async |call, []| reply(pick_for(call, sender).await)).await,
        ToBackground::EditOffered(call) => pending.serve(call, async |_, []| reply(edit_offered(sender).await)).await,
        ToBackground::FindInFrame(call) => {
            pending.serve(call, async |call, []| reply(find_in_frame(call, sender).await)).await
        }
    }
}

fn tab_of(sender: &JsValue) -> Result<i32, Failure> {
    number(&field(sender, "tab"), "id").ok_or_else(|| Failure::Internal { detail: "the sender is in no tab".into() })
}

async fn open_in_tab(OpenInTab { token, editor }: OpenInTab, sender: &JsValue) -> Result<(), Failure> {
    let tab_id = tab_of(sender)?;
    let key = session_key(&token);
    let known: Option<Session> = storage::session(&key).await?;
    if known.is_none_or(|s| s.tab_id != tab_id) {
        return Err(Failure::Internal { detail: "no such session".into() });
    }
    // Picking starts in all frames. The sender is the frame in which the user picked.
    let frame_id = frame(sender).unwrap_or(0);
    let origin = field(sender, "origin").as_string();
    storage::set_session(&key, &Session { tab_id, frame_id, origin }).await?;
    if editor {
        return tabs::open_editor(&Errand::Page { token }, tab_id, true).await;
    }
    tabs::open(&format!("{OVERLAY_PAGE}?tab#{token}"), tab_id).await
}

async fn end_picking(sender: &JsValue) -> Result<(), Failure> {
    let end = Start { token: String::new(), target: Target::PickEnd };
    tabs::send_message(tab_of(sender)?, None, &wire::event(&end, &[])?).await.map(drop)
}

async fn start_in_frame(StartInFrame { frame_id, src_url }: StartInFrame, sender: &JsValue) -> Result<(), Failure> {
    let tab_id = tab_of(sender)?;
    if frame_id == ANY_FRAME {
        // The user picks in all frames that can be entered by now; in the page itself, the overlay that asked is still there.
        return enter(tab_id, None, &Target::Pick).await;
    }
    begin(tab_id, frame_id, Target::Clicked { src_url }).await
}

/// Picks for the popup. A web page has no say in what happens in another tab.
async fn pick_for(PickIn { tab_id }: PickIn, sender: &JsValue) -> Result<(), Failure> {
    only_own(sender)?;
    pick_in(tab_id).await;
    Ok(())
}

/// Refuses what only a page of the extension may ask for.
fn only_own(sender: &JsValue) -> Result<(), Failure> {
    let is_own = field(sender, "origin") == field(&js_sys::global(), "origin");
    let refusal = || Failure::Internal { detail: "only a page of the extension may ask for that".into() };
    is_own.then_some(()).ok_or_else(refusal)
}

/// Enters a frame and tells the shim there to begin. Opens the engine's page at the same time.
async fn begin(tab_id: i32, frame_id: FrameId, target: Target) -> Result<(), Failure> {
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
async fn enter(tab_id: i32, frame_id: Option<FrameId>, target: &Target) -> Result<(), Failure> {
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

async fn enter_at_once(tab_id: i32, frame_id: Option<FrameId>, target: &Target) -> Result<(), Failure> {
    scripting::inject(SHIM, tab_id, frame_id).await?;
    let token = open_session(tab_id, frame_id.unwrap_or(0)).await?;
    let start = wire::event(&Start { token, target: target.clone() }, &[])?;
    tabs::send_message(tab_id, frame_id, &start).await.map(drop)
}

async fn open_session(tab_id: i32, frame_id: FrameId) -> Result<String, Failure> {
    let token = random_uuid();
    storage::set_session(&session_key(&token), &Session { tab_id, frame_id, origin: None }).await?;
    Ok(token)
}

async fn ensure_engine() -> Result<(), Failure> {
    engine_home::ensure(ENGINE_PAGE, "Runs the erase engine in a worker").await
}

/// Says in the editor why the page was not entered, because the page itself cannot show it. There the picture can be edited all the same.
async fn say(tab_id: i32, failure: &Failure) {
    web_sys::console::warn_1(&failure.to_string().into());
    let why = if matches!(failure, Failure::ForbiddenPage) { Errand::Forbidden } else { Errand::Unanswered };
    if let Err(failure) = tabs::open_editor(&why, tab_id, true).await {
        web_sys::console::error_1(&failure.to_string().into());
    }
}

/// The browser's number of the frame that an event or a message came from.
fn frame(object: &JsValue) -> Option<FrameId> {
    field(object, "frameId").as_f64().map(|id| id as FrameId)
}

fn number(object: &JsValue, key: &str) -> Option<i32> {
    Reflect::get(object, &key.into()).ok()?.as_f64().map(|n| n as i32)
}

fn origin(url: &str) -> Option<String> {
    web_sys::Url::new(url).map_err(|e| words(&e)).ok().map(|u| u.origin()).filter(|o| o.starts_with("http"))
}
