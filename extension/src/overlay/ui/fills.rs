//! Erasing: from what is painted to a result that shows, and further results of the same hole.

use super::app::{App, State};
use super::canvas::bitmap;
use super::dom::{attribute, reduced_motion, root, window};
use super::variations::{Hole, Made, Variation};
use crate::browser::{bytes, i18n};
use crate::protocol::Failure;
use crate::protocol::engine::{EngineChoice, EngineReply, ToEngine};
use gloo_timers::future::TimeoutFuture;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;

/// A rest this long (milliseconds) after painting starts the fill.
const REST: u32 = 600;
/// Length of the cross-fade into the result, milliseconds.
const FADE: f64 = 150.0;

/// What a job gave.
struct Filled {
    result: Variation,
    /// How long it took, milliseconds.
    ms: f64,
    /// The model could not, so the built-in fill did it.
    fell_back: bool,
}

impl App {
    /// Erases by itself when the mask rests for a while.
    pub(super) fn erase_after_rest(self: &Rc<Self>) {
        if !self.erase_on_release.get() {
            return;
        }
        let (app, rest) = (Rc::clone(self), self.rest.get());
        spawn_local(async move {
            TimeoutFuture::new(REST).await;
            let resting = app.rest.get() == rest && matches!(app.state.get(), State::Painting | State::Done);
            if resting && !app.gesture.borrow().paints() {
                app.erase();
            }
        });
    }

    /// Fills what is painted.
    pub(super) fn erase(self: &Rc<Self>) {
        if !self.can_paint() {
            return;
        }
        self.touched();
        self.finish_stroke();
        let cut = self.mask.borrow_mut().cut();
        let Some((rect, coverage)) = cut else {
            return self.fail(Failure::EmptyMask, |_| {});
        };
        if self.mask.borrow().is_whole() {
            return self.fail(Failure::WholeMask, |_| {});
        }
        self.busy.set(true);
        self.set_state(State::Running);
        let app = Rc::clone(self);
        spawn_local(async move {
            let result = app.fill(Hole { rect, coverage: coverage.into() }).await;
            app.work_over(result, |app| app.erase());
        });
    }

    async fn fill(self: &Rc<Self>, hole: Hole) -> Result<(), Failure> {
        let fill = self.fills();
        let engine = self.engine_choice();
        let made = Made { engine: engine.clone(), seed: self.first_seed(), hole };
        let filled = self.filled_by_engine(made).await?;
        let patch = filled.result.patch.clone();
        self.engine.filled(filled.result.rect, patch);
        self.lay(fill, &filled.result);
        self.variations.borrow_mut().filled(fill, filled.result);
        self.history.borrow_mut().filled();
        self.replay_mask();
        self.result_is_there(&engine, filled.ms, filled.fell_back);
        Ok(())
    }

    /// The last fill once more, with another seed and by the method that is chosen now.
    pub(super) fn try_again(self: &Rc<Self>) {
        if !self.can_paint() {
            return;
        }
        let Some((fill, hole)) = self.last_hole() else { return };
        self.touched();
        self.finish_stroke();
        self.busy.set(true);
        self.set_state(State::Running);
        let app = Rc::clone(self);
        spawn_local(async move {
            let result = app.fill_again(fill, hole).await;
            app.work_over(result, App::try_again);
        });
    }

    /// One more result of fill number `fill`. Where there is none, the one that showed shows again.
    async fn fill_again(self: &Rc<Self>, fill: usize, hole: Hole) -> Result<(), Failure> {
        let seed = self.first_seed().wrapping_add(self.variations.borrow().made(fill));
        let engine = self.engine_choice();
        let made = Made { engine: engine.clone(), seed, hole };
        let filled = match self.engine.rewind(fill).await {
            Ok(()) => self.filled_by_engine(made).await,
            Err(failure) => Err(failure),
        };
        let filled = match filled {
            Ok(filled) => filled,
            Err(failure) => {
                // What cannot be put back now is put back when the engine is opened again.
                let _ = self.put_back(fill, &failure).await;
                return Err(failure);
            }
        };
        self.engine.filled(filled.result.rect, filled.result.patch.clone());
        self.lay(fill, &filled.result);
        self.variations.borrow_mut().again(fill, filled.result);
        self.history.borrow_mut().give_up_undone();
        self.result_is_there(&engine, filled.ms, filled.fell_back);
        Ok(())
    }

    /// The engine shows what the overlay shows: the chosen result of fill number `fill`.
    async fn put_back(&self, fill: usize, failure: &Failure) -> Result<(), Failure> {
        if *failure == Failure::Cancelled {
            return self.engine.rewind(fill + 1).await;
        }
        // Another result may have been laid, and what was undone with it been given up.
        let chosen = self.variations.borrow().of(fill).and_then(|(results, chosen)| results.get(chosen).cloned());
        let Some(chosen) = chosen else { return Ok(()) };
        self.history.borrow_mut().give_up_undone();
        self.engine.show_instead(fill, chosen.rect, chosen.patch).await
    }

