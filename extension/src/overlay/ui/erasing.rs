//! Erasing: from what is painted to a result that shows, and further results of the same hole.

use super::app::App;
use super::bitmaps::bitmap;
use super::failing::{begin_work, complain, end_work, fail};
use super::methods::hint_on;
use super::painting::{finish_stroke, touched};
use super::screen::Pixels;
use super::stepping::show_fills;
use crate::browser::{bytes, i18n};
use crate::overlay::document::Job;
use crate::overlay::gesture::Gesture;
use crate::overlay::phase::{Phase, Work};
use crate::protocol::Failure;
use crate::protocol::engine::{EngineChoice, EngineEvent, Erased, Reading, Route};
use crate::ui::sentences;
use gloo_timers::future::TimeoutFuture;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;

/// A rest this long (milliseconds) after painting starts the fill.
const REST: u32 = 600;
/// How much longer it waits while something is proposed to be painted as well, milliseconds.
const DECIDING: u32 = 4000;

/// What the engine gave.
struct Filled {
    /// The job that it is the result of.
    job: Job,
    erased: Erased,
    pixels: Pixels,
    /// The model failed, so the built-in fill made the result.
    fell_back: bool,
}

/// Erases by itself when the mask rests for a while, unless a thing is selected: whoever selects adds to it, takes from it and mends it, and says
/// when that is done.
pub(super) fn erase_after_rest(app: &Rc<App>) {
    if !app.settings.erases_on_release() || app.edit.borrow().holds_selection() {
        return;
    }
    let (app, touches) = (Rc::clone(app), app.jobs.touches());
    spawn_local(async move {
        TimeoutFuture::new(REST).await;
        if app.proposal.is_there() {
            TimeoutFuture::new(DECIDING).await;
        }
        let resting = app.jobs.touches() == touches && matches!(app.phase(), Phase::Painting | Phase::Done);
        if resting && !app.facts().dragging && !app.save_sheet.is_open() {
            erase(&app);
        }
    });
}

/// Fills what is painted; while a fill runs, after that one.
pub(super) fn erase(app: &Rc<App>) {
    if app.can_mark() && app.phase().is_running() {
        return queue(app);
    }
    if !app.can_paint() {
        return;
    }
    touched(app);
    finish_stroke(app);
    let job = app.edit.borrow_mut().begin(app.methods.choice(&app.settings), app.settings.seed());
    match job {
        Ok(job) => run(app, job, erase),
        Err(failure) => fail(app, failure, |_| {}),
    }
}

/// What is painted while a fill runs is erased right after it.
fn queue(app: &App) {
    finish_stroke(app);
    if app.edit.borrow().waits() {
        app.jobs.queue();
        app.dock.lines.announce("statusQueued", &[]);
    }
}

/// The newest fill once more, with another seed and by the method that is chosen now.
pub(super) fn try_again(app: &Rc<App>) {
    if !app.can_paint() || app.edit.borrow().last_hole().is_none() {
        return;
    }
    touched(app);
    finish_stroke(app);
    let job = app.edit.borrow_mut().begin_again(app.methods.choice(&app.settings), app.settings.seed());
    if let Some(job) = job {
        run(app, job, try_again);
    }
}

fn run(app: &Rc<App>, job: Job, retry: fn(&Rc<App>)) {
    if !begin_work(app, Work::Fill { job: None }) {
        return;
    }
    let app = Rc::clone(app);
    spawn_local(async move {
        let result = fill(&app, job).await;
        let done = result.is_ok();
        end_work(&app, result, retry);
        // What was painted meanwhile.
        let wanted = app.jobs.take_queued();
        if done && app.edit.borrow().is_painted() {
            if wanted { erase(&app) } else { erase_after_rest(&app) }
        }
    });
}

/// Fills the hole and shows the result. Without a result, document and engine are as they were before.
async fn fill(app: &Rc<App>, job: Job) -> Result<(), Failure> {
    let chosen = job.made.engine.clone();
    let mut last = job.id;
    let filled = filled_by_engine(app, job, &mut last).await;
    app.stage.screen.end_previews();
    let Filled { job, erased, pixels, fell_back } = match filled {
        Ok(filled) => filled,
        Err(failure) => {
            app.edit.borrow_mut().give_up(last);
            // If this fails, the next request brings the engine in line with the document.
            let _ = app.engine.sync(&app.edit).await;
            return Err(failure);
        }
    };
    let finished = app.edit.borrow_mut().finish(job, erased.patch, pixels, erased.reading.clone());
    drag_on(app);
    if !finished {
        // The edit has gone on without it.
        return app.engine.sync(&app.edit).await;
    }
    result_is_there(app, &chosen, &erased, fell_back);
    Ok(())
}

