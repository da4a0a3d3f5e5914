//! All ports, and whose turn it is.

use super::model_store::{KeepAlive, ModelCache, Request};
use super::picture::{Picture, small_png};
use super::turns::Turns;
use crate::browser::bytes;
use crate::protocol::Failure;
use crate::protocol::engine::{EngineChoice, EngineEvent, EngineReply, JobId, Stage, ToEngine};
use crate::wire::{self, Incoming};
use futures::lock::Mutex;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_core::inpaint::{Preview, Settings};
use wasm_core::web::{WorkerPacer, memory, milliseconds};
use web_sys::Blob;

/// Number of a port, given by the document's script.
type PortId = u32;

/// Sends a message out on a port.
type Post = Box<dyn Fn(PortId, &JsValue)>;

/// What is known of one port.
#[derive(Default)]
struct Port {
    picture: Mutex<Option<Picture>>,
    /// Jobs that run or wait, and whether they have been told to stop.
    jobs: RefCell<HashMap<JobId, Rc<Cell<bool>>>>,
    /// Under which name an unfinished edit is kept.
    key: RefCell<Option<String>>,
    /// What was done since the overlay last said that nothing needs to be kept.
    unfinished: Cell<bool>,
    /// While the overlay is open, the GPU keeps its model.
    keep_alive: RefCell<Option<KeepAlive>>,
}

impl Port {
    /// Its jobs stop at their next checkpoint.
    fn stop(&self) {
        for cancelled in self.jobs.borrow().values() {
            cancelled.set(true);
        }
    }
}

/// What is to be erased, and how.
struct Job {
    job: JobId,
    mask: crate::protocol::Rect,
    engine: EngineChoice,
    seed: u32,
    cancelled: Rc<Cell<bool>>,
}

/// See the module.
pub struct Hub {
    ports: RefCell<HashMap<PortId, Rc<Port>>>,
    /// The last edit whose page went away under it. Its job, if one ran, runs on.
    draft: RefCell<Option<(String, Rc<Port>)>>,
    /// Whose turn it is to fill.
    turns: Turns,
    cache: Rc<ModelCache>,
    post: Post,
}

impl Hub {
    /// `cache` has the model on the GPU, `post` sends a message out on a port.
    pub fn new(cache: Rc<ModelCache>, post: impl Fn(PortId, &JsValue) + 'static) -> Self {
        let post = Box::new(post);
        Self { ports: RefCell::default(), draft: RefCell::default(), turns: Turns::default(), cache, post }
    }

    /// A port closed. An unfinished edit is kept; otherwise its jobs stop at their next checkpoint and its picture is
    /// freed.
    pub fn close(&self, port: PortId) {
        let Some(port) = self.ports.borrow_mut().remove(&port) else { return };
        port.keep_alive.take();
        let key = port.key.borrow().clone();
        if let Some(key) = key.filter(|_| port.unfinished.get()) {
            let displaced = self.draft.borrow_mut().replace((key, port));
            if let Some((_, displaced)) = displaced {
                displaced.stop();
            }
            return;
        }
        port.stop();
    }

    /// What was kept for the picture of this port.
    fn draft_of(&self, port: &Port) -> Option<Rc<Port>> {
        let draft = self.draft.borrow();
        let (key, kept) = draft.as_ref()?;
        (port.key.borrow().as_ref() == Some(key)).then(|| Rc::clone(kept))
    }

