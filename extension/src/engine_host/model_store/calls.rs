//! Serves what pages ask of the store, and tells them what changes.

use super::super::port::{PortId, Post};
use super::cache::ModelCache;
use super::install::Installer;
use super::jobs::{Jobs, Stop, Tell};
use super::records::{self, Records};
use super::{download, gpu, listing, settings};
use crate::browser::net;
use crate::engine_host::busy::Busy;
use crate::model_catalogue::catalogue::Catalogue;
use crate::protocol::Failure;
use crate::protocol::models::{Export, Exported, Measured, ModelsEvent, Offered, ToModels};
use crate::wire::{self, Answered, Incoming, Pending, reply};
use futures::lock::Mutex;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

/// The ports of all pages that have asked for something, and how to send to them.
struct Ports {
    open: RefCell<BTreeSet<PortId>>,
    post: Post,
}

impl Ports {
    fn tell(&self, event: &ModelsEvent) {
        let Ok(message) = wire::event(event, &[]) else { return };
        for port in &*self.open.borrow() {
            (self.post)(*port, &message);
        }
    }
}

/// The model store as its callers see it.
pub struct ModelStore {
    ports: Rc<Ports>,
    installer: Rc<Installer>,
    cache: Rc<ModelCache>,
    /// Whether what earlier runs left behind has been seen to. Held meanwhile: no job begins before.
    tidied: Mutex<bool>,
}

impl ModelStore {
    /// `catalogue` has the models that are offered. `post` sends a message out on a port. `busy` is called with true when work begins and with false when all work has ended.
    pub fn new(catalogue: Catalogue, post: impl Fn(PortId, &JsValue) + 'static, busy: impl Fn(bool) + 'static) -> Self {
        let ports = Rc::new(Ports { open: RefCell::default(), post: Box::new(post) });
        let listeners = Rc::clone(&ports);
        let tell: Tell = Rc::new(move |event| listeners.tell(event));
        let catalogue = Rc::new(catalogue);
        let busy = Rc::new(Busy::new(busy));
        let cache = Rc::new(ModelCache::new(Rc::clone(&catalogue), Rc::clone(&busy)));
        let jobs = Jobs::new(busy, Rc::clone(&tell));
        let installer = Rc::new(Installer::new(catalogue, jobs, Rc::clone(&cache), tell));
        Self { ports, installer, cache, tidied: Mutex::new(false) }
    }

    /// The model on the GPU.
    pub fn cache(&self) -> &Rc<ModelCache> {
        &self.cache
    }

    /// A port closed. The jobs that it asked for go on.
    pub fn close(&self, port: PortId) {
        self.ports.open.borrow_mut().remove(&port);
    }

    /// Serves one message.
    pub async fn serve(&self, port: PortId, message: JsValue) {
        let request = Incoming::read(&message).and_then(Incoming::request::<ToModels>);
        let Some((pending, call)) = request else { return };
        self.ports.open.borrow_mut().insert(port);
        // Where the disk fails, what was asked for fails, too, and says so.
        let _ = self.tidy().await;
        let answer = match call {
            Ok(call) => self.answer(pending, call).await,
            Err(failure) => pending.refuse(failure),
        };
        (self.ports.post)(port, &answer);
    }

    async fn answer(&self, pending: Pending, call: ToModels) -> JsValue {
        let it = &self.installer;
        match call {
            ToModels::List(call) => pending.serve(call, async |_, []| reply(listing::list(it).await)).await,
            ToModels::Offer(call) => pending.serve(call, async |call, []| reply(self.offer(&call.model).await)).await,
            ToModels::Look(call) => pending.serve(call, async |call, []| reply(look(&call.url).await)).await,
            ToModels::Install(call) => {
                pending.serve(call, async |call, []| reply(it.install(&call.model, call.precision).await)).await
            }
            ToModels::Add(call) => {
                pending.serve(call, async |call, []| reply(it.add(&call.url, call.bytes, call.precision).await)).await
            }
            ToModels::Import(call) => {
                pending
                    .serve(call, async |call, [file]| reply(it.import(&call.name, &file, call.precision).await))
                    .await
            }
            ToModels::Pause(call) => pending.serve(call, async |call, []| reply(self.pause(&call.model))).await,
            ToModels::Verify(call) => pending.serve(call, async |call, []| reply(it.verify(&call.model).await)).await,
            ToModels::Export(call) => pending.serve(call, async |call, []| export(&call.model).await).await,
            ToModels::UseHub(call) => {
                pending
                    .serve(call, async |call, []| reply(self.changed(settings::set_mirror(&call.origin).await)))
                    .await
            }
            ToModels::Prefer(call) => {
                pending
                    .serve(call, async |call, []| reply(self.changed(settings::set_preferred(&call.model).await)))
                    .await
            }
            ToModels::KeepWarm(call) => {
                pending
                    .serve(call, async |call, []| reply(self.changed(settings::set_warm_minutes(call.minutes).await)))
                    .await
            }
            ToModels::DescribeGpu(call) => pending.serve(call, async |_, []| reply(gpu::report().await)).await,
            ToModels::Estimate(call) => pending.serve(call, async |_, []| reply(self.estimate().await)).await,
            ToModels::Measure(call) => {
                pending.serve(call, async |call, []| reply(self.measure(&call.model).await)).await
            }
            ToModels::Delete(call) => pending.serve(call, async |call, []| reply(it.delete(&call.model).await)).await,
        }
    }

    fn pause(&self, model: &str) -> Result<(), Failure> {
        // It is no failure if no job runs.
        self.installer.jobs.stop(model, Stop::Pause);
        Ok(())
    }

    async fn offer(&self, model: &str) -> Result<Offered, Failure> {
        let (bytes, hub) = self.installer.offer(model).await?;
        Ok(Offered { bytes, host: net::host(&hub) })
    }

    async fn measure(&self, model: &str) -> Result<Measured, Failure> {
        self.installer.job(model, async |job| gpu::measure(&self.cache, model, job).await).await
    }

    async fn estimate(&self) -> Result<(), Failure> {
        let is_new = self.cache.estimate().await?;
        if is_new {
            self.ports.tell(&ModelsEvent::Changed);
        }
        Ok(())
    }

    /// A setting was changed.
    fn changed(&self, set: Result<(), Failure>) -> Result<(), Failure> {
        set?;
        self.ports.tell(&ModelsEvent::Changed);
        Ok(())
    }

    /// Removes files that are of no use, and begins to give records to packs without one; once.
    async fn tidy(&self) -> Result<(), Failure> {
        let mut tidied = self.tidied.lock().await;
        if *tidied {
            return Ok(());
        }
        for id in Records::open().await?.tidy().await? {
            let installer = Rc::clone(&self.installer);
            // What fails is tried again at the next start. Until then the pack stays as it is.
            spawn_local(async move { drop(installer.recover(&id).await) });
        }
        *tidied = true;
        Ok(())
    }
}

/// Size and host of a download from an address.
async fn look(url: &str) -> Result<Offered, Failure> {
    Ok(Offered { bytes: download::length(url).await?.unwrap_or(0), host: net::host(url) })
}

/// The pack of an installed model, as a file.
async fn export(model: &str) -> Answered<Export> {
    let records = Records::open().await?;
    let record = records.read(model).await.ok_or(Failure::ModelMissing)?;
    let pack = records.folder().blob(&records::pack(&record.id)).await?;
    Ok((Exported { name: format!("{model}.safetensors") }, [pack]))
}