    /// Puts a result on the screen in the place of fill number `fill` and of those after it.
    pub(super) fn lay(&self, fill: usize, result: &Variation) {
        if let Some(shown) = &mut *self.shown.borrow_mut() {
            shown.push(fill, result.rect, result.picture.clone());
            // Until the fade is over, the canvas shows something in between.
            attribute(&root(), "data-fading", "");
        }
        // What was kept of fills that are now given up is kept no more.
        self.kept.set(if self.kept.get() > fill { usize::MAX } else { self.kept.get() });
    }

    /// Everything is ready for what comes next; only the picture still fades.
    fn result_is_there(self: &Rc<Self>, engine: &EngineChoice, ms: f64, fell_back: bool) {
        self.progress_over();
        self.hint(if fell_back { "hintFellBack" } else { self.hint_after_erasing() });
        self.busy.set(false);
        self.set_state(State::Done);
        attribute(&root(), "data-fills", &self.fills().to_string());
        let seconds = format!("{:.1}", (ms / 1000.0).max(0.1));
        self.announce("statusErased", &[&seconds]);
        if !fell_back {
            self.show_cost(engine, &seconds);
        }
        self.show_variations();
        let app = Rc::clone(self);
        spawn_local(async move {
            if let Err(failure) = app.cross_fade().await {
                web_sys::console::warn_1(&failure.to_string().into());
            }
        });
    }

    /// Has the engine fill a hole of the picture as it stands there. What the model cannot do here, the built-in fill does.
    async fn filled_by_engine(&self, mut made: Made) -> Result<Filled, Failure> {
        let before = self.engine.applied();
        self.progress(&i18n::text("progressFilling", &["0"]), Some(0.0));
        let mask = bytes::blob(&made.hole.coverage, "application/octet-stream")?;
        self.expect_previews(made.hole.rect, &made.hole.coverage);
        let mut answer = self.job(&made, &mask).await;
        let mut fell_back = false;
        if let (EngineChoice::Model { .. }, Err(failure)) = (&made.engine, &answer)
            && failure.is_of_model()
        {
            web_sys::console::warn_1(&failure.to_string().into());
            fell_back = true;
            made.engine = EngineChoice::Instant;
            answer = self.job(&made, &mask).await;
        }
        self.end_previews();
        let (EngineReply::Erased { patch: rect, ms }, Some(patch)) = answer? else {
            return Err(Failure::Internal { detail: "the engine answered something else".into() });
        };
        match bitmap(&patch).await {
            Ok(picture) => Ok(Filled { result: Variation { rect, patch, picture, made: Some(made) }, ms, fell_back }),
            Err(failure) => {
                // What cannot be shown does not count.
                self.engine.rewind(before).await?;
                Err(failure)
            }
        }
    }

    /// One job of the engine.
    async fn job(&self, made: &Made, mask: &Blob) -> Result<(EngineReply, Option<Blob>), Failure> {
        let job = self.last_job.get() + 1;
        self.last_job.set(job);
        self.job.set(Some(job));
        self.remaining.take();
        let erase = ToEngine::Erase { job, mask: made.hole.rect, engine: made.engine.clone(), seed: made.seed };
        let answer = self.engine.call(&erase, std::slice::from_ref(mask)).await;
        self.job.set(None);
        answer
    }

    pub(super) async fn cross_fade(&self) -> Result<(), Failure> {
        let fills = self.fills();
        let opaque = !self.dom.picture.class_list().contains("checker");
        if opaque && !reduced_motion() {
            let performance = window().performance();
            let now = || performance.as_ref().map_or(FADE, |p| p.now());
            let start = now();
            let mut shown_so_far = 0.0;
            while now() - start < FADE && self.fills() == fills && !self.comparing.get() {
                let wanted = ((now() - start) / FADE).clamp(0.0, 1.0);
                // Each frame is laid over the last: the share that brings it from one opacity to the next.
                let share = (wanted - shown_so_far) / (1.0 - shown_so_far + 1e-9);
                if let Some(shown) = &*self.shown.borrow() {
                    shown.fade(share.clamp(0.0, 1.0))?;
                }
                shown_so_far = wanted;
                TimeoutFuture::new(16).await;
            }
        }
        let redrawn = self.redraw(if self.comparing.get() { 0 } else { self.fills() });
        // Absent is what is wanted.
        let _ = root().remove_attribute("data-fading");
        redrawn
    }
}
