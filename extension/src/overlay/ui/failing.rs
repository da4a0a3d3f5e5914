//! How work begins, ends and fails.

use super::app::App;
use super::leaving::close_now;
use super::painting::touched;
use crate::browser::i18n;
use crate::overlay::phase::{Phase, Work};
use crate::protocol::{Failure, Remedy};
use crate::ui::sentences;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;

/// Locks picture and mask for work. False where they are locked already.
pub(super) fn begin_work(app: &App, work: Work) -> bool {
    touched(app);
    let running = app.phase().started(work);
    let begins = running == Phase::Running(work);
    if begins {
        app.enter(running);
    }
    begins
}

/// Unlocks picture and mask and says how the work ended.
pub(super) fn end_work(app: &Rc<App>, result: Result<(), Failure>, retry: impl FnOnce(&Rc<App>) + 'static) {
    app.jobs.unstoppable();
    if result.is_err()
        && let Err(failure) = app.stage.screen.sync(&app.edit.borrow())
    {
        complain(&failure);
    }
    app.enter(app.phase().ended(app.facts()));
    match result {
        Ok(()) => app.dock.lines.progress_over(),
        Err(Failure::Cancelled) => {
            app.dock.lines.progress_over();
            app.dock.lines.announce("statusCancelled", &[]);
        }
        Err(failure) => fail(app, failure, move |app| retry(&app)),
    }
}

/// Says what failed, with the one button that helps. Picture and mask stay. While work runs, nothing is said: the work has its
/// own end.
pub(super) fn fail(app: &Rc<App>, failure: Failure, retry: impl FnOnce(Rc<App>) + 'static) {
    complain(&failure);
    let phase = app.phase().failed();
    if phase != Phase::Failed {
        return;
    }
    let label = match failure.remedy() {
        Remedy::Retry => "remedyRetry",
        Remedy::Save => "remedySave",
        // Where closing is all that helps, the first button does it.
        Remedy::Close => put_away(app),
    };
    app.dock.lines.progress_over();
    app.enter(phase);
    let app = Rc::clone(app);
    spawn_local(async move {
        let second = if failure.remedy() == Remedy::Close { String::new() } else { i18n::text(put_away(&app), &[]) };
        let sentence = sentences::failure(&failure);
        // No answer: new work or another failure has taken the place of this one.
        let Some(chosen) = app.dock.notice.ask(&sentence, &i18n::text(label, &[]), &second).await else { return };
        app.settle();
        match failure.remedy() {
            Remedy::Retry if chosen => retry(app),
            Remedy::Save if chosen => (app.hooks.save)(&app),
            // Without a picture there is nothing else to do than to close.
            _ if !app.stage.screen.is_open() => close_now(&app),
            _ => {}
        }
    });
}

/// Label of the button that puts a message away. Without a picture it closes the editor, and says so.
fn put_away(app: &App) -> &'static str {
    if app.stage.screen.is_open() { "remedyClose" } else { "close" }
}

/// Writes a failure into the browser's console.
pub(super) fn complain(failure: &Failure) {
    web_sys::console::warn_1(&failure.to_string().into());
}
