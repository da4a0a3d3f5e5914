//! All ports, and whose turn it is.

use super::model_store::{KeepAlive, ModelCache, Request};
use super::picture::{Made, Picture, converted, small_png};
use super::port::{PortId, Post};
use super::turns::Turns;
use crate::browser::bytes;
use crate::protocol::engine::{
    Cancel, Convert, Encode, Encoded, EngineChoice, EngineEvent, Erase, Erased, FindMark, FindText, FoundText, JobId,
    Keep, Lay, Learn, Learnt, Open, Prepare, Propose, Proposed, Ready, Release, Resume, Resumed, Rewind, Select, Stage,
    Stop, StopFinding, Take, Taken, ToEngine,
};
use crate::protocol::{Done, Failure, Rect};
use crate::wire::{self, Answered, Incoming, Pending};
use futures::lock::Mutex;
use gloo_timers::future::TimeoutFuture;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_core::inpaint::{Preview, Settings};
use wasm_core::web::{WorkerPacer, memory, milliseconds};
use web_sys::Blob;

/// How long the edit of a page that went away is kept, milliseconds.
const KEPT: u32 = 5 * 60 * 1000;

/// How long what a closed port had kept waits for the tab in which its edit goes on, milliseconds.
const LEFT: u32 = 60 * 1000;

/// What is known of one port.
#[derive(Default)]
struct Port {
    /// Its page is in a window that leaves no traces.
    incognito: bool,
    picture: Mutex<Option<Picture>>,
    /// Jobs that run or wait, and whether they have been told to stop.
    jobs: RefCell<HashMap<JobId, Rc<Cell<bool>>>>,
    /// Files that are written or wait to be, and whether they are not wanted any more.
    files: RefCell<Vec<Rc<Cell<bool>>>>,
    /// Whether the newest search for text is not wanted any more.
    search: RefCell<Rc<Cell<bool>>>,
    /// Under which name an unfinished edit is kept.
    key: RefCell<Option<String>>,
    /// What was done since the overlay last said that nothing needs to be kept.
    unfinished: Cell<bool>,
    /// What the overlay gave to be kept in case that its frame is taken away.
    kept: RefCell<Option<(Keep, Vec<Blob>)>>,
    /// While the overlay is open, the GPU keeps its model.
    keep_alive: RefCell<Option<KeepAlive>>,
}

impl Port {
    /// Its jobs stop at their next checkpoint.
    fn stop(&self) {
        for cancelled in self.jobs.borrow().values() {
            cancelled.set(true);
        }
        self.stop_writing();
    }

    /// Whether its picture is to be filled or written.
    fn is_wanted(&self) -> bool {
        !self.jobs.borrow().is_empty() || !self.files.borrow().is_empty()
    }

    fn stop_writing(&self) {
        for cancelled in &*self.files.borrow() {
            cancelled.set(true);
        }
    }

    /// What was searched for is not wanted any more; gives the mark of the next search.
    fn stop_finding(&self) -> Rc<Cell<bool>> {
        self.search.replace(Rc::default()).set(true);
        Rc::clone(&self.search.borrow())
    }

    fn keep(&self, call: Keep, blobs: Vec<Blob>) -> Answered<Keep> {
        *self.kept.borrow_mut() = Some((call, blobs));
        Ok((Done {}, []))
    }

    fn cancel(&self, call: &Cancel) -> Answered<Cancel> {
        if let Some(cancelled) = self.jobs.borrow().get(&call.job) {
            cancelled.set(true);
        }
        Ok((Done {}, []))
    }

    async fn rewind(&self, call: Rewind) -> Answered<Rewind> {
        opened(&mut *self.picture.lock().await)?.rewind(call.fills as usize)?;
        Ok((Done {}, []))
    }

    /// What was only prepared for clicks goes; a fill that still runs forgets it by itself.
    async fn forget_things(&self) {
        if let Some(picture) = &mut *self.picture.lock().await {
            picture.forget_things();
        }
    }

    async fn lay(&self, call: Lay, [patch]: [Blob; 1]) -> Answered<Lay> {
        opened(&mut *self.picture.lock().await)?.show_instead(call.onto as usize, call.patch, &patch).await?;
        Ok((Done {}, []))
    }
}

