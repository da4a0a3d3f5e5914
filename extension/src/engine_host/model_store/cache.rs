//! The model on the GPU: loaded when it is first needed, kept while somebody may need it again, and then freed.

use super::super::busy::{Busy, Reason};
use super::failure::not_running;
use super::records::Records;
use super::{packs, settings};
use crate::protocol::Failure;
use crate::protocol::models::ModelId;
use futures::lock::{Mutex, MutexGuard};
use gloo_timers::future::TimeoutFuture;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use wasm_core::Pacer;
use wasm_core::diffusion::schedule::{STRENGTH, Schedule};
use wasm_core::gpu::{Gpu, Preference};
use wasm_core::models::moebius::pipeline::{Graphs, ModelConfig, Moebius, Precision};

/// Operations of one step that are bearable on a CPU, which does about 10^9 a second. The published model has a hundred times more.
const MOST_ON_SOFTWARE: u64 = 5_000_000_000;

/// A model on the GPU.
struct Loaded {
    id: ModelId,
    /// SHA-256 of its pack and of the shared part's: another pack of the same name is another model.
    packs: [String; 2],
    steps: u32,
    moebius: Moebius,
    /// The document stays open for it: the time is up to us.
    _reason: Reason,
}

/// See the module.
pub struct ModelCache {
    vae: ModelId,
    loaded: Mutex<Option<Loaded>>,
    /// How many may need it at any moment.
    kept_alive: Cell<u32>,
    /// Counts up when somebody comes: who waited to free the model lets it be.
    visits: Cell<u32>,
    busy: Rc<Busy>,
}

/// Somebody may need a model at any moment, until this is dropped.
pub(crate) struct KeepAlive(Rc<ModelCache>);

impl Drop for KeepAlive {
    fn drop(&mut self) {
        let cache = Rc::clone(&self.0);
        cache.kept_alive.set(cache.kept_alive.get() - 1);
        if cache.kept_alive.get() == 0 {
            spawn_local(cache.rest());
        }
    }
}

/// A model that somebody wants to use.
pub(crate) struct Request<'a> {
    /// Where it is kept.
    pub(crate) cache: &'a Rc<ModelCache>,
    /// Which.
    pub(crate) model: &'a str,
    /// In so many steps of the whole schedule.
    pub(crate) steps: u32,
}

impl Request<'_> {
    /// As [`ModelCache::lease`].
    pub(crate) async fn lease(&self, pacer: &dyn Pacer) -> Result<Lease<'_>, Failure> {
        self.cache.lease(self.model, self.steps, pacer).await
    }
}

/// A model in use; others wait.
pub(crate) struct Lease<'a> {
    loaded: MutexGuard<'a, Option<Loaded>>,
    _keep_alive: KeepAlive,
}

impl Lease<'_> {
    /// The model.
    pub(crate) fn model(&mut self) -> Result<&mut Moebius, Failure> {
        self.loaded.as_mut().map(|loaded| &mut loaded.moebius).ok_or(Failure::Gone)
    }
}

impl ModelCache {
    pub(super) fn new(vae: ModelId, busy: Rc<Busy>) -> Self {
        Self { vae, loaded: Mutex::new(None), kept_alive: Cell::new(0), visits: Cell::new(0), busy }
    }

    /// Keeps what is on the GPU there, until the guard is dropped and some time after.
    pub(crate) fn keep_alive(self: &Rc<Self>) -> KeepAlive {
        self.kept_alive.set(self.kept_alive.get() + 1);
        self.visits.set(self.visits.get() + 1);
        KeepAlive(Rc::clone(self))
    }

    /// A model, ready to run in `steps` steps of the whole schedule; loaded if it is not there.
    ///
    /// # Errors
    /// [`Failure::Gone`] if it is not installed, [`Failure::BadModel`] if its pack is of no use, [`Failure::Gpu`] if the GPU is
    /// not.
    pub(crate) async fn lease(self: &Rc<Self>, id: &str, steps: u32, pacer: &dyn Pacer) -> Result<Lease<'_>, Failure> {
        let keep_alive = self.keep_alive();
        let mut loaded = self.loaded.lock().await;
        let records = Records::open().await?;
        let packs = [hash(&records, id).await?, hash(&records, &self.vae).await?];
        let fits = |loaded: &Loaded| loaded.id == id && loaded.packs == packs && loaded.moebius.gpu().check().is_ok();
        if let Some(loaded) = loaded.as_mut().filter(|loaded| fits(loaded)) {
            if loaded.steps != steps {
                let unet = packs::open(&records, id).await?;
                let schedule = Schedule::new(steps, STRENGTH).map_err(not_running)?;
                loaded.moebius.reschedule(schedule, &unet, pacer).await.map_err(not_running)?;
                loaded.steps = steps;
            }
        } else {
            free(&mut loaded);
            let reason = self.busy.hold();
            let moebius = load(&records, id, &self.vae, steps, pacer).await?;
            *loaded = Some(Loaded { id: id.to_owned(), packs, steps, moebius, _reason: reason });
        }
        // A date is not worth failing for.
        let _ = records.touch(id, js_sys::Date::now()).await;
        Ok(Lease { loaded, _keep_alive: keep_alive })
    }

    /// Frees a model, also one that is just being loaded. Until what this gives is dropped, no model is loaded: its files may go.
    pub(super) async fn forget(&self, id: &str) -> impl Drop + '_ {
        let mut loaded = self.loaded.lock().await;
        if loaded.as_ref().is_some_and(|loaded| loaded.id == id) {
            free(&mut loaded);
        }
        loaded
    }

    /// Frees whatever is there, once nobody has come for the time that the user set.
    async fn rest(self: Rc<Self>) {
        let visits = self.visits.get();
        let minutes = settings::warm_minutes().await.unwrap_or(settings::USUAL_MINUTES);
        TimeoutFuture::new(minutes.saturating_mul(60_000)).await;
        let mut loaded = self.loaded.lock().await;
        if self.kept_alive.get() == 0 && self.visits.get() == visits {
            free(&mut loaded);
        }
    }
}

/// Memory goes back at once, not when the browser next collects garbage.
fn free(loaded: &mut Option<Loaded>) {
    if let Some(loaded) = loaded.take() {
        loaded.moebius.gpu().destroy();
    }
}

async fn hash(records: &Records, id: &str) -> Result<String, Failure> {
    let pack = records.read(id).await.and_then(|record| record.pack);
    pack.map(|pack| pack.sha256).ok_or(Failure::Gone)
}

async fn load(records: &Records, id: &str, vae: &str, steps: u32, pacer: &dyn Pacer) -> Result<Moebius, Failure> {
    let (unet, vae) = (packs::open(records, id).await?, packs::open(records, vae).await?);
    let config = ModelConfig::of_packs(&unet, &vae).map_err(not_running)?;
    let gpu = Rc::new(Gpu::open(Preference::Fastest).await.map_err(not_running)?);
    let precision = Precision::preferred(&gpu);
    let schedule = Schedule::new(steps, STRENGTH).map_err(not_running)?;
    if gpu.is_software()
        && Graphs::record(&config, &schedule, precision).map_err(not_running)?.step.flops() > MOST_ON_SOFTWARE
    {
        return Err(Failure::Gpu { detail: "without a GPU, the model would take many minutes".into() });
    }
    Moebius::load(gpu, config, schedule, precision, &unet, &vae, pacer).await.map_err(not_running)
}
