//! The model on the GPU: loaded by its first job, kept while an overlay is open and some minutes longer, then freed.

use super::super::busy::{Busy, Reason};
use super::records::Records;
use super::{packs, settings};
use crate::engine_host::failure::failure;
use crate::model_catalogue::catalogue::Catalogue;
use crate::protocol::Failure;
use crate::protocol::models::{ModelId, OptionValue};
use futures::lock::{Mutex, MutexGuard};
use gloo_timers::future::TimeoutFuture;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use wasm_core::Pacer;
use wasm_core::gpu::{Device, Gpu, Preference};
use wasm_core::models::{Model, Painter, SHIPPED, Values};
use wasm_core::weights::Pack;

/// Most operations of one step of a model that may run on a GPU emulated by the CPU, which does about 10^9 a second. The published model has a
/// hundred times more.
const MAX_OPERATIONS_ON_SOFTWARE: u64 = 5_000_000_000;

/// A model on the GPU.
struct Loaded {
    id: ModelId,
    /// The model's own file and the parts that it needs, each with the SHA-256 of its pack: a changed pack is another model.
    files: Vec<(String, String)>,
    painter: Box<dyn Painter>,
    /// Keeps the document open: when the model is freed depends on the user's setting, not on the browser.
    _reason: Reason,
}

/// See the module.
pub struct ModelCache {
    catalogue: Rc<Catalogue>,
    loaded: Mutex<Option<Loaded>>,
    /// How many guards are held that keep the model on the GPU.
    kept_alive: Cell<u32>,
    /// Counts the guards that were ever taken. A timer that was set to free the model does nothing if this has changed meanwhile.
    visits: Cell<u32>,
    busy: Rc<Busy>,
    /// Milliseconds that an erase is expected to take with each model.
    estimates: RefCell<BTreeMap<&'static str, f64>>,
}

/// Keeps the model on the GPU until this is dropped.
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

/// A request to use a model.
pub(crate) struct Request<'a> {
    /// The cache to take it from.
    pub(crate) cache: &'a Rc<ModelCache>,
    /// Id of its file.
    pub(crate) model: &'a str,
    /// The user's values of its options.
    pub(crate) options: &'a [OptionValue],
}

impl Request<'_> {
    /// As [`ModelCache::lease`].
    pub(crate) async fn lease(&self, pacer: &dyn Pacer) -> Result<Lease<'_>, Failure> {
        self.cache.lease(self.model, self.options, pacer).await
    }
}

/// A model in use. Other requests wait until this is dropped.
pub(crate) struct Lease<'a> {
    loaded: MutexGuard<'a, Option<Loaded>>,
    options: Values,
    _keep_alive: KeepAlive,
}

impl Lease<'_> {
    /// The model, and the options that it is ready for.
    pub(crate) fn model(&mut self) -> Result<(&mut dyn Painter, &Values), Failure> {
        let loaded = self.loaded.as_mut().ok_or(Failure::ModelMissing)?;
        Ok((loaded.painter.as_mut(), &self.options))
    }
}

impl ModelCache {
    pub(super) fn new(catalogue: Rc<Catalogue>, busy: Rc<Busy>) -> Self {
        let (kept_alive, visits, estimates) = (Cell::new(0), Cell::new(0), RefCell::default());
        Self { catalogue, loaded: Mutex::new(None), kept_alive, visits, busy, estimates }
    }

    /// Keeps the model on the GPU until the guard is dropped, and for the minutes that the user set afterwards.
    pub(crate) fn keep_alive(self: &Rc<Self>) -> KeepAlive {
        self.kept_alive.set(self.kept_alive.get() + 1);
        self.visits.set(self.visits.get() + 1);
        KeepAlive(Rc::clone(self))
    }