/// What is being dragged is painted again, because the result took all paint away that is not recorded.
fn drag_on(app: &App) {
    if let Gesture::Stroke { stamps, erase, .. } = &app.stage.hand.borrow().gesture {
        let mut edit = app.edit.borrow_mut();
        if let [only] = stamps[..] {
            edit.drag(only, only, *erase);
        }
        for pair in stamps.windows(2) {
            edit.drag(pair[0], pair[1], *erase);
        }
    }
}

/// Shows that the result is there. The user can go on at once, while the picture still fades.
fn result_is_there(app: &Rc<App>, chosen: &EngineChoice, erased: &Erased, fell_back: bool) {
    let fade = app.stage.screen.begin_fade();
    app.dock.lines.progress_over();
    let hint = app.methods.hint_after_erasing(&app.settings, app.edit.borrow().fills());
    match chosen {
        _ if fell_back => app.dock.lines.hint("hintFellBack"),
        _ if erased.invents_text => {}
        EngineChoice::Hide { by } => app.dock.lines.hint(hint_on(*by)),
        _ => app.dock.lines.hint_with(hint, &[&app.dock.ending()]),
    }
    app.stage.mask_changed();
    app.enter(app.phase().ended(app.facts()));
    let time = sentences::time(erased.ms);
    match erased.reading.as_ref().filter(|_| !fell_back) {
        // Whoever reads the result has to know, however much of it was recovered.
        _ if erased.invents_text && !fell_back => app.dock.lines.say("hintInvented", &[]),
        Some(Reading { route: Route::SeeThrough, made_up, .. }) => {
            let share = i18n::text("zoomPercent", &[&(100.0 * made_up).ceil().to_string()]);
            app.dock.lines.say("statusRecovered", &[&share]);
        }
        _ if matches!(chosen, EngineChoice::Hide { .. }) => app.dock.lines.announce("statusHidden", &[]),
        _ => app.dock.lines.announce("statusErased", &[&time]),
    }
    // The user may have chosen another method meanwhile.
    if !fell_back && *chosen == app.methods.choice(&app.settings) {
        app.methods.show_cost(&time);
    }
    show_fills(app);
    let app = Rc::clone(app);
    spawn_local(async move {
        if let Err(failure) = app.stage.screen.fade(&app.edit, fade).await {
            complain(&failure);
        }
    });
}

/// Has the engine fill a hole of the picture as the document shows it. If the model fails, the built-in fill does it. `last` is
/// set to the number of the last job that was begun.
async fn filled_by_engine(app: &App, mut job: Job, last: &mut u32) -> Result<Filled, Failure> {
    app.dock.lines.progress(&i18n::text("progressFilling", &["0"]), Some(0.0));
    let mask = bytes::blob(&job.made.hole.coverage, "application/octet-stream")?;
    app.stage.screen.expect_previews(&job.made.hole);
    let mut answer = asked(app, &job, &mask).await;
    let mut fell_back = false;
    if let (EngineChoice::Model { .. }, Err(failure)) = (&job.made.engine, &answer)
        && failure.is_of_model()
    {
        complain(failure);
        fell_back = true;
        job = app.edit.borrow_mut().begin_instead(job, EngineChoice::INSTANT);
        *last = job.id;
        answer = asked(app, &job, &mask).await;
    }
    let (erased, patch) = answer?;
    let picture = Rc::new(bitmap(&patch).await?);
    Ok(Filled { job, erased, pixels: Pixels { patch, picture }, fell_back })
}

async fn asked(app: &App, job: &Job, mask: &Blob) -> Result<(Erased, Blob), Failure> {
    app.jobs.begun();
    app.enter(app.phase().with_job(Some(job.id)));
    let answer = app.engine.erase(&app.edit, job, mask).await;
    app.enter(app.phase().with_job(None));
    answer
}

/// Shows what the engine tells: progress and previews.
pub(super) fn heard(app: &Rc<App>, event: &EngineEvent, blobs: Vec<Blob>) {
    let running = app.phase().job();
    match *event {
        EngineEvent::Progressed { job, stage, done } if job.is_none() || job == running => {
            if let Some((text, done)) = app.jobs.told(stage, done, running.is_some()) {
                app.dock.lines.progress(&text, done);
            }
        }
        EngineEvent::Preview { job, x, y, side } if running == Some(job) => {
            let Some(blob) = blobs.into_iter().next() else { return };
            let app = Rc::clone(app);
            spawn_local(async move {
                // A preview that cannot be shown is not worth failing for.
                if let Ok(picture) = bitmap(&blob).await
                    && app.phase().job() == running
                {
                    let _ = app.stage.screen.preview(&picture, x, y, f64::from(side));
                }
            });
        }
        EngineEvent::Progressed { .. } | EngineEvent::Preview { .. } => {}
    }
}