/// See the module.
pub struct Hub {
    ports: RefCell<HashMap<PortId, Rc<Port>>>,
    /// The last edit whose page went away under it. Its job, if one ran, runs on.
    draft: RefCell<Option<(String, Rc<Port>)>>,
    /// Ports that have closed with something kept, each for a minute.
    left: RefCell<Vec<Rc<Port>>>,
    /// Whose turn it is to fill.
    turns: Turns,
    cache: Rc<ModelCache>,
    post: Post,
}

impl Hub {
    /// `cache` has the model on the GPU, `post` sends a message out on a port.
    pub fn new(cache: Rc<ModelCache>, post: impl Fn(PortId, &JsValue) + 'static) -> Self {
        let post = Box::new(post);
        let (ports, draft, left) = Default::default();
        Self { ports, draft, left, turns: Turns::default(), cache, post }
    }

    /// A port closed. An unfinished edit is kept for some minutes, and this ends with them; otherwise its jobs stop at their next
    /// checkpoint and its picture is freed.
    pub async fn close(&self, port: PortId) {
        let Some(port) = self.ports.borrow_mut().remove(&port) else { return };
        port.keep_alive.take();
        let forgetting = Rc::clone(&port);
        futures::join!(
            self.leave(Rc::clone(&port)),
            self.keep_draft(port),
            async move { forgetting.forget_things().await }
        );
    }

    /// Holds what a port had kept for as long as the tab in which its edit goes on may take to ask for it.
    async fn leave(&self, port: Rc<Port>) {
        if port.kept.borrow().is_none() {
            return;
        }
        self.left.borrow_mut().push(Rc::clone(&port));
        TimeoutFuture::new(LEFT).await;
        self.left.borrow_mut().retain(|left| !Rc::ptr_eq(left, &port));
    }

    async fn keep_draft(&self, port: Rc<Port>) {
        let key = port.key.borrow().clone();
        let Some(key) = key.filter(|_| port.unfinished.get()) else { return port.stop() };
        // Whoever takes it up, or gives it up, frees it.
        let kept = Rc::downgrade(&port);
        let displaced = self.draft.borrow_mut().replace((key, port));
        if let Some((_, displaced)) = displaced {
            displaced.stop();
        }
        TimeoutFuture::new(KEPT).await;
        let forgotten = self.draft.borrow_mut().take_if(|(_, newest)| Rc::as_ptr(newest) == kept.as_ptr());
        if let Some((_, forgotten)) = forgotten {
            forgotten.stop();
        }
    }

    /// What was kept for the picture of this port.
    fn draft_of(&self, port: &Port) -> Option<Rc<Port>> {
        let draft = self.draft.borrow();
        let (key, kept) = draft.as_ref()?;
        (port.key.borrow().as_ref() == Some(key)).then(|| Rc::clone(kept))
    }

    /// Serves one message. `incognito` says whether its sender is in a window that leaves no traces.
    pub async fn serve(&self, id: PortId, message: JsValue, incognito: bool) {
        let request = Incoming::read(&message).and_then(Incoming::request::<ToEngine>);
        let Some((pending, call)) = request else { return };
        let keep_alive = || RefCell::new(Some(self.cache.keep_alive()));
        let opened = || Rc::new(Port { incognito, keep_alive: keep_alive(), ..Port::default() });
        let port = Rc::clone(self.ports.borrow_mut().entry(id).or_insert_with(opened));
        let answer = match call {
            Ok(call) => self.answer(id, &port, pending, call).await,
            Err(failure) => pending.refuse(failure),
        };
        (self.post)(id, &answer);
    }

