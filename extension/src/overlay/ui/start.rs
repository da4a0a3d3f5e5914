//! Starts the overlay: makes its parts, binds what the user does, opens the picture.

use super::app::{App, Hooks};
use super::{
    buttons, erasing, failing, guarded, keeping, keys, laying, models, moving, opening, pointer, save_as, taking,
};
use crate::overlay::host::Host;
use crate::overlay::phase::Phase;
use crate::protocol::page::LostFocus;
use crate::ui::dom::{attribute, by_id, document, reduced_motion, root, window};
use crate::ui::listen::on;
use crate::ui::translation::translate_page;
use crate::ui::{own_keys, size};
use gloo_timers::future::TimeoutFuture;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::Event;

/// Milliseconds after which a focus that was lost is not on its way back: the shim itself takes it and gives it again.
const BLUR: u32 = 50;
/// Milliseconds between two positions of the marching outline.
const MARCH: u32 = 120;

/// See the module. `handover` resolves to `{ token, port, origin }` once the shim hands its port to our frame; in a tab of our own
/// it is never looked at.
pub fn start(handover: js_sys::Promise) {
    let location = window().location();
    let host = Host::of(&location.search().unwrap_or_default());
    let token = location.hash().unwrap_or_default().trim_start_matches('#').to_owned();
    attribute(&root(), "data-mode", host.mode());
    translate_page();
    let app = match App::new(host, Hooks { heard: erasing::heard, save: keeping::save, keep, drawn: taking::follow }) {
        Ok(app) => app,
        Err(failure) => return web_sys::console::error_1(&failure.to_string().into()),
    };
    march(&app);
    buttons::bind(&app);
    models::bind(&app);
    pointer::bind(&app);
    keys::bind(&app);
    save_as::bind(&app);
    laying::bind(&app);
    bind_window(&app);
    guarded::bind(&app);
    spawn_local(own_keys::show());
    spawn_local(async move {
        app.settings.read_erase_on_release().await;
        if let Err(failure) = opening::open(&app, &token, handover).await {
            failing::fail(&app, failure, opening::retry);
        }
    });
}

/// The edit or the phase changed.
fn keep(app: &App, phase: Phase) {
    moving::keep(app, phase);
    laying::keep(app, phase);
}

fn bind_window(app: &Rc<App>) {
    let resized = Rc::clone(app);
    on(&window(), "resize", move |_: &Event| resized.stage.resized());
    // Where the dock stands depends on its size, which also follows from the window's, its words' and its tools'.
    let grown = Rc::clone(&app.stage.frames);
    size::watch(&by_id("dock"), move || grown.request());
    let left = Rc::clone(app);
    on(&window(), "blur", move |_: &Event| {
        let app = Rc::clone(&left);
        spawn_local(async move { lost_focus(&app).await });
    });
    let leaving = Rc::clone(app);
    on(&window(), "beforeunload", move |event: &Event| {
        // The page is being left, and the overlay with it. Only the browser can ask whether to stay. The editor asks by itself, for what it has
        // not kept.
        let facts = leaving.facts();
        let in_editor = leaving.stage.scene.borrow().host == Host::Editor;
        if !in_editor && leaving.phase() != Phase::Closing && (facts.unsaved || facts.painted) {
            event.prevent_default();
        }
    });
}

/// The keyboard belongs to the page now, or the user has left it: the shim knows which.
async fn lost_focus(app: &App) {
    TimeoutFuture::new(BLUR).await;
    let page = app.page.borrow().clone();
    let still = app.stage.scene.borrow().host == Host::Shim && !document().has_focus().unwrap_or(true);
    if let Some(page) = page.filter(|_| still) {
        // A page that is gone has no keyboard.
        let _ = page.tell(LostFocus, []).await;
    }
}

/// Moves the outline of the mask on as long as the overlay lives.
fn march(app: &Rc<App>) {
    if reduced_motion() {
        return;
    }
    let app = Rc::downgrade(app);
    gloo_timers::callback::Interval::new(MARCH, move || {
        if let Some(app) = app.upgrade().filter(|app| app.edit.borrow().is_painted()) {
            app.stage.painter.march();
            app.stage.frames.request();
        }
    })
    .forget();
}
