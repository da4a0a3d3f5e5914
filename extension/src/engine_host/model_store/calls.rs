//! What pages ask of the store, and the pages that are told what changes.

use super::cache::ModelCache;
use super::install::Installer;
use super::jobs::{Jobs, Stop, Tell};
use super::records::{self, Records};
use super::{download, gpu, listing, settings};
use crate::engine_host::busy::Busy;
use crate::model_catalogue::catalogue::Catalogue;
use crate::protocol::Failure;
use crate::protocol::models::{ModelsEvent, ModelsReply, ToModels};
use crate::wire::{self, Incoming};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::{Blob, Url};

/// Number of a port, given by the document's script.
type PortId = u32;

/// Sends a message out on a port.
type Post = Box<dyn Fn(PortId, &JsValue)>;

/// Every port that has asked for something, and the way out to it.
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

/// The models on this machine, and who asks about them.
pub struct ModelStore {
    ports: Rc<Ports>,
    installer: Installer,
    cache: Rc<ModelCache>,
    /// What another version left behind has been removed.
    tidied: Cell<bool>,
}

impl ModelStore {
    /// `post` sends a message out on a port; `busy` hears whenever work begins and when all has ended.
    pub fn new(post: impl Fn(PortId, &JsValue) + 'static, busy: impl Fn(bool) + 'static) -> Self {
        let ports = Rc::new(Ports { open: RefCell::default(), post: Box::new(post) });
        let listeners = Rc::clone(&ports);
        let tell: Tell = Rc::new(move |event| listeners.tell(event));
        let catalogue = Rc::new(Catalogue::built_in());
        let busy = Rc::new(Busy::new(busy));
        let cache = Rc::new(ModelCache::new(Rc::clone(&catalogue), Rc::clone(&busy)));
        let jobs = Jobs::new(busy, Rc::clone(&tell));
        let installer = Installer::new(catalogue, jobs, Rc::clone(&cache), tell);
        Self { ports, installer, cache, tidied: Cell::new(false) }
    }

    /// The model on the GPU.
    pub fn cache(&self) -> &Rc<ModelCache> {
        &self.cache
    }

    /// A port closed. What is under way goes on.
    pub fn close(&self, port: PortId) {
        self.ports.open.borrow_mut().remove(&port);
    }

    /// Serves one message.
    pub async fn serve(&self, port: PortId, message: JsValue) {
        let Some(incoming) = Incoming::read(&message) else { return };
        let Some(request) = incoming.id else { return };
        self.ports.open.borrow_mut().insert(port);
        let result = match incoming.body::<ToModels>() {
            Ok(call) => self.answer(call, &incoming.blobs).await,
            Err(failure) => Err(failure),
        };
        if let Ok(message) = wire::answer(request, result) {
            (self.ports.post)(port, &message);
        }
    }

    async fn answer(&self, call: ToModels, blobs: &[Blob]) -> Result<(ModelsReply, Vec<Blob>), Failure> {
        let reply = match call {
            ToModels::Export { model } => return export(&model).await,
            ToModels::List => self.list().await?,
            ToModels::Offer { model } => {
                let hub = self.installer.hub().await?;
                let bytes = self.installer.bytes_to_download(&model, &hub).await?;
                ModelsReply::Offered { bytes, host: host(&hub) }
            }
            ToModels::Look { url } => {
                ModelsReply::Offered { bytes: download::length(&url).await?.unwrap_or(0), host: host(&url) }
            }
            ToModels::Gpu => gpu::report().await?,
            ToModels::Measure { model } => {
                self.installer.job(&model, async |job| gpu::measure(&self.cache, &model, job).await).await?
            }
            other => {
                self.act(other, blobs).await?;
                ModelsReply::Done
            }
        };
        Ok((reply, vec![]))
    }

    /// Does what is answered by [`ModelsReply::Done`].
    async fn act(&self, call: ToModels, blobs: &[Blob]) -> Result<(), Failure> {
        let installer = &self.installer;
        match call {
            ToModels::Install { model, precision } => installer.install(&model, precision).await,
            ToModels::Add { url, precision } => installer.add(&url, precision).await,
            ToModels::Import { name, precision } => {
                let blob = blobs.first().ok_or_else(|| Failure::Internal { detail: "no file came along".into() })?;
                installer.import(&name, blob, precision).await
            }
            ToModels::Pause { model } => {
                installer.jobs.stop(&model, Stop::Pause);
                Ok(())
            }
            ToModels::Verify { model } => installer.verify(&model).await,
            ToModels::Delete { model } => installer.delete(&model).await,
            ToModels::UseHub { origin } => self.changed(settings::set_mirror(&origin).await),
            ToModels::Prefer { model } => self.changed(settings::set_preferred(&model).await),
            ToModels::KeepWarm { minutes } => self.changed(settings::set_warm_minutes(minutes).await),
            other => Err(Failure::Internal { detail: format!("{other:?} is answered elsewhere") }),
        }
    }

    /// A setting was changed.
    fn changed(&self, set: Result<(), Failure>) -> Result<(), Failure> {
        set?;
        self.ports.tell(&ModelsEvent::Changed);
        Ok(())
    }

    async fn list(&self) -> Result<ModelsReply, Failure> {
        if self.installer.jobs.are_over() && !self.tidied.replace(true) {
            Records::open().await?.tidy().await?;
        }
        listing::list(&self.installer).await
    }
}

/// The pack of an installed model, as a file.
async fn export(model: &str) -> Result<(ModelsReply, Vec<Blob>), Failure> {
    let records = Records::open().await?;
    let record = records.read(model).await.ok_or(Failure::Gone)?;
    let blob = records.folder().blob(&records::pack(&record.id)).await?;
    Ok((ModelsReply::Exported { name: format!("{model}.safetensors") }, vec![blob]))
}

/// Host and port of an address.
fn host(url: &str) -> String {
    Url::new(url).map_or_else(|_| url.to_owned(), |url| url.host())
}
