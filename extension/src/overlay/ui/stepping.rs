//! Undo and redo, another result of the newest fill, the original for comparison.

use super::app::App;
use super::failing::{complain, fail};
use super::leaving::escape;
use super::painting::{finish_stroke, touched};
use crate::browser::i18n;
use crate::protocol::Failure;
use crate::ui::dom::{attribute, by_id, root};
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::HtmlElement;

pub(super) fn undo(app: &Rc<App>) {
    step(app, false);
}

pub(super) fn redo(app: &Rc<App>) {
    step(app, true);
}

fn step(app: &Rc<App>, forward: bool) {
    if app.phase().is_running() && app.can_mark() {
        return step_aside(app, forward);
    }
    if !app.can_paint() {
        return;
    }
    touched(app);
    finish_stroke(app);
    let (before, framing) = (app.edit.borrow().fills(), app.edit.borrow().framing());
    let stepped = if forward { app.edit.borrow_mut().redo() } else { app.edit.borrow_mut().undo() };
    if !stepped {
        return;
    }
    app.stage.mask_changed();
    app.dock.lines.announce(if forward { "statusRedone" } else { "statusUndone" }, &[]);
    app.settle();
    if app.edit.borrow().framing() != framing {
        show_fills(app);
    }
    if app.edit.borrow().fills() != before {
        let app = Rc::clone(app);
        spawn_local(async move {
            if let Err(failure) = show_edit(&app).await {
                fail(&app, failure, |_| {});
            }
        });
    }
}

/// Undo and redo while a fill runs: of what was painted since. When nothing is left of that, the fill is taken back: it is cancelled.
fn step_aside(app: &Rc<App>, forward: bool) {
    finish_stroke(app);
    let (undo, redo) = app.edit.borrow().can_step_aside();
    match (forward, undo, redo) {
        (true, _, true) => _ = app.edit.borrow_mut().redo(),
        (false, true, _) => _ = app.edit.borrow_mut().undo(),
        (false, false, _) => return escape(app),
        (true, _, false) => return,
    }
    touched(app);
    app.stage.mask_changed();
    app.dock.lines.announce(if forward { "statusRedone" } else { "statusUndone" }, &[]);
    app.settle();
}

/// Brings screen, results and engine to what the document shows.
pub(super) async fn show_edit(app: &App) -> Result<(), Failure> {
    app.stage.screen.sync(&app.edit.borrow())?;
    show_fills(app);
    app.engine.sync(&app.edit).await
}

/// Shows how many fills there are, and the results of the newest.
pub(super) fn show_fills(app: &App) {
    let edit = app.edit.borrow();
    attribute(&root(), "data-fills", &edit.fills().to_string());
    app.dock.results.show(&edit, &app.stage.screen, |mut label, result| {
        let read = result.reading.as_ref().filter(|reading| !reading.others.is_empty());
        if let Some(reading) = read {
            label = i18n::text("variationRead", &[&label, &app.methods.name_of_route(reading.route)]);
        }
        let tip = result.made.as_ref().map_or_else(
            || label.clone(),
            |made| i18n::text("variationMade", &[&label, &app.methods.name_of(&made.engine), &made.seed.to_string()]),
        );
        [label, tip]
    });
    app.stage.frames.request();
}

/// Shows result number `number` (from 0) of the newest fill.
pub(super) fn choose_result(app: &Rc<App>, number: usize) {
    if !app.can_paint() || !app.edit.borrow_mut().choose(number) {
        return;
    }
    touched(app);
    app.dock.results.mark(number);
    app.dock.lines.announce("statusVariation", &[&(number + 1).to_string()]);
    app.settle();
    let fade = app.stage.screen.begin_fade();
    let app = Rc::clone(app);
    spawn_local(async move {
        let told = app.engine.sync(&app.edit).await;
        if let Err(failure) = app.stage.screen.fade(&app.edit, fade).await.and(told) {
            fail(&app, failure, |_| {});
        }
    });
}

/// Shows the result beside the one that shows, around the ends of the row.
pub(super) fn neighbour_result(app: &Rc<App>, forward: bool) {
    let counted = app.edit.borrow().last_fill().map(|fill| (fill.results().len(), fill.number()));
    let Some((count, chosen)) = counted else { return };
    let next = (chosen + if forward { 1 } else { count - 1 }) % count;
    choose_result(app, next);
    app.dock.results.focus(next);
}

/// Shows the original while it is held.
pub(super) fn compare(app: &App, showing: bool) {
    let nothing = !app.stage.screen.is_open() || (showing && app.edit.borrow().fills() == 0);
    if nothing || !app.stage.screen.compare(showing) {
        return;
    }
    if showing {
        attribute(&root(), "data-compare", "");
    } else {
        // Absent is what is wanted.
        let _ = root().remove_attribute("data-compare");
    }
    attribute(&by_id::<HtmlElement>("compare"), "aria-pressed", if showing { "true" } else { "false" });
    if let Err(failure) = app.stage.screen.sync(&app.edit.borrow()) {
        complain(&failure);
    }
}
