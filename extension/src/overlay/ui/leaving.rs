//! Closing the overlay, and what Escape does on the way there.

use super::app::App;
use super::painting::{cancel_gesture, paint, touched};
use crate::browser::i18n;
use crate::masks::mask::MaskOp;
use crate::overlay::phase::{Phase, Question, WayOut};
use crate::protocol::engine::{Cancel, Release};
use crate::protocol::page::Close;
use crate::ui::dom::window;
use futures::future::select;
use gloo_timers::future::TimeoutFuture;
use std::pin::pin;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;

/// How long closing waits for the engine, milliseconds.
const RELEASE: u32 = 300;
/// How long closing waits for the page, milliseconds.
const ANSWER: u32 = 1000;

/// Closes, after one question when something would be lost. What runs is stopped first; the next press closes.
pub(super) fn close(app: &Rc<App>) {
    go(app, |app| app.phase().close(app.facts()), true);
}

/// Escape: see [`Phase::escape`].
pub(super) fn escape(app: &Rc<App>) {
    let closes = app.stage.scene.borrow().host.escape_closes();
    go(app, |app| app.phase().escape(app.facts()), closes);
}

/// Goes a way out; where it would close the overlay, only if it `closes`.
fn go(app: &Rc<App>, way: fn(&App) -> WayOut, closes: bool) {
    if app.wishes_to_leave() {
        app.dock.lines.hint("hintInsist");
    }
    match way(app) {
        WayOut::Ask | WayOut::Close | WayOut::Leave if !closes => {}
        WayOut::Wait => {}
        WayOut::Cancel(job) => {
            let app = Rc::clone(app);
            // The job answers that it was cancelled.
            spawn_local(async move { app.engine.tell(Cancel { job }).await });
        }
        WayOut::Stop(stop) => {
            app.enter(app.phase().unstoppable());
            app.jobs.stop(stop);
        }
        WayOut::AnswerNo => {
            if !app.answer(false) {
                // Nobody waits for an answer any more.
                close(app);
            }
        }
        WayOut::Withdraw => app.withdraw(),
        WayOut::DropGesture => cancel_gesture(app),
        WayOut::ClearMask => paint(app, MaskOp::Clear),
        WayOut::Ask => ask(app),
        WayOut::Close => close_now(app),
        WayOut::Leave => {
            app.enter(Phase::Closing);
            let app = Rc::clone(app);
            spawn_local(async move { leave_page(&app).await });
        }
    }
}

fn ask(app: &Rc<App>) {
    touched(app);
    let app = Rc::clone(app);
    spawn_local(async move {
        let [text, yes, no] = ["askUnsaved", "askUnsavedYes", "askUnsavedNo"].map(|key| i18n::text(key, &[]));
        if app.ask(Question::Close, &text, &yes, &no).await {
            close_now(&app);
        }
    });
}

/// Closes without a question.
pub(super) fn close_now(app: &Rc<App>) {
    let app = Rc::clone(app);
    app.enter(Phase::Closing);
    spawn_local(async move { close_page(&app).await });
}

/// Takes the overlay off the page.
pub(super) async fn close_page(app: &App) {
    app.enter(Phase::Closing);
    // An engine that is deep in work must not keep the page waiting.
    let release = pin!(app.engine.tell(Release));
    select(release, TimeoutFuture::new(RELEASE)).await;
    leave_page(app).await;
}

/// Takes the overlay off the page without a word to the engine, which keeps what is unfinished.
async fn leave_page(app: &App) {
    let page = app.page.borrow().clone();
    if let Some(page) = page {
        // A page that is stuck itself, for example in a dialog of its own, does not answer.
        select(pin!(page.tell(Close, [])), TimeoutFuture::new(ANSWER)).await;
    }
    if app.stage.scene.borrow().host.closes_window() {
        let _ = window().close();
    }
}
