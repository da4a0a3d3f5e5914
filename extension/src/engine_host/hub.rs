//! All ports, and whose turn it is.

use super::picture::Picture;
use crate::browser::bytes;
use crate::protocol::Failure;
use crate::protocol::engine::{EngineEvent, EngineReply, JobId, Stage, ToEngine};
use crate::wire::{self, Incoming};
use futures::lock::Mutex;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_core::web::{WorkerPacer, milliseconds};
use web_sys::Blob;

/// Number of a port, given by the document's script.
type PortId = u32;

/// What is known of one port.
#[derive(Default)]
struct Port {
    picture: Mutex<Option<Picture>>,
    /// Jobs that run or wait, and whether they have been told to stop.
    jobs: RefCell<HashMap<JobId, Rc<Cell<bool>>>>,
}

/// See the module.
pub struct Hub {
    ports: RefCell<HashMap<PortId, Rc<Port>>>,
    /// Held by the fill that runs. Waiting fills get it in the order of asking.
    turn: Mutex<()>,
    post: Box<dyn Fn(PortId, &JsValue)>,
}

impl Hub {
    /// `post` sends a message out on a port.
    pub fn new(post: impl Fn(PortId, &JsValue) + 'static) -> Self {
        Self { ports: RefCell::default(), turn: Mutex::new(()), post: Box::new(post) }
    }

    /// A port closed: its jobs stop at their next checkpoint, its picture is freed.
    pub fn close(&self, port: PortId) {
        if let Some(port) = self.ports.borrow_mut().remove(&port) {
            for cancelled in port.jobs.borrow().values() {
                cancelled.set(true);
            }
        }
    }

    /// Serves one message.
    pub async fn serve(&self, id: PortId, message: JsValue) {
        let Some(incoming) = Incoming::read(&message) else { return };
        let Some(request) = incoming.id else { return };
        let port = Rc::clone(self.ports.borrow_mut().entry(id).or_default());
        let result = match incoming.body::<ToEngine>() {
            Ok(call) => self.answer(id, &port, call, &incoming.blobs).await,
            Err(failure) => Err(failure),
        };
        if let Ok(message) = wire::answer(request, result) {
            (self.post)(id, &message);
        }
    }

    async fn answer(
        &self,
        id: PortId,
        port: &Port,
        call: ToEngine,
        blobs: &[Blob],
    ) -> Result<(EngineReply, Vec<Blob>), Failure> {
        match call {
            ToEngine::Open { fills } => {
                self.progress(id, None, Stage::Decoding, 0.0);
                let mut slot = port.picture.lock().await;
                let (picture, opened) = Picture::open(blobs, &fills).await?;
                *slot = Some(picture);
                Ok((opened, vec![]))
            }
            ToEngine::Erase { job, mask, engine: _, seed } => {
                let cancelled = Rc::new(Cell::new(false));
                port.jobs.borrow_mut().insert(job, Rc::clone(&cancelled));
                let result = self.erase(id, port, job, mask, seed, &cancelled, blobs).await;
                port.jobs.borrow_mut().remove(&job);
                result
            }
            ToEngine::Cancel { job } => {
                if let Some(cancelled) = port.jobs.borrow().get(&job) {
                    cancelled.set(true);
                }
                Ok((EngineReply::Done, vec![]))
            }
            ToEngine::Rewind { fills } => {
                opened(&mut *port.picture.lock().await)?.rewind(fills as usize)?;
                Ok((EngineReply::Done, vec![]))
            }
            ToEngine::Encode { format, purpose } => {
                self.progress(id, None, Stage::Encoding, 0.0);
                let blob = opened(&mut *port.picture.lock().await)?.encode(format, purpose).await?;
                Ok((EngineReply::Encoded, vec![blob]))
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of one message, and whom they concern")]
    async fn erase(
        &self,
        id: PortId,
        port: &Port,
        job: JobId,
        mask: crate::protocol::Rect,
        seed: u32,
        cancelled: &Rc<Cell<bool>>,
        blobs: &[Blob],
    ) -> Result<(EngineReply, Vec<Blob>), Failure> {
        let coverage = blobs.first().ok_or(Failure::EmptyMask)?;
        let coverage = bytes::read(coverage).await?;
        self.progress(id, Some(job), Stage::Queued, 0.0);
        let _turn = self.turn.lock().await;
        if cancelled.get() {
            return Err(Failure::Cancelled);
        }
        let mut slot = port.picture.lock().await;
        let picture = opened(&mut slot)?;
        let start = milliseconds();
        let report = |stage, done| {
            let stage = match stage {
                wasm_core::Stage::Filling => Stage::Filling,
                wasm_core::Stage::Blending => Stage::Blending,
            };
            self.progress(id, Some(job), stage, done);
        };
        let pacer = WorkerPacer::new(report, || cancelled.get());
        let (patch, blob) = picture.erase(mask, coverage, seed, &pacer).await?;
        Ok((EngineReply::Erased { patch, ms: milliseconds() - start }, vec![blob]))
    }

    fn progress(&self, port: PortId, job: Option<JobId>, stage: Stage, done: f32) {
        if let Ok(message) = wire::event(&EngineEvent::Progressed { job, stage, done }) {
            (self.post)(port, &message);
        }
    }
}

fn opened(slot: &mut Option<Picture>) -> Result<&mut Picture, Failure> {
    // An engine that was restarted does not know the picture: the overlay opens it again.
    slot.as_mut().ok_or(Failure::EngineLost)
}
