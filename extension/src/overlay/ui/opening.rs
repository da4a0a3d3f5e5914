//! From nothing to a picture that can be painted on.

use super::app::{App, State};
use super::canvas::{Shown, bitmap};
use super::dom::{attribute, on, root, translate_page, window};
use super::page::{Page, unexpected};
use super::pixels::Obtained;
use super::variations::Variation;
use super::{actions, keys, method, pointer, settings, variations};
use crate::browser::{field, i18n, permissions, storage, tabs};
use crate::overlay::ladder::origin_of;
use crate::protocol::background::{Session, ToBackground, session_key};
use crate::protocol::engine::{EngineReply, ToEngine};
use crate::protocol::page::{PageReply, Picture, TAB_PORT, ToPage};
use crate::protocol::{Failure, Geometry, Size};
use crate::wire::ask_background;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Event, MessagePort};

/// Key of the setting that erases by itself after a rest.
pub(super) const ERASE_ON_RELEASE: &str = "eraseOnRelease";

/// Starts the overlay. `handover` resolves to `{ token, port }` once the shim hands its port to our frame; in a tab of
/// our own it is never looked at.
pub fn start(handover: js_sys::Promise) {
    let location = window().location();
    let in_tab = location.search().is_ok_and(|s| s == "?tab");
    let token = location.hash().unwrap_or_default().trim_start_matches('#').to_owned();
    attribute(&root(), "data-mode", if in_tab { "tab" } else { "frame" });
    translate_page();
    let app = match App::new(in_tab) {
        Ok(app) => app,
        Err(failure) => return web_sys::console::error_1(&failure.to_string().into()),
    };
    app.set_state(State::Opening);
    app.march();
    actions::bind(&app);
    method::bind(&app);
    variations::bind(&app);
    settings::bind(&app);
    pointer::bind(&app);
    keys::bind(&app);
    let resized = Rc::clone(&app);
    on(&window(), "resize", move |_: &Event| resized.replace());
    let leaving = Rc::clone(&app);
    on(&window(), "beforeunload", move |event: &Event| {
        // The page is about to take the overlay with it: the browser asks, as only it can.
        let painted = leaving.mask.borrow().extent().is_some();
        if leaving.state.get() != State::Closing && (leaving.unsaved() || painted) {
            event.prevent_default();
        }
    });
    spawn_local(async move {
        let setting: Option<bool> = storage::local(ERASE_ON_RELEASE).await.ok().flatten();
        app.set_erase_on_release(setting.unwrap_or(true));
        if let Err(failure) = open(&app, &token, handover).await {
            app.fail(failure, retry);
        }
    });
}

/// A second try once the page is known.
fn retry(app: Rc<App>) {
    spawn_local(async move {
        if let Err(failure) = open_picture(&app).await {
            app.fail(failure, retry);
        }
    });
}

async fn open(app: &Rc<App>, token: &str, handover: js_sys::Promise) -> Result<(), Failure> {
    app.progress(&i18n::text("progressOpening", &[]), None);
    // Only the background writes sessions, and only for a token that it handed to our own shim.
    let session: Session =
        storage::session(&session_key(token)).await?.filter(|_| !token.is_empty()).ok_or(Failure::ForbiddenPage)?;
    let events = Rc::downgrade(app);
    let on_event = move |event| {
        if let Some(app) = events.upgrade() {
            app.page_event(event);
        }
    };
    let page = if app.in_tab {
        let port = tabs::connect(session.tab_id, session.frame_id, &format!("{TAB_PORT}:{token}"))?;
        Page::over_runtime_port(port, on_event)
    } else {
        if tabs::current().await? != session.tab_id {
            return Err(Failure::ForbiddenPage);
        }
        let handed = JsFuture::from(handover).await.map_err(crate::browser::refused)?;
        if field(&handed, "token").as_string().as_deref() != Some(token) {
            return Err(Failure::ForbiddenPage);
        }
        Page::over_message_port(field(&handed, "port").unchecked_into::<MessagePort>(), on_event)
    };
    let page = Rc::new(page);
    *app.page.borrow_mut() = Some(Rc::clone(&page));
    match page.call(&ToPage::Hello, &[]).await? {
        (PageReply::Picture { picture }, _) => {
            *app.picture.borrow_mut() = Some(picture);
            open_picture(app).await
        }
        (PageReply::Frame { origin, frame_id, src_url }, _) => {
            app.progress_over();
            ask_frame(app, &origin, frame_id, src_url).await
        }
        (other, _) => Err(unexpected(&other)),
    }
}

/// The picture is in a frame of another origin: ask for that origin, then begin there.
async fn ask_frame(app: &Rc<App>, origin: &str, frame_id: i32, src_url: Option<String>) -> Result<(), Failure> {
    let (pattern, host) = origin_of(&format!("{origin}/")).ok_or(Failure::ForbiddenPage)?;
    app.set_state(State::Asking);
    let text = i18n::text("askFrame", &[&host]);
    let (allow, not_now) = (i18n::text("askAllow", &[]), i18n::text("askNotNow", &[]));
    if app.ask(&text, &allow, Some(&not_now)).await && permissions::request(&pattern).await? {
        // First ask, then go: what is asked by a frame that is going may be lost on the way.
        ask_background(&ToBackground::StartInFrame { frame_id, src_url }).await?;
        app.close_page().await;
        return Ok(());
    }
    app.close_now();
    Ok(())
}