    /// The requested model, loaded if it is not, and ready for these values of its options; options without a value have their default.
    ///
    /// # Errors
    /// [`Failure::ModelMissing`] if the model or a part that it needs is not installed, [`Failure::BadModel`] if its pack cannot be used,
    /// [`Failure::Gpu`] if the GPU cannot run it.
    pub(crate) async fn lease(
        self: &Rc<Self>,
        id: &str,
        options: &[OptionValue],
        pacer: &dyn Pacer,
    ) -> Result<Lease<'_>, Failure> {
        let keep_alive = self.keep_alive();
        let mut loaded = self.loaded.lock().await;
        let records = Records::open().await?;
        let (model, files) = self.files(&records, id).await?;
        let given = options.iter().map(|option| (option.id.as_str(), option.value));
        let options = Values::checked(model.options(), given).map_err(failure)?;
        let is_alive = |painter: &dyn Painter| painter.gpu().is_none_or(|gpu| gpu.check().is_ok());
        let fits = |loaded: &Loaded| loaded.id == id && loaded.files == files && is_alive(loaded.painter.as_ref());
        if let Some(loaded) = loaded.as_mut().filter(|loaded| fits(loaded)) {
            if !loaded.painter.is_ready_for(&options) {
                let packs = all_opened(&records, &files).await?;
                loaded.painter.adapt(&options, &packs, pacer).await.map_err(failure)?;
            }
        } else {
            free(&mut loaded);
            let reason = self.busy.hold();
            let packs = all_opened(&records, &files).await?;
            let painter = load(model, &packs, &options, pacer).await?;
            *loaded = Some(Loaded { id: id.to_owned(), files, painter, _reason: reason });
        }
        // Nothing but the date of the last use would be wrong.
        let _ = records.touch(id, js_sys::Date::now()).await;
        Ok(Lease { loaded, options, _keep_alive: keep_alive })
    }

    /// The architecture of a file, and the files to load, its own first, each with the SHA-256 of its pack.
    async fn files(&self, records: &Records, id: &str) -> Result<(&'static dyn Model, Vec<(String, String)>), Failure> {
        let pack = records.read(id).await.and_then(|record| record.pack).ok_or(Failure::ModelMissing)?;
        let found = SHIPPED.of_network(&pack.network).filter(|(_, file)| !file.is_part());
        let (model, _) =
            found.ok_or_else(|| Failure::BadModel { detail: format!("a network called {}", pack.network) })?;
        let mut files = vec![(id.to_owned(), pack.sha256)];
        for part in self.catalogue.needs(id, Some(model.name())).unwrap_or_default() {
            let pack = records.read(part).await.and_then(|record| record.pack).ok_or(Failure::ModelMissing)?;
            files.push((part.clone(), pack.sha256));
        }
        Ok((model, files))
    }

    /// Frees a model, after waiting for its loading or its job to end. No model is loaded until the returned guard is dropped, so that the
    /// model's files can be removed meanwhile.
    pub(super) async fn forget(&self, id: &str) -> impl Drop + '_ {
        let mut loaded = self.loaded.lock().await;
        if loaded.as_ref().is_some_and(|loaded| loaded.id == id) {
            free(&mut loaded);
        }
        loaded
    }

    /// Estimates how long an erase takes on this GPU with each model. Says whether it has done so just now.
    ///
    /// # Errors
    /// [`Failure`] of a GPU that is not there or fails.
    pub(super) async fn estimate(&self) -> Result<bool, Failure> {
        // A model that works meanwhile would make the GPU seem slow.
        let _alone = self.loaded.lock().await;
        if !self.estimates.borrow().is_empty() {
            return Ok(false);
        }
        let gpu = Gpu::open(Preference::Fastest).await.map_err(failure)?;
        let device = Device::measured(&gpu).await.map_err(failure)?;
        let of = |model: &&dyn Model| Some((model.name(), 1e3 * model.estimate(&gpu, device)?));
        self.estimates.borrow_mut().extend(SHIPPED.models().iter().filter_map(of));
        gpu.destroy();
        Ok(true)
    }

    /// Milliseconds that an erase with a model is expected to take; none before [`Self::estimate`].
    pub(super) fn estimated(&self, model: &str) -> Option<f64> {
        self.estimates.borrow().get(model).copied()
    }

    /// Waits for a loading or a job to end. No model is loaded until the returned guard is dropped: its files are open meanwhile, for one reader only.
    pub(super) async fn pause(&self) -> impl Drop + '_ {
        self.loaded.lock().await
    }

    /// Frees the model on the GPU once no request has come for the time that the user set.
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

/// Frees the GPU's memory at once, not at the browser's next garbage collection.
fn free(loaded: &mut Option<Loaded>) {
    if let Some(gpu) = loaded.take().as_ref().and_then(|loaded| loaded.painter.gpu()) {
        gpu.destroy();
    }
}

async fn all_opened(records: &Records, files: &[(String, String)]) -> Result<Vec<Pack>, Failure> {
    let mut all = vec![];
    for (id, _) in files {
        all.push(packs::open(records, id).await?);
    }
    Ok(all)
}

async fn load(
    model: &dyn Model,
    packs: &[Pack],
    options: &Values,
    pacer: &dyn Pacer,
) -> Result<Box<dyn Painter>, Failure> {
    let gpu = match Gpu::open(Preference::Fastest).await {
        Err(error) if model.needs_gpu() => return Err(failure(error)),
        opened => opened.ok().map(Rc::new),
    };
    if gpu.as_ref().is_some_and(|gpu| gpu.is_software())
        && model.cost(packs, gpu.as_deref()).map_err(failure)?.operations > MAX_OPERATIONS_ON_SOFTWARE
    {
        return Err(Failure::Gpu { detail: "without a GPU, the model would take many minutes".into() });
    }
    model.load(packs, gpu, options, pacer).await.map_err(failure)
}
