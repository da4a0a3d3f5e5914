//! Edits all files, in as many lanes as the machine has room for.

use super::lane::{Edited, Lane};
use super::tally::Outcome;
use super::target::Target;
use super::task::{Chosen, Task};
use crate::browser::field;
use crate::protocol::Failure;
use crate::ui::dom::window;
use futures::channel::oneshot;
use futures::future::{Either, join_all, select};
use futures::lock::Mutex;
use gloo_timers::future::TimeoutFuture;
use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;

/// Lanes at most: beyond, memory and disk are what is waited for.
const MOST: f64 = 4.0;
/// Gigabytes of the machine's memory for each lane.
const ROOM: f64 = 2.0;
/// Milliseconds between two looks at whether a pause has ended.
const PAUSE: u32 = 100;

/// A run that may be paused and stopped.
#[derive(Default)]
pub(super) struct Run {
    next: Cell<usize>,
    paused: Cell<bool>,
    stopped: Cell<bool>,
    stop: RefCell<Option<oneshot::Sender<()>>>,
}

/// As many as there are processors beside that of the page, as far as memory goes.
fn lanes() -> usize {
    let navigator = window().navigator();
    let processors = navigator.hardware_concurrency();
    // Not every browser says.
    let memory = field(&navigator, "deviceMemory").as_f64().unwrap_or(4.0);
    (processors - 1.0).min(memory / ROOM).clamp(1.0, MOST) as usize
}

impl Run {
    /// Files that are being edited are finished, and no others begun, until it goes on.
    pub(super) fn pause(&self, paused: bool) {
        self.paused.set(paused);
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused.get()
    }

    /// Ends it now. What is kept already stays.
    pub(super) fn stop(&self) {
        self.stopped.set(true);
        if let Some(stop) = self.stop.borrow_mut().take() {
            // It may have ended by itself.
            let _ = stop.send(());
        }
    }

    /// Edits all of `files`; `told` hears of each. `lane` is open already. Gives the target, and whether all files were edited.
    pub(super) async fn go(
        self: &Rc<Self>,
        files: &[Chosen],
        task: &Task,
        lane: Lane,
        target: Target,
        told: &dyn Fn(&Chosen, Outcome),
    ) -> (Target, bool) {
        if self.stopped.get() {
            return (target, false);
        }
        let (sender, stopped) = oneshot::channel();
        *self.stop.borrow_mut() = Some(sender);
        let target = Mutex::new(target);
        let all = {
            let mut first = Some(lane);
            let count = lanes().min(files.len());
            let working = join_all((0..count).map(|_| self.work(first.take(), files, task, &target, told)));
            match select(pin!(working), stopped).await {
                Either::Left(_) => true,
                // With its lanes, their engines end.
                Either::Right(_) => false,
            }
        };
        (target.into_inner(), all)
    }

    /// One lane: edits the next file that nobody has begun, until there is none.
    async fn work(
        &self,
        mut lane: Option<Lane>,
        files: &[Chosen],
        task: &Task,
        target: &Mutex<Target>,
        told: &dyn Fn(&Chosen, Outcome),
    ) {
        loop {
            while self.is_paused() {
                TimeoutFuture::new(PAUSE).await;
            }
            let Some(chosen) = files.get(self.next.get()) else { return };
            self.next.set(self.next.get() + 1);
            let outcome = edited(&mut lane, chosen, task, target).await.unwrap_or_else(Outcome::Failed);
            told(chosen, outcome);
        }
    }
}

async fn edited(
    lane: &mut Option<Lane>,
    chosen: &Chosen,
    task: &Task,
    target: &Mutex<Target>,
) -> Result<Outcome, Failure> {
    let result = match tried(lane, chosen, task).await {
        // A file may have taken the engine along, or the engine was restarted for another reason.
        Err(Failure::EngineLost) => tried(lane, chosen, task).await?,
        other => other?,
    };
    let Some(edited) = result else { return Ok(Outcome::NothingFound) };
    let name = target.lock().await.keep(&chosen.path, edited.format, &edited.file).await?;
    Ok(Outcome::Kept(name))
}

/// Edits a file in `lane`, or in a new one where that has no engine any more.
async fn tried(lane: &mut Option<Lane>, chosen: &Chosen, task: &Task) -> Result<Option<Edited>, Failure> {
    let open = match lane.take().filter(Lane::is_open) {
        Some(open) => open,
        None => Lane::open().await?,
    };
    lane.insert(open).edit(&chosen.file, task).await
}