    /// Serves one message.
    pub async fn serve(&self, id: PortId, message: JsValue) {
        let Some(incoming) = Incoming::read(&message) else { return };
        let Some(request) = incoming.id else { return };
        let opened = || Rc::new(Port { keep_alive: RefCell::new(Some(self.cache.keep_alive())), ..Port::default() });
        let port = Rc::clone(self.ports.borrow_mut().entry(id).or_insert_with(opened));
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
            ToEngine::Open { fills, key } => {
                self.progress(id, None, Stage::Reading, 0.0);
                let mut slot = port.picture.lock().await;
                let (picture, mut opened) = Picture::open(blobs, &fills).await?;
                port.unfinished.set(!fills.is_empty());
                *port.key.borrow_mut() = key;
                if let EngineReply::Opened { draft, .. } = &mut opened {
                    *draft = fills.is_empty() && self.has_draft(port, &picture).await;
                }
                *slot = Some(picture);
                Ok((opened, vec![]))
            }
            ToEngine::Resume => {
                let kept = self.draft_of(port).ok_or(Failure::EngineLost)?;
                let picture = kept.picture.lock().await.take().ok_or(Failure::EngineLost)?;
                *self.draft.borrow_mut() = None;
                let (fills, patches) = picture.patches()?;
                *port.picture.lock().await = Some(picture);
                port.unfinished.set(true);
                Ok((EngineReply::Resumed { fills }, patches))
            }
            ToEngine::Release => {
                port.unfinished.set(false);
                if let Some(kept) = self.draft_of(port) {
                    kept.stop();
                    *self.draft.borrow_mut() = None;
                }
                Ok((EngineReply::Done, vec![]))
            }
            ToEngine::Erase { job, mask, engine, seed } => {
                let cancelled = Rc::new(Cell::new(false));
                port.unfinished.set(true);
                port.jobs.borrow_mut().insert(job, Rc::clone(&cancelled));
                let ask = Job { job, mask, engine, seed, cancelled };
                let result = self.erase(id, port, &ask, blobs).await;
                port.jobs.borrow_mut().remove(&job);
                result
            }
            ToEngine::Prepare { model, options } => {
                let start = milliseconds();
                let report = |_, done| self.progress(id, None, Stage::Loading, done);
                self.cache.lease(&model, &options, &WorkerPacer::new(report, || false)).await?;
                Ok((EngineReply::Ready { ms: milliseconds() - start, memory: memory() }, vec![]))
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
            ToEngine::Lay { patch, onto } => {
                let blob = blobs.first().ok_or_else(|| Failure::Internal { detail: "no patch came along".into() })?;
                opened(&mut *port.picture.lock().await)?.show_instead(onto as usize, patch, blob).await?;
                Ok((EngineReply::Done, vec![]))
            }
            ToEngine::Encode { format, purpose, note } => {
                self.progress(id, None, Stage::Writing, 0.0);
                let blob = opened(&mut *port.picture.lock().await)?.encode(format, purpose, note).await?;
                Ok((EngineReply::Encoded, vec![blob]))
            }
        }
    }

    /// Waits for the kept edit's job, if one still runs, and says whether it is an edit of `picture`.
    async fn has_draft(&self, port: &Port, picture: &Picture) -> bool {
        let Some(kept) = self.draft_of(port) else { return false };
        let slot = kept.picture.lock().await;
        slot.as_ref().is_some_and(|kept| kept.is_edited() && kept.is_of_same_file(picture))
    }

    async fn erase(
        &self,
        id: PortId,
        port: &Port,
        ask: &Job,
        blobs: &[Blob],
    ) -> Result<(EngineReply, Vec<Blob>), Failure> {
        let coverage = blobs.first().ok_or(Failure::EmptyMask)?;
        let coverage = bytes::read(coverage).await?;
        self.progress(id, Some(ask.job), Stage::Queued, 0.0);
        let _turn = self.turns.mine().await;
        if ask.cancelled.get() {
            return Err(Failure::Cancelled);
        }
        let mut slot = port.picture.lock().await;
        let picture = opened(&mut slot)?;
        let start = milliseconds();
        let report = |stage, done| self.progress(id, Some(ask.job), told(stage), done);
        let pacer = WorkerPacer::new(report, || ask.cancelled.get());
        let (patch, blob) = match &ask.engine {
            EngineChoice::Instant => picture.erase(ask.mask, coverage, ask.seed, &pacer).await?,
            EngineChoice::Model { model, options } => {
                let settings = Settings { seed: ask.seed, ..Settings::default() };
                let request = Request { cache: &self.cache, model, options };
                let seen = |preview| self.preview(id, ask.job, &preview);
                picture.inpaint(ask.mask, coverage, settings, &request, &pacer, seen).await?
            }
        };
        Ok((EngineReply::Erased { patch, ms: milliseconds() - start }, vec![blob]))
    }

    fn preview(&self, port: PortId, job: JobId, preview: &Preview) {
        let Ok(png) = small_png(preview) else { return };
        let (x, y) = (preview.x as f64, preview.y as f64);
        if let Ok(message) = wire::event(&EngineEvent::Preview { job, x, y, side: preview.side }, &[png]) {
            (self.post)(port, &message);
        }
    }

    fn progress(&self, port: PortId, job: Option<JobId>, stage: Stage, done: f32) {
        if let Ok(message) = wire::event(&EngineEvent::Progressed { job, stage, done }, &[]) {
            (self.post)(port, &message);
        }
    }
}

/// The engine's stages in the protocol's words.
fn told(stage: wasm_core::Stage) -> Stage {
    match stage {
        wasm_core::Stage::Loading => Stage::Loading,
        wasm_core::Stage::Encoding => Stage::Encoding,
        wasm_core::Stage::Denoising { step, steps } => Stage::Denoising { step, steps },
        wasm_core::Stage::Decoding => Stage::Decoding,
        wasm_core::Stage::Filling => Stage::Filling,
        wasm_core::Stage::Blending => Stage::Blending,
    }
}

fn opened(slot: &mut Option<Picture>) -> Result<&mut Picture, Failure> {
    // An engine that was restarted does not know the picture: the overlay opens it again.
    slot.as_mut().ok_or(Failure::EngineLost)
}