/// Gets the pixels, shows them and opens them in the engine.
async fn open_picture(app: &Rc<App>) -> Result<(), Failure> {
    let picture: Picture = app.picture.borrow().clone().ok_or(Failure::EngineLost)?;
    app.progress(&i18n::text("progressOpening", &[]), None);
    let Some(Obtained { blob, drawn, part, fixed, captured }) = app.obtain(&picture).await? else {
        // The user wants none of the ways that are left.
        app.close_now();
        return Ok(());
    };
    app.part.set(part);
    app.fixed.set(fixed);
    app.progress(&i18n::text("progressDecoding", &[]), None);
    let shown = Shown::open(&app.dom.picture, &blob).await?;
    *app.shown.borrow_mut() = Some(shown);
    app.place();
    app.request_frame();
    let alt = if picture.alt.is_empty() { file_name(picture.url.as_deref()) } else { picture.alt.clone() };
    attribute(&app.dom.picture, "aria-label", &i18n::text("canvasLabel", &[&alt]));
    let key = picture.url.clone().filter(|u| u.starts_with("http") && !captured);
    let opened = app.engine.open(blob, key).await;
    if opened.is_err() {
        // A picture that the engine does not take cannot be edited: nothing but the sentence stays.
        *app.shown.borrow_mut() = None;
        *app.view.borrow_mut() = None;
        app.dom.picture.set_width(0);
    }
    let opened = opened?;
    app.progress_over();
    let EngineReply::Opened { width, height, format, animated, alpha, draft } = opened else {
        return Err(Failure::Internal { detail: format!("unexpected reply {opened:?}") });
    };
    if app.shown.borrow().as_ref().is_some_and(|s| s.size() != (width, height)) {
        return Err(Failure::Internal { detail: "page and engine disagree on the size".into() });
    }
    if alpha {
        let _ = app.dom.picture.class_list().add_1("checker");
    }
    app.set_native_format(format);
    app.hint(match () {
        () if captured => "hintScreenshot",
        () if animated => "hintAnimated",
        () if drawn && picture.url.is_some() => "hintDrawn",
        () => "hintPaint",
    });
    if draft {
        offer_draft(app).await?;
    }
    let finding = Rc::clone(app);
    spawn_local(async move { finding.find_models().await });
    app.announce("statusReady", &[]);
    let _ = app.dom.picture.focus();
    app.settle();
    Ok(())
}

/// The page went away under an edit of this picture: go on with it?
async fn offer_draft(app: &Rc<App>) -> Result<(), Failure> {
    app.set_state(State::Asking);
    let (yes, no) = (i18n::text("askResumeYes", &[]), i18n::text("askResumeNo", &[]));
    if !app.ask(&i18n::text("askResume", &[]), &yes, Some(&no)).await {
        app.engine.tell(&ToEngine::Release).await;
        return Ok(());
    }
    let fills = app.engine.resume().await?;
    for (i, (rect, blob)) in fills.iter().enumerate() {
        let patch = bitmap(blob).await?;
        if let Some(shown) = &mut *app.shown.borrow_mut() {
            shown.push(i, *rect, patch.clone());
        }
        let result = Variation { rect: *rect, patch: blob.clone(), picture: patch, made: None };
        app.variations.borrow_mut().filled(i, result);
        app.history.borrow_mut().filled();
    }
    match &*app.shown.borrow() {
        Some(shown) => shown.draw(fills.len()),
        None => Ok(()),
    }
}

/// The last part of a URL's path, for names.
pub(super) fn file_name(url: Option<&str>) -> String {
    let name = url
        .filter(|u| u.starts_with("http") || u.starts_with("file:"))
        .and_then(|u| u.split(['?', '#']).next())
        .and_then(|u| u.rsplit('/').next())
        .filter(|n| !n.is_empty());
    let decoded = name.and_then(|n| js_sys::decode_uri_component(n).ok()).and_then(|n| n.as_string());
    decoded.unwrap_or_else(|| "picture".into())
}

/// How many pixels an SVG is drawn with: as many as the screen shows of it.
pub(super) fn svg_size(geometry: &Geometry) -> (u32, u32) {
    let [a, b, c, d] = geometry.linear;
    let scale = (a * d - b * c).abs().sqrt().max(0.01) * geometry.dpr;
    let Size { width, height } = geometry.natural;
    let (across, down) = (geometry.content_box.width / width, geometry.content_box.height / height);
    let enlarged = across.max(down).max(1.0) * scale.max(1.0);
    let side = |length: f64| (length * enlarged).round().clamp(1.0, 8192.0) as u32;
    (side(width), side(height))
}
