//! Jobs of the store: at most one for each model, which reports progress and can be stopped; and one lock for each file.

use super::super::busy::{Busy, Reason};
use crate::model_catalogue::meter::Meter;
use crate::protocol::Failure;
use crate::protocol::models::{ModelId, ModelsEvent, Work};
use futures::lock::Mutex;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_core::web::milliseconds;

/// Sends an event to every page that listens.
pub(super) type Tell = Rc<dyn Fn(&ModelsEvent)>;

/// Why a job is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The user paused it.
    Pause,
    /// The user removed the model.
    Delete,
}

/// A job that is under way.
pub(super) struct Job {
    model: ModelId,
    stop: Cell<Option<Stop>>,
    tell: Tell,
}

impl Job {
    /// # Errors
    /// [`Failure::Cancelled`] when the job is to stop.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.is_stopped() { Err(Failure::Cancelled) } else { Ok(()) }
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stop.get().is_some()
    }

    /// Whether the user paused it.
    pub(super) fn is_paused(&self) -> bool {
        self.stop.get() == Some(Stop::Pause)
    }

    /// Begins to report a part of the job. `done` of its `total` bytes are done already.
    pub(super) fn progress(&self, work: Work, total: u64, done: u64) -> Progress<'_> {
        Progress { job: self, work, meter: Meter::new(total, done, milliseconds()) }
    }
}

/// Reports how far a part of a job is.
pub(super) struct Progress<'a> {
    job: &'a Job,
    work: Work,
    meter: Meter,
}

impl Progress<'_> {
    /// Reports that `done` bytes are done.
    pub(super) fn report(&mut self, done: u64) {
        let Some(rate) = self.meter.advance(done, milliseconds()) else { return };
        let (model, work, total) = (self.job.model.clone(), self.work, self.meter.total);
        (self.job.tell)(&ModelsEvent::Progressed { model, work, done, total, rate });
    }

    /// Notes a total that was unknown or wrong so far, bytes.
    pub(super) fn set_total(&mut self, total: u64) {
        self.meter.total = total;
    }
}

/// See the module.
pub(super) struct Jobs {
    /// By model.
    running: RefCell<BTreeMap<ModelId, Rc<Job>>>,
    /// By file. Whoever works on a file holds its lock, so that two models that need the same file wait for each other.
    files: RefCell<BTreeMap<String, Rc<Mutex<()>>>>,
    /// Keeps the engine's document open.
    busy: Rc<Busy>,
    tell: Tell,
}

/// A job while it is under way. The engine's document stays open until it is dropped.
pub(super) struct Running<'a> {
    jobs: &'a Jobs,
    job: Rc<Job>,
    _reason: Reason,
}

impl Running<'_> {
    pub(super) fn job(&self) -> &Job {
        &self.job
    }

    /// Ends the job. True if it was stopped because the model is to be removed.
    pub(super) fn end(&self) -> bool {
        self.jobs.running.borrow_mut().remove(&self.job.model);
        self.job.stop.get() == Some(Stop::Delete)
    }
}

impl Jobs {
    pub(super) fn new(busy: Rc<Busy>, tell: Tell) -> Self {
        Self { running: RefCell::default(), files: RefCell::default(), busy, tell }
    }

    /// Begins the job of a model.
    ///
    /// # Errors
    /// [`Failure::Internal`] when the model has one already.
    pub(super) fn begin(&self, model: &str) -> Result<Running<'_>, Failure> {
        if self.is_running(model) {
            return Err(Failure::Internal { detail: format!("{model} is being worked on already") });
        }
        let job = Rc::new(Job { model: model.to_owned(), stop: Cell::new(None), tell: Rc::clone(&self.tell) });
        self.running.borrow_mut().insert(model.to_owned(), Rc::clone(&job));
        Ok(Running { jobs: self, job, _reason: self.busy.hold() })
    }

    /// Stops the job of a model at its next checkpoint. False if it has none.
    pub(super) fn stop(&self, model: &str, why: Stop) -> bool {
        let running = self.running.borrow();
        let job = running.get(model);
        if let Some(job) = job {
            job.stop.set(Some(why));
        }
        job.is_some()
    }

    pub(super) fn is_running(&self, model: &str) -> bool {
        self.running.borrow().contains_key(model)
    }

    /// Whether there is no job.
    pub(super) fn are_over(&self) -> bool {
        self.running.borrow().is_empty()
    }

    /// The lock of a file.
    pub(super) fn file(&self, id: &str) -> Rc<Mutex<()>> {
        Rc::clone(self.files.borrow_mut().entry(id.to_owned()).or_default())
    }

    /// Whether a file is locked, by the job of its own model or of another that needs it.
    pub(super) fn is_held(&self, id: &str) -> bool {
        self.files.borrow().get(id).is_some_and(|lock| lock.try_lock().is_none())
    }
}
