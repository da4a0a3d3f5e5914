//! Buttons with consequences: they wait, and show that they do, until the overlay has been visible for a while.
//!
//! See [`crate::overlay::activation_guard`]. A tab of our own is always visible.

use super::app::App;
use crate::browser::i18n;
use crate::ui::dom::{attribute, by_id, now};
use crate::ui::sight;
use gloo_timers::future::TimeoutFuture;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlElement;

/// The buttons that permit something, or give something to the page.
const BUTTONS: [&str; 3] = ["notice-yes", "notice-no", "done"];

/// Begins to watch, where a page could cover the overlay.
pub(super) fn bind(app: &Rc<App>) {
    if !app.stage.scene.borrow().host.can_be_covered() {
        return;
    }
    show(app);
    let it = Rc::clone(app);
    sight::watch(move |visible| {
        it.guard.borrow_mut().browser_says(visible, now());
        show(&it);
    });
}

/// The shim says whether the overlay is on top of the page.
pub(super) fn page_says(app: &Rc<App>, on_top: bool) {
    app.guard.borrow_mut().page_says(on_top, now());
    show(app);
}

/// Does what a button with consequences is for, if it may. Where a page could cover the overlay, that page is asked once more: it may have done so
/// just now, and keep busy so that nobody notices.
pub(super) fn act(app: &Rc<App>, action: impl Fn(&Rc<App>) + 'static) {
    if !may_act(app) {
        return;
    }
    let page = app.page.borrow().clone().filter(|_| app.stage.scene.borrow().host.can_be_covered());
    let Some(page) = page else { return action(app) };
    let app = Rc::clone(app);
    spawn_local(async move {
        page_says(&app, page.has_on_top().await);
        if may_act(&app) {
            action(&app);
        }
    });
}

/// Whether buttons with consequences may act now.
pub(super) fn may_act(app: &App) -> bool {
    !app.stage.scene.borrow().host.can_be_covered() || app.guard.borrow().is_open(now())
}

/// Shows whether they may, now and when that changes.
fn show(app: &Rc<App>) {
    let waits = !may_act(app);
    let reason = if waits { i18n::text("guardWaits", &[]) } else { String::new() };
    for id in BUTTONS {
        let button = by_id::<HtmlElement>(id);
        attribute(&button, "aria-disabled", if waits { "true" } else { "false" });
        button.set_title(&reason);
    }
    let wait = app.guard.borrow().wait(now());
    if let Some(wait) = wait.filter(|_| waits) {
        let app = Rc::clone(app);
        spawn_local(async move {
            TimeoutFuture::new(wait.ceil() as u32 + 1).await;
            show(&app);
        });
    }
}