    async fn answer(&self, id: PortId, port: &Port, pending: Pending, call: ToEngine) -> JsValue {
        match call {
            ToEngine::Open(call) => pending.serve(call, |call, blobs| self.open(id, port, call, blobs)).await,
            ToEngine::Resume(call) => pending.serve(call, |_, []| self.resume(port)).await,
            ToEngine::Release(call) => pending.serve(call, async |_, []| self.release(port)).await,
            ToEngine::Keep(call) => pending.serve(call, async |call, blobs| port.keep(call, blobs)).await,
            ToEngine::Take(call) => pending.serve(call, async |call, []| Ok(self.take(&call))).await,
            ToEngine::Erase(call) => pending.serve(call, |call, blobs| self.erase(id, port, call, blobs)).await,
            ToEngine::Propose(call) => pending.serve(call, |call, blobs| self.propose(id, port, call, blobs)).await,
            ToEngine::Select(call) => pending.serve(call, |call, []| self.select(id, port, call)).await,
            ToEngine::FindText(call) => pending.serve(call, async |FindText, []| self.find_text(id, port).await).await,
            ToEngine::StopFinding(call) => {
                let stop = async |StopFinding, []| {
                    port.stop_finding();
                    Ok((Done {}, []))
                };
                pending.serve(call, stop).await
            }
            ToEngine::Learn(call) => pending.serve(call, |call, blobs| self.learn(id, port, call, blobs)).await,
            ToEngine::FindMark(call) => pending.serve(call, |call, blobs| self.find_mark(id, port, call, blobs)).await,
            ToEngine::Prepare(call) => pending.serve(call, |call, []| self.prepare(id, call)).await,
            ToEngine::Cancel(call) => pending.serve(call, async |call, []| port.cancel(&call)).await,
            ToEngine::Stop(call) => {
                let stop = async |Stop, []| {
                    port.stop_writing();
                    Ok((Done {}, []))
                };
                pending.serve(call, stop).await
            }
            ToEngine::Rewind(call) => pending.serve(call, |call, []| port.rewind(call)).await,
            ToEngine::Lay(call) => pending.serve(call, |call, blobs| port.lay(call, blobs)).await,
            ToEngine::Convert(call) => pending.serve(call, async |Convert, [file]| converted(&file).await).await,
            ToEngine::Encode(call) => pending.serve(call, |call, []| self.encode(id, port, call)).await,
        }
    }

    async fn open(&self, id: PortId, port: &Port, call: Open, blobs: Vec<Blob>) -> Answered<Open> {
        let Open { fills, key } = call;
        self.progress(id, None, Stage::Reading, 0.0);
        let mut slot = port.picture.lock().await;
        let picture = Picture::open(&blobs, &fills).await?;
        port.unfinished.set(!fills.is_empty());
        *port.key.borrow_mut() = key.filter(|_| !port.incognito);
        let draft = fills.is_empty() && self.has_draft(port, &picture).await;
        let opened = picture.opened(draft);
        *slot = Some(picture);
        Ok((opened, []))
    }

    async fn resume(&self, port: &Port) -> Answered<Resume> {
        let kept = self.draft_of(port).ok_or(Failure::EngineLost)?;
        let picture = kept.picture.lock().await.take().ok_or(Failure::EngineLost)?;
        *self.draft.borrow_mut() = None;
        let (fills, patches) = picture.patches()?;
        *port.picture.lock().await = Some(picture);
        port.unfinished.set(true);
        Ok((Resumed { fills }, patches))
    }

    /// Gives what was kept for a session; its port may not have closed yet. It stays, because whoever takes it may fail and ask again.
    fn take(&self, call: &Take) -> (Taken, Vec<Blob>) {
        let (ports, left) = (self.ports.borrow(), self.left.borrow());
        let found = ports.values().chain(left.iter()).find_map(|port| {
            let kept = port.kept.borrow();
            let (kept, blobs) = kept.as_ref().filter(|(kept, _)| kept.session == call.session)?;
            // The edit goes on elsewhere, so nothing is left unfinished there, and nothing waits for what still runs.
            port.unfinished.set(false);
            port.stop();
            self.draft.borrow_mut().take_if(|(_, draft)| Rc::ptr_eq(draft, port));
            Some((kept.edit.clone(), blobs.clone()))
        });
        let (edit, blobs) = found.unzip();
        (Taken { edit }, blobs.unwrap_or_default())
    }

    fn release(&self, port: &Port) -> Answered<Release> {
        port.unfinished.set(false);
        port.kept.take();
        if let Some(kept) = self.draft_of(port) {
            kept.stop();
            *self.draft.borrow_mut() = None;
        }
        Ok((Done {}, []))
    }

