//! The models on this machine: downloaded, verified, prepared, kept, removed.
//!
//! For each file there are, in one private folder, `ID.json` (its [`Record`]), `ID.part` (its published form, as far as it has
//! come) and `ID.pack` (what the GPU wants). A record is written before what it speaks of changes, so that the browser may be
//! closed at any moment: a pack without a record that says `installed` is none.

mod cache;
mod download;
mod gpu;
mod prepare;
mod records;

use super::busy::Busy;
use crate::browser::files;
use crate::model_catalogue::catalogue::{Catalogue, Entry};
use crate::model_catalogue::record::{Record, State, own_id};
use crate::model_catalogue::{hub, ranges};
use crate::protocol::Failure;
use crate::protocol::models::{
    Model, ModelId, ModelsEvent, ModelsReply, Precision, Settings, Status, Storage, ToModels, Work,
};
use crate::wire::{self, Incoming};
use futures::lock::Mutex;
use records::Records;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_core::web::milliseconds;
use wasm_core::weights::pack::LAYOUT;
use web_sys::{Blob, Url};

pub use cache::ModelCache;
pub(super) use cache::{KeepAlive, Request};

/// Number of a port, given by the document's script.
type PortId = u32;

/// Sends a message out on a port.
type Post = Box<dyn Fn(PortId, &JsValue)>;

/// Setting: origin of a mirror of the hub.
const MIRROR: &str = "hub";
/// Setting: the model to erase with.
const PREFERRED: &str = "preferred";
/// Time between two reports of one download, milliseconds.
const REPORT_EVERY: f64 = 250.0;

/// Why a job is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// The user wants to go on later.
    Pause,
    /// The user does not want it any more.
    Delete,
}

/// A job that is under way.
#[derive(Default)]
struct Job {
    stop: Cell<Option<Stop>>,
}

impl Job {
    fn check(&self) -> Result<(), Failure> {
        if self.stop.get().is_some() { Err(Failure::Cancelled) } else { Ok(()) }
    }
}

/// See the module.
pub struct ModelStore {
    catalogue: Catalogue,
    ports: RefCell<BTreeSet<PortId>>,
    /// What is under way, by model.
    jobs: RefCell<BTreeMap<ModelId, Rc<Job>>>,
    /// Held by whoever works on a file: two models that need the same one wait for each other.
    files: RefCell<BTreeMap<String, Rc<Mutex<()>>>>,
    post: Post,
    /// Keeps the document from closing.
    busy: Rc<Busy>,
    cache: Rc<ModelCache>,
    /// What another version left behind has been removed.
    tidied: Cell<bool>,
}

impl ModelStore {
    /// `post` sends a message out on a port; `busy` hears whenever work begins and when all has ended.
    pub fn new(post: impl Fn(PortId, &JsValue) + 'static, busy: impl Fn(bool) + 'static) -> Self {
        let catalogue = Catalogue::built_in();
        let busy = Rc::new(Busy::new(busy));
        Self {
            cache: Rc::new(ModelCache::new(catalogue.vae.id.clone(), Rc::clone(&busy))),
            catalogue,
            ports: RefCell::default(),
            jobs: RefCell::default(),
            files: RefCell::default(),
            post: Box::new(post),
            busy,
            tidied: Cell::new(false),
        }
    }

    /// The model on the GPU.
    pub fn cache(&self) -> &Rc<ModelCache> {
        &self.cache
    }

    /// A port closed. What is under way goes on.
    pub fn close(&self, port: PortId) {
        self.ports.borrow_mut().remove(&port);
    }

    /// Serves one message.
    pub async fn serve(self: &Rc<Self>, port: PortId, message: JsValue) {
        let Some(incoming) = Incoming::read(&message) else { return };
        let Some(request) = incoming.id else { return };
        self.ports.borrow_mut().insert(port);
        let result = match incoming.body::<ToModels>() {
            Ok(call) => self.answer(call, &incoming.blobs).await,
            Err(failure) => Err(failure),
        };
        if let Ok(message) = wire::answer(request, result) {
            (self.post)(port, &message);
        }
    }

