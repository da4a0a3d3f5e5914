//! Installs and removes models, together with the files that they need.

use super::cache::ModelCache;
use super::jobs::{Job, Jobs, Stop, Tell};
use super::records::Records;
use super::{download, packs, prepare, recover, settings};
use crate::browser::net;
use crate::model_catalogue::catalogue::{Catalogue, Entry};
use crate::model_catalogue::listing::Listing;
use crate::model_catalogue::record::{Record, own_id};
use crate::model_catalogue::wanted::{Step, Wanted, bytes_to_download};
use crate::protocol::models::{ModelId, ModelsEvent, Precision};
use crate::protocol::{DownloadFault, Failure};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use wasm_core::models::{Model, SHIPPED};
use wasm_core::weights::pack::LAYOUT;
use web_sys::Blob;

/// See the module.
pub(super) struct Installer {
    pub(super) catalogue: Rc<Catalogue>,
    pub(super) jobs: Jobs,
    cache: Rc<ModelCache>,
    tell: Tell,
    /// Models that were offered to the user, each with the fewest bytes that a page told of all its files. The hub may not exceed it afterwards.
    offered: RefCell<Vec<(ModelId, u64)>>,
}

impl Installer {
    pub(super) fn new(catalogue: Rc<Catalogue>, jobs: Jobs, cache: Rc<ModelCache>, tell: Tell) -> Self {
        Self { catalogue, jobs, cache, tell, offered: RefCell::default() }
    }

    /// Runs `work` as the job of a model, so that it can be stopped, and tells the pages when it begins and ends.
    ///
    /// # Errors
    /// [`Failure::Internal`] when the model has a job already, and what `work` fails with.
    pub(super) async fn job<T>(
        &self,
        model: &str,
        work: impl AsyncFnOnce(&Job) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let running = self.jobs.begin(model)?;
        (self.tell)(&ModelsEvent::Changed);
        let result = work(running.job()).await;
        if running.end() {
            self.remove(model).await?;
        }
        (self.tell)(&ModelsEvent::Changed);
        result
    }

    /// Milliseconds that an erase with a model is expected to take, where that is known.
    pub(super) fn estimated(&self, model: &dyn Model) -> Option<f64> {
        self.cache.estimated(model.name())
    }

    /// Origin of the hub, or of the mirror that the user set.
    pub(super) async fn hub(&self) -> Result<String, Failure> {
        Ok(settings::mirror().await?.unwrap_or_else(|| self.catalogue.hub.clone()))
    }

    /// The files that a model of the catalogue consists of.
    fn needed(&self, model: &str) -> Result<Vec<&Entry>, Failure> {
        self.catalogue.with_needs(model).ok_or(Failure::ModelMissing)
    }

    /// Bytes that installing a model would download, and the hub that says so. They are what the user can agree to.
    ///
    /// # Errors
    /// [`Failure::ModelMissing`] when the catalogue has no such model, [`Failure::Download`] when the hub does not answer as it should.
    pub(super) async fn offer(&self, model: &str) -> Result<(u64, String), Failure> {
        let hub = self.hub().await?;
        let (listed, whole) = self.listed(model, &hub).await?;
        self.note_offer(model, whole);
        let records = Records::open().await?;
        let mut bytes = 0;
        for (entry, listed) in listed {
            bytes += bytes_to_download(&listed, records.read(&entry.id).await.as_ref(), LAYOUT);
        }
        Ok((bytes, hub))
    }

    /// A page offers a model with `whole` bytes; another one may have offered it with fewer, to which the user may agree there.
    fn note_offer(&self, model: &str, whole: u64) {
        let mut offered = self.offered.borrow_mut();
        match offered.iter_mut().find(|(offered, _)| offered == model) {
            Some((_, fewest)) => *fewest = whole.min(*fewest),
            None => offered.push((model.to_owned(), whole)),
        }
    }

    /// The files of a model of the catalogue with what `hub` says about each, and how many bytes they are together.
    async fn listed(&self, model: &str, hub: &str) -> Result<(Vec<(&Entry, Listing)>, u64), Failure> {
        let (mut all, mut whole) = (vec![], 0);
        for entry in self.needed(model)? {
            let listed = download::listing(hub, entry).await?;
            whole += listed.bytes;
            all.push((entry, listed));
        }
        Ok((all, whole))
    }