    async fn prepare(&self, id: PortId, call: Prepare) -> Answered<Prepare> {
        let Prepare { model, options } = call;
        let start = milliseconds();
        let report = |_, done| self.progress(id, None, Stage::Loading, done);
        self.cache.lease(&model, &options, &WorkerPacer::new(report, || false)).await?;
        Ok((Ready { ms: milliseconds() - start, memory: memory() }, []))
    }

    /// What loose paint leaves out. It is not worth that the user waits: it stops when this picture is to be filled or written, and when it is closed.
    async fn propose(&self, id: PortId, port: &Port, call: Propose, [coverage]: [Blob; 1]) -> Answered<Propose> {
        let coverage = bytes::read(&coverage).await?;
        let mut slot = port.picture.lock().await;
        let is_in_the_way = || self.is_closed(id) || port.is_wanted();
        let found = opened(&mut slot)?.leftover(call.mask, coverage, &WorkerPacer::new(|_, _| {}, is_in_the_way)).await;
        proposed(unless_cancelled(found)?.flatten())
    }

    /// Finds a thing. Preparing alone is not worth that anybody waits: it stops for any fill, for a file of this picture, and when the picture is
    /// closed.
    async fn select(&self, id: PortId, port: &Port, call: Select) -> Answered<Select> {
        let mut slot = port.picture.lock().await;
        let picture = opened(&mut slot)?;
        if !call.outline.is_empty() {
            return proposed(picture.thing(&call.outline, &WorkerPacer::new(|_, _| {}, || false)).await?);
        }
        let is_in_the_way = || self.is_closed(id) || port.is_wanted() || self.is_filling();
        unless_cancelled(picture.prepare_things(&WorkerPacer::new(|_, _| {}, is_in_the_way)).await)?;
        proposed(None)
    }

    /// Finds words. They are an offer: finding them stops when this picture is to be filled or written, and when it is closed.
    async fn find_text(&self, id: PortId, port: &Port) -> Answered<FindText> {
        let stopped = port.stop_finding();
        let mut slot = port.picture.lock().await;
        let is_in_the_way = || stopped.get() || self.is_closed(id) || port.is_wanted();
        let (lines, strokes) = opened(&mut slot)?.text(&WorkerPacer::new(|_, _| {}, is_in_the_way)).await?;
        Ok((FoundText { lines }, [bytes::blob(&strokes, "application/octet-stream")?]))
    }

    async fn learn(&self, id: PortId, port: &Port, call: Learn, [coverage]: [Blob; 1]) -> Answered<Learn> {
        let coverage = bytes::read(&coverage).await?;
        let mut slot = port.picture.lock().await;
        let pacer = WorkerPacer::new(|_, _| {}, || self.is_closed(id));
        let Some((mark, painted)) = opened(&mut slot)?.learn(call.mask, coverage, &pacer).await? else {
            return Ok((Learnt { width: 0, height: 0 }, vec![]));
        };
        let Rect { width, height, .. } = painted.0;
        let blob = |data: &[u8]| bytes::blob(data, "application/octet-stream");
        Ok((Learnt { width, height }, vec![blob(&mark)?, blob(&painted.1)?]))
    }

    async fn find_mark(&self, id: PortId, port: &Port, call: FindMark, blobs: [Blob; 2]) -> Answered<FindMark> {
        let FindMark { width, height } = call;
        let [mark, painted] = [bytes::read(&blobs[0]).await?, bytes::read(&blobs[1]).await?];
        let mut slot = port.picture.lock().await;
        let pacer = WorkerPacer::new(|_, _| {}, || self.is_closed(id));
        proposed(opened(&mut slot)?.find_mark((width, height), &mark, painted, &pacer).await?)
    }

    fn is_closed(&self, port: PortId) -> bool {
        !self.ports.borrow().contains_key(&port)
    }

    /// Whether a fill runs or waits, of any port.
    fn is_filling(&self) -> bool {
        self.turns.are_taken() || self.ports.borrow().values().any(|port| !port.jobs.borrow().is_empty())
    }