    async fn answer(&self, call: ToModels, blobs: &[Blob]) -> Result<(ModelsReply, Vec<Blob>), Failure> {
        let done = Ok((ModelsReply::Done, vec![]));
        match call {
            ToModels::List => Ok((self.list().await?, vec![])),
            ToModels::Offer { model } => Ok((self.offer(&model).await?, vec![])),
            ToModels::Look { url } => {
                let bytes = download::look(&url).await?.bytes;
                Ok((ModelsReply::Offered { bytes, host: host(&url) }, vec![]))
            }
            ToModels::Install { model, precision } => {
                self.job(&model, async |job| self.install(&model, precision, job).await).await?;
                done
            }
            ToModels::Add { url, precision } => {
                let id = self.own_id(&url).await?;
                self.job(&id, async |job| self.add(&id, &url, precision, job).await).await?;
                done
            }
            ToModels::Import { name, precision } => {
                let blob = blobs.first().ok_or_else(|| Failure::Internal { detail: "no file came along".into() })?;
                let id = self.own_id(&name).await?;
                self.job(&id, async |job| self.import(&id, &name, blob, precision, job).await).await?;
                done
            }
            ToModels::Pause { model } => {
                self.stop(&model, Stop::Pause);
                done
            }
            ToModels::Verify { model } => {
                self.job(&model, async |job| prepare::verify(self, &model, &model, job).await).await?;
                done
            }
            ToModels::Export { model } => {
                let records = Records::open().await?;
                let record = records.read(&model).await.ok_or(Failure::Gone)?;
                let blob = records.folder().blob(&records::pack(&record.id)).await?;
                Ok((ModelsReply::Exported { name: format!("{model}.safetensors") }, vec![blob]))
            }
            ToModels::UseHub { origin } => {
                records::set_setting(MIRROR, origin.trim_end_matches('/')).await?;
                self.tell(&ModelsEvent::Changed);
                done
            }
            ToModels::Prefer { model } => {
                records::set_setting(PREFERRED, &model).await?;
                self.tell(&ModelsEvent::Changed);
                done
            }
            ToModels::KeepWarm { minutes } => {
                cache::set_minutes(minutes).await?;
                self.tell(&ModelsEvent::Changed);
                done
            }
            ToModels::Gpu => Ok((gpu::report().await?, vec![])),
            ToModels::Measure { model } => {
                let mut measured = None;
                let measure = async |job: &Job| {
                    measured = Some(gpu::measure(self, &model, job).await?);
                    Ok(())
                };
                self.job(&model, measure).await?;
                Ok((measured.ok_or(Failure::Cancelled)?, vec![]))
            }
            ToModels::Delete { model } => {
                self.delete(&model).await?;
                done
            }
        }
    }

    // ------------------------------------------------------------------ jobs

    /// Does `work` under the name of a model, so that it can be stopped, and says when it has ended.
    async fn job(&self, model: &str, work: impl AsyncFnOnce(&Job) -> Result<(), Failure>) -> Result<(), Failure> {
        if self.jobs.borrow().contains_key(model) {
            return Err(Failure::Internal { detail: format!("{model} is being worked on already") });
        }
        let job = Rc::new(Job::default());
        self.jobs.borrow_mut().insert(model.to_owned(), Rc::clone(&job));
        let _busy = self.busy.hold();
        self.tell(&ModelsEvent::Changed);
        let result = work(&job).await;
        self.jobs.borrow_mut().remove(model);
        if job.stop.get() == Some(Stop::Delete) {
            self.remove_files(model).await?;
        }
        self.tell(&ModelsEvent::Changed);
        result
    }

    fn stop(&self, model: &str, why: Stop) -> bool {
        let jobs = self.jobs.borrow();
        let job = jobs.get(model);
        if let Some(job) = job {
            job.stop.set(Some(why));
        }
        job.is_some()
    }

    /// The lock of a file.
    fn file(&self, id: &str) -> Rc<Mutex<()>> {
        Rc::clone(self.files.borrow_mut().entry(id.to_owned()).or_default())
    }

    /// Whether somebody works on a file, perhaps under the name of another model.
    fn is_held(&self, id: &str) -> bool {
        self.files.borrow().get(id).is_some_and(|lock| lock.try_lock().is_none())
    }

    fn tell(&self, event: &ModelsEvent) {
        let Ok(message) = wire::event(event, &[]) else { return };
        for port in &*self.ports.borrow() {
            (self.post)(*port, &message);
        }
    }

