//! The work that runs: how it is stopped, how long it still takes, what the progress row says. Also counts the touches of the
//! mask, because an erase begins by itself when there are none for a while.

use crate::browser::i18n;
use crate::overlay::phase::StopId;
use crate::overlay::remaining::Remaining;
use crate::protocol::engine::Stage;
use crate::ui::dom::now;
use crate::ui::sentences;
use futures::channel::oneshot;
use std::cell::{Cell, RefCell};

/// See the module.
#[derive(Default)]
pub(super) struct Jobs {
    remaining: Cell<Remaining>,
    /// How often the mask has been worked on.
    touches: Cell<u32>,
    last_stop: Cell<StopId>,
    /// What is painted while a job runs is to be erased as soon as it has ended.
    queued: Cell<bool>,
    stop: RefCell<Option<(StopId, oneshot::Sender<()>)>>,
}

impl Jobs {
    /// A handle to stop work. The receiver gets a message when the work shall stop, and is cancelled when it can no longer be
    /// stopped.
    pub(super) fn stoppable(&self) -> (StopId, oneshot::Receiver<()>) {
        let id = self.last_stop.get() + 1;
        self.last_stop.set(id);
        let (sender, receiver) = oneshot::channel();
        *self.stop.borrow_mut() = Some((id, sender));
        (id, receiver)
    }

    /// Stops the work that this names.
    pub(super) fn stop(&self, id: StopId) {
        if let Some((_, sender)) = self.stop.borrow_mut().take_if(|(known, _)| *known == id) {
            // It may have ended at this very moment.
            let _ = sender.send(());
        }
    }

    /// The work can no longer be stopped.
    pub(super) fn unstoppable(&self) {
        self.stop.take();
    }

    /// What is painted while a job runs shall be erased right after it.
    pub(super) fn queue(&self) {
        self.queued.set(true);
    }

    /// Whether that was wanted.
    pub(super) fn take_queued(&self) -> bool {
        self.queued.take()
    }

    /// The mask is being worked on.
    pub(super) fn touched(&self) {
        self.touches.set(self.touches.get().wrapping_add(1));
    }

    /// How often the mask has been worked on.
    pub(super) fn touches(&self) -> u32 {
        self.touches.get()
    }

    /// Another job begins, whose steps may take longer or shorter than those of the job before.
    pub(super) fn begun(&self) {
        self.remaining.take();
    }

    /// The progress row's text for a stage of work, and how much of the work is done (0 to 1; none if unknown). Nothing is shown for
    /// some stages. `done` goes from 0 to 1; `running` says whether the user waits for a job.
    pub(super) fn told(&self, stage: Stage, done: f32, running: bool) -> Option<(String, Option<f64>)> {
        let text = |key| i18n::text(key, &[]);
        match stage {
            Stage::Queued => Some((text("progressQueued"), None)),
            // A model that is loaded while the user paints is not mentioned.
            Stage::Loading if !running => None,
            Stage::Reading => None,
            Stage::Loading | Stage::Filling => {
                let key = if stage == Stage::Loading { "progressLoading" } else { "progressFilling" };
                Some((i18n::text(key, &[&format!("{:.0}", done * 100.0)]), Some(f64::from(done))))
            }
            Stage::Encoding => Some((text("progressLooking"), None)),
            Stage::Denoising { step, steps } => {
                Some((self.step_told(step, steps), Some(f64::from(step) / f64::from(steps))))
            }
            Stage::Decoding => Some((text("progressPixels"), Some(1.0))),
            Stage::Blending => Some((text("progressBlending"), Some(1.0))),
            Stage::Writing => Some((text("progressEncoding"), Some(f64::from(done)))),
        }
    }

    fn step_told(&self, step: u32, steps: u32) -> String {
        let (at, of) = (step.to_string(), steps.to_string());
        let mut remaining = self.remaining.get();
        let left = remaining.after(now(), step, steps);
        self.remaining.set(remaining);
        match left.filter(|_| step < steps).and_then(sentences::time_left) {
            Some(left) => i18n::text("progressStepLeft", &[&at, &of, &left]),
            None => i18n::text("progressStep", &[&at, &of]),
        }
    }
}