    async fn encode(&self, id: PortId, port: &Port, call: Encode) -> Answered<Encode> {
        let cancelled = Rc::new(Cell::new(false));
        port.files.borrow_mut().push(Rc::clone(&cancelled));
        self.progress(id, None, Stage::Writing, 0.0);
        let mut slot = port.picture.lock().await;
        let report = |stage, done| self.progress(id, None, told(stage), done);
        let pacer = WorkerPacer::new(report, || cancelled.get());
        let file = match opened(&mut slot) {
            Ok(_) if cancelled.get() => Err(Failure::Cancelled),
            Ok(picture) => picture.encode(call, &pacer).await,
            Err(lost) => Err(lost),
        };
        port.files.borrow_mut().retain(|other| !Rc::ptr_eq(other, &cancelled));
        Ok((Encoded {}, [file?]))
    }

    /// Waits for the kept edit's job, if one still runs, and says whether it is an edit of `picture`.
    async fn has_draft(&self, port: &Port, picture: &Picture) -> bool {
        let Some(kept) = self.draft_of(port) else { return false };
        let slot = kept.picture.lock().await;
        slot.as_ref().is_some_and(|kept| kept.is_edited() && kept.is_of_same_file(picture))
    }

    async fn erase(&self, id: PortId, port: &Port, call: Erase, [coverage]: [Blob; 1]) -> Answered<Erase> {
        port.unfinished.set(true);
        let cancelled = Rc::new(Cell::new(false));
        port.jobs.borrow_mut().insert(call.job, Rc::clone(&cancelled));
        let result = self.fill(id, port, &call, &coverage, &cancelled).await;
        port.jobs.borrow_mut().remove(&call.job);
        result
    }

    /// Waits for its turn, and fills.
    async fn fill(
        &self,
        id: PortId,
        port: &Port,
        call: &Erase,
        coverage: &Blob,
        cancelled: &Cell<bool>,
    ) -> Answered<Erase> {
        let coverage = bytes::read(coverage).await?;
        if self.turns.are_taken() {
            self.progress(id, Some(call.job), Stage::Queued, 0.0);
        }
        let _turn = self.turns.mine().await;
        if cancelled.get() {
            return Err(Failure::Cancelled);
        }
        let mut slot = port.picture.lock().await;
        let picture = opened(&mut slot)?;
        let start = milliseconds();
        let report = |stage, done| self.progress(id, Some(call.job), told(stage), done);
        let pacer = WorkerPacer::new(report, || cancelled.get());
        let Made { rect: patch, patch: blob, invents_text, reading } = match &call.engine {
            EngineChoice::Instant { route } => picture.erase(call.mask, coverage, call.seed, *route, &pacer).await?,
            EngineChoice::Hide { by } => picture.hide(call.mask, coverage, *by, &pacer).await?,
            EngineChoice::Model { model, options } => {
                let settings = Settings { seed: call.seed, ..Settings::default() };
                let request = Request { cache: &self.cache, model, options };
                let seen = |preview| self.preview(id, call.job, &preview);
                picture.inpaint(call.mask, coverage, settings, &request, &pacer, seen).await?
            }
        };
        Ok((Erased { patch, ms: milliseconds() - start, invents_text, reading }, [blob]))
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
        wasm_core::Stage::Writing => Stage::Writing,
    }
}

/// A region of the picture as an answer.
fn proposed(found: Option<(Rect, Vec<u8>)>) -> Answered<Propose> {
    let Some((rect, coverage)) = found else { return Ok((Proposed { rect: None }, vec![])) };
    Ok((Proposed { rect: Some(rect) }, vec![bytes::blob(&coverage, "application/octet-stream")?]))
}

/// None of what was cancelled.
fn unless_cancelled<T>(result: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match result {
        Err(Failure::Cancelled) => Ok(None),
        other => other.map(Some),
    }
}

fn opened(slot: &mut Option<Picture>) -> Result<&mut Picture, Failure> {
    // An engine that was restarted does not know the picture: the overlay opens it again.
    slot.as_mut().ok_or(Failure::EngineLost)
}