    // ----------------------------------------------------------------- calls

    async fn list(&self) -> Result<ModelsReply, Failure> {
        let records = Records::open().await?;
        if self.jobs.borrow().is_empty() && !self.tidied.replace(true) {
            records.tidy().await?;
        }
        let mut known = records.all().await?;
        let mut models = vec![];
        for entry in self.catalogue.models.iter().chain([&self.catalogue.vae]) {
            let place = known.iter().position(|record| record.id == entry.id);
            let record = place.map(|place| known.remove(place));
            models.push(self.described(&records, entry, record).await);
        }
        for record in known {
            let entry = Entry {
                id: record.id.clone(),
                name: record.name.clone(),
                repository: String::new(),
                revision: String::new(),
                path: String::new(),
                licence: String::new(),
            };
            models.push(self.described(&records, &entry, Some(record)).await);
        }
        let (used, quota, persistent) = files::room().await?;
        let storage = Storage { used, quota, persistent };
        let hub = self.hub().await?;
        let settings = Settings {
            preferred: self.preferred(&models).await?,
            warm_minutes: cache::minutes().await?,
            mirror: hub != self.catalogue.hub,
            hub,
        };
        Ok(ModelsReply::Listed { models, storage, settings })
    }

    /// The model to erase with: the user's choice, or the first that can be used.
    async fn preferred(&self, models: &[Model]) -> Result<Option<ModelId>, Failure> {
        let chosen = records::setting(PREFERRED).await?;
        let mut usable = models.iter().filter(|model| is_usable(model) && model.id != self.catalogue.vae.id);
        let first = usable.clone().next();
        Ok(usable.find(|model| model.id == chosen).or(first).map(|model| model.id.clone()))
    }

    async fn described(&self, records: &Records, entry: &Entry, record: Option<Record>) -> Model {
        let status = match &record {
            _ if self.jobs.borrow().contains_key(&entry.id) || self.is_held(&entry.id) => Status::Busy,
            None => Status::Available,
            Some(Record { pack: Some(pack), .. }) if pack.layout == LAYOUT => Status::Installed,
            Some(Record { pack: Some(_), .. }) => Status::Outdated,
            Some(_) => Status::Paused,
        };
        let of_catalogue = !entry.repository.is_empty();
        let source = format!("{}/{}", entry.repository, entry.path);
        Model {
            id: entry.id.clone(),
            name: entry.name.clone(),
            source: if of_catalogue { source } else { record.as_ref().map_or(String::new(), |r| r.source.clone()) },
            licence: of_catalogue.then(|| entry.licence.clone()),
            status,
            precision: record
                .as_ref()
                .map(|record| record.pack.as_ref().map_or(record.precision, |pack| pack.precision)),
            bytes: records.bytes(&entry.id).await,
            used: records.used(&entry.id).await,
            sha256: record.and_then(|record| record.pack).map(|pack| pack.sha256),
        }
    }

    /// Origin of the hub, or of the mirror that the user set.
    async fn hub(&self) -> Result<String, Failure> {
        let mirror = records::setting(MIRROR).await?;
        Ok(if mirror.is_empty() { self.catalogue.hub.clone() } else { mirror })
    }

    /// The files that a model of the catalogue needs.
    fn needed(&self, model: &str) -> Result<Vec<&Entry>, Failure> {
        let entry = self.catalogue.entry(model).ok_or(Failure::Gone)?;
        Ok(if entry.id == self.catalogue.vae.id { vec![entry] } else { vec![entry, &self.catalogue.vae] })
    }

    async fn offer(&self, model: &str) -> Result<ModelsReply, Failure> {
        let hub = self.hub().await?;
        let records = Records::open().await?;
        let mut bytes = 0;
        for entry in self.needed(model)? {
            let listed = download::listing(&hub, entry).await?;
            let record = records.read(&entry.id).await;
            let pack = record.as_ref().and_then(|record| record.pack.as_ref());
            bytes += match &record {
                _ if pack.is_some_and(|pack| prepare::is_current(pack, &listed)) => 0,
                Some(record) if record.state != State::Installed && record.sha256 == listed.sha256 => {
                    ranges::length(&record.missing)
                }
                _ => listed.bytes,
            };
        }
        Ok(ModelsReply::Offered { bytes, host: host(&hub) })
    }