    /// Installs a model with everything that it needs.
    ///
    /// # Errors
    /// [`Failure::Cancelled`] when it was paused or deleted meanwhile, and what downloading and preparing fail with.
    pub(super) async fn install(&self, model: &str, precision: Precision) -> Result<(), Failure> {
        self.job(model, async |job| {
            if self.catalogue.entry(model).is_none() {
                // A model from an address of the user's own, whose download was interrupted.
                let record = Records::open().await?.read(model).await.ok_or(Failure::ModelMissing)?;
                let wanted = Wanted::of_address(model, &record.source, record.bytes, record.precision);
                return bring(&wanted, job).await;
            }
            let hub = self.hub().await?;
            // Before anything is downloaded, so that no model is left without its parts.
            let (listed, whole) = self.listed(model, &hub).await?;
            let offered = self.offered.borrow().iter().position(|(offered, _)| offered == model);
            let most = offered.map(|at| self.offered.borrow_mut().swap_remove(at).1);
            if most.is_some_and(|most| whole > most) {
                let detail = format!("it offered less than the {whole} bytes that it has now");
                return Err(net::failure(&hub, DownloadFault::Answer, detail));
            }
            for (entry, listed) in listed {
                let lock = self.jobs.file(&entry.id);
                let _held = lock.lock().await;
                let precision = entry.precision.unwrap_or(precision);
                bring(&Wanted::of_catalogue(entry, &hub, listed, precision), job).await?;
            }
            Ok(())
        })
        .await
    }

    /// Installs a model from an address of the user's own. `agreed` is the length that the user agreed to, 0 if no server had said it.
    ///
    /// # Errors
    /// As [`Self::install`].
    pub(super) async fn add(&self, url: &str, agreed: u64, precision: Precision) -> Result<(), Failure> {
        let id = self.own_id(url).await?;
        self.job(&id, async |job| bring(&Wanted::of_address(&id, url, agreed, precision), job).await).await
    }

    /// Installs a model from a file of the user's own.
    ///
    /// # Errors
    /// As [`Self::install`].
    pub(super) async fn import(&self, name: &str, blob: &Blob, precision: Precision) -> Result<(), Failure> {
        let id = self.own_id(name).await?;
        let work = async |job: &Job| {
            prepare::import(&id, name, blob, precision, job).await?;
            prepare::run(&id, job).await
        };
        self.job(&id, work).await
    }

    /// An unused name for a file of the user's own.
    async fn own_id(&self, name: &str) -> Result<String, Failure> {
        let records = Records::open().await?;
        let known: BTreeSet<String> = records.all().await?.into_iter().map(|record| record.id).collect();
        Ok(own_id(name, |id| known.contains(id) || self.jobs.is_running(id)))
    }

    /// Gives a pack whose record cannot be read a new one.
    ///
    /// # Errors
    /// When the disk fails.
    pub(super) async fn recover(&self, id: &str) -> Result<(), Failure> {
        let name = self.catalogue.entry(id).map_or(id, |entry| &entry.name);
        self.job(id, async |job| {
            let lock = self.jobs.file(id);
            let _held = lock.lock().await;
            let _paused = self.cache.pause().await;
            recover::run(id, name, job).await
        })
        .await
    }

    /// Compares an installed pack with its record. A pack that differs is removed.
    ///
    /// # Errors
    /// [`Failure::HashMismatch`] when it differs.
    pub(super) async fn verify(&self, model: &str) -> Result<(), Failure> {
        self.job(model, async |job| {
            let _paused = self.cache.pause().await;
            packs::verify(model, job).await
        })
        .await
    }

    /// Removes all files of a model. A job of it is stopped first.
    ///
    /// # Errors
    /// When the browser refuses.
    pub(super) async fn delete(&self, model: &str) -> Result<(), Failure> {
        // The job removes the files itself when it has stopped.
        if !self.jobs.stop(model, Stop::Delete) {
            self.remove(model).await?;
            (self.tell)(&ModelsEvent::Changed);
        }
        Ok(())
    }

    async fn remove(&self, model: &str) -> Result<(), Failure> {
        let records = Records::open().await?;
        let lock = self.jobs.file(model);
        let _held = lock.lock().await;
        let _unloaded = self.cache.forget(model).await;
        records.remove(model).await?;
        if !self.jobs.are_over() {
            return Ok(());
        }
        if !records.tidy().await?.is_empty() {
            // A pack whose record cannot be read may need any part.
            return Ok(());
        }
        // Shared parts are removed with the last model that needs them.
        let left = records.all().await?;
        let left: Vec<_> = left.iter().map(|record| (record.id.as_str(), model_of(record).map(Model::name))).collect();
        for part in self.catalogue.unneeded(&left) {
            records.remove(&part.id).await?;
        }
        Ok(())
    }
}

/// The architecture of a file, which is known once it has a pack.
pub(super) fn model_of(record: &Record) -> Option<&'static dyn Model> {
    let (model, _) = SHIPPED.of_network(&record.pack.as_ref()?.network)?;
    Some(model)
}

/// Installs one file, unless it is installed already.
async fn bring(wanted: &Wanted, job: &Job) -> Result<(), Failure> {
    let record = Records::open().await?.read(&wanted.id).await;
    match wanted.next(record.as_ref(), LAYOUT) {
        Step::Nothing => return Ok(()),
        Step::Download(record) => download::begin(record, job).await?,
        Step::GoOn(record) => download::go_on(record, job).await?,
        Step::Prepare => {}
    }
    prepare::run(&wanted.id, job).await
}