    async fn install(&self, model: &str, precision: Precision, job: &Job) -> Result<(), Failure> {
        if self.catalogue.entry(model).is_none() {
            // One of the user's own, whose download was interrupted.
            let record = Records::open().await?.read(model).await.ok_or(Failure::Gone)?;
            return self.add(model, &record.source, record.precision, job).await;
        }
        let hub = self.hub().await?;
        for entry in self.needed(model)? {
            let lock = self.file(&entry.id);
            let _held = lock.lock().await;
            // The VAE is small, and all pixels go through it: it keeps its precision.
            let precision = if entry.id == self.catalogue.vae.id { Precision::F16 } else { precision };
            let wanted = download::Wanted {
                id: entry.id.clone(),
                name: entry.name.clone(),
                url: hub::file_url(&hub, entry),
                listed: Some(download::listing(&hub, entry).await?),
                licence: Some(entry.licence.clone()),
                precision,
            };
            if !prepare::is_installed(&wanted).await? {
                download::run(self, model, &wanted, job).await?;
                prepare::run(self, model, &entry.id, job).await?;
            }
        }
        Ok(())
    }

    async fn add(&self, id: &str, url: &str, precision: Precision, job: &Job) -> Result<(), Failure> {
        let name = url.rsplit('/').next().unwrap_or(url).to_owned();
        let wanted =
            download::Wanted { id: id.to_owned(), name, url: url.to_owned(), listed: None, licence: None, precision };
        download::run(self, id, &wanted, job).await?;
        prepare::run(self, id, id, job).await
    }

    async fn import(&self, id: &str, name: &str, blob: &Blob, precision: Precision, job: &Job) -> Result<(), Failure> {
        prepare::import(self, id, name, blob, precision, job).await?;
        prepare::run(self, id, id, job).await
    }

    async fn own_id(&self, name: &str) -> Result<String, Failure> {
        let records = Records::open().await?;
        let known: BTreeSet<String> = records.all().await?.into_iter().map(|record| record.id).collect();
        Ok(own_id(name, |id| known.contains(id) || self.jobs.borrow().contains_key(id)))
    }

    async fn delete(&self, model: &str) -> Result<(), Failure> {
        // A job removes what it worked on when it has stopped.
        if !self.stop(model, Stop::Delete) {
            self.remove_files(model).await?;
            self.tell(&ModelsEvent::Changed);
        }
        Ok(())
    }

    async fn remove_files(&self, model: &str) -> Result<(), Failure> {
        let records = Records::open().await?;
        let lock = self.file(model);
        let _held = lock.lock().await;
        let _unloaded = self.cache.forget(model).await;
        records.remove(model).await?;
        // The shared part goes with the last model that needs it.
        let vae = &self.catalogue.vae.id;
        let others = records.all().await?.into_iter().any(|record| record.id != *vae);
        if !others && self.jobs.borrow().is_empty() {
            records.remove(vae).await?;
        }
        Ok(())
    }
}

/// Whether a model can be loaded; whoever verifies or measures it does not keep anybody from that.
fn is_usable(model: &Model) -> bool {
    model.sha256.is_some() && model.status != Status::Outdated
}

/// Host and port of an address.
fn host(url: &str) -> String {
    Url::new(url).map_or_else(|_| url.to_owned(), |url| url.host())
}

/// Reports a job's progress, not too often, with its speed.
struct Reporter<'a> {
    store: &'a ModelStore,
    model: &'a str,
    work: Work,
    total: u64,
    begun: f64,
    first: u64,
    last: f64,
}

impl<'a> Reporter<'a> {
    fn new(store: &'a ModelStore, model: &'a str, work: Work, total: u64, first: u64) -> Self {
        Self { store, model, work, total, begun: milliseconds(), first, last: 0.0 }
    }

    fn report(&mut self, done: u64) {
        let now = milliseconds();
        if now - self.last < REPORT_EVERY && done < self.total {
            return;
        }
        self.last = now;
        let seconds = (now - self.begun) / 1000.0;
        let rate = if seconds > 0.5 { done.saturating_sub(self.first) as f64 / seconds } else { 0.0 };
        let (model, work, total) = (self.model.to_owned(), self.work, self.total);
        self.store.tell(&ModelsEvent::Progressed { model, work, done, total, rate });
    }
}
