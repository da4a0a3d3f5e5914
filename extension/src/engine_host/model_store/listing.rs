//! The list of models, those of the catalogue and those of the user's own, each with its status.

use super::install::{Installer, model_of};
use super::records::Records;
use super::settings;
use crate::browser::files;
use crate::model_catalogue::catalogue::Entry;
use crate::model_catalogue::record::Record;
use crate::protocol::Failure;
use crate::protocol::models::{Listed, Model, ModelId, ModelOption, OptionPreset, Status, Storage, StoreSettings};
use wasm_core::models::{OptionSpec, SHIPPED};
use wasm_core::weights::pack::LAYOUT;

/// What a page shows of the store.
///
/// # Errors
/// When the browser refuses.
pub(super) async fn list(installer: &Installer) -> Result<Listed, Failure> {
    let records = Records::open().await?;
    let catalogue = &installer.catalogue;
    let mut known = records.all().await?;
    let mut models = vec![];
    for entry in catalogue.entries() {
        let place = known.iter().position(|record| record.id == entry.id);
        let record = place.map(|place| known.remove(place));
        models.push(described(installer, &records, &entry.id, Some(entry), record).await);
    }
    for record in known {
        let id = record.id.clone();
        models.push(described(installer, &records, &id, None, Some(record)).await);
    }
    let (used, quota, persistent) = files::room().await?;
    let hub = installer.hub().await?;
    let settings = StoreSettings {
        preferred: preferred(&models).await?,
        warm_minutes: settings::warm_minutes().await?,
        mirror: hub != catalogue.hub,
        hub,
    };
    Ok(Listed { models, storage: Storage { used, quota, persistent }, settings })
}

/// The model to erase with: the user's choice, or the first that can be used.
async fn preferred(models: &[Model]) -> Result<Option<ModelId>, Failure> {
    let chosen = settings::preferred().await?;
    let mut usable = models.iter().filter(|model| is_usable(model));
    let first = usable.clone().next();
    Ok(usable.find(|model| model.id == chosen).or(first).map(|model| model.id.clone()))
}

/// Whether a model can be used to erase. It can while it is being verified or measured.
fn is_usable(model: &Model) -> bool {
    !model.part && model.sha256.is_some() && model.status != Status::Outdated
}

/// What a page shows of one file. `entry` is its entry in the catalogue, if it has one.
async fn described(
    installer: &Installer,
    records: &Records,
    id: &str,
    entry: Option<&Entry>,
    record: Option<Record>,
) -> Model {
    let status = match &record {
        _ if installer.jobs.is_running(id) || installer.jobs.is_held(id) => Status::Busy,
        None => Status::Available,
        Some(Record { pack: Some(pack), .. }) if pack.layout == LAYOUT => Status::Installed,
        Some(Record { pack: Some(_), .. }) => Status::Outdated,
        Some(_) => Status::Paused,
    };
    let (name, source) = match (entry, &record) {
        (Some(entry), _) => (entry.name.clone(), format!("{}/{}", entry.repository, entry.path)),
        (None, Some(record)) => (record.name.clone(), record.source.clone()),
        (None, None) => Default::default(),
    };
    let precision = |record: &Record| record.pack.as_ref().map_or(record.precision, |pack| pack.precision);
    let part = installer.catalogue.is_part(id) || record.as_ref().is_some_and(is_of_part);
    let architecture = architecture(entry, record.as_ref());
    Model {
        id: id.to_owned(),
        name,
        source,
        licence: entry.map(|entry| entry.licence.clone()),
        pinned: entry.map(|entry| is_pinned(entry, record.as_ref())),
        part,
        status,
        precision: record.as_ref().map(precision),
        bytes: records.bytes(id).await,
        used: records.used(id).await,
        estimate: architecture.filter(|_| !part).and_then(|model| installer.estimated(model)),
        options: architecture.map_or(&[][..], |model| model.options()).iter().map(told).collect(),
        sha256: record.and_then(|record| record.pack).map(|pack| pack.sha256),
    }
}

/// Whether a file is, or will be, the one that this version of the extension was made for.
fn is_pinned(entry: &Entry, record: Option<&Record>) -> bool {
    let pack = record.and_then(|record| record.pack.as_ref());
    entry.commit.is_some() && pack.is_none_or(|pack| entry.sha256.is_none() || pack.source_sha256 == entry.sha256)
}

/// Whether a pack is only a part of models.
fn is_of_part(record: &Record) -> bool {
    let network = record.pack.as_ref().map(|pack| pack.network.as_str());
    network.and_then(|network| SHIPPED.of_network(network)).is_some_and(|(_, file)| file.is_part())
}

/// A file's architecture: the one in its pack, or else the one in the catalogue.
fn architecture(entry: Option<&Entry>, record: Option<&Record>) -> Option<&'static dyn wasm_core::models::Model> {
    let named = || entry.and_then(|entry| SHIPPED.model(&entry.model));
    record.and_then(model_of).or_else(named)
}

/// The protocol's form of an option.
fn told(option: &OptionSpec) -> ModelOption {
    let presets = option.presets.iter();
    ModelOption {
        id: option.id.into(),
        label: option.label.into(),
        help: option.help.into(),
        min: option.min,
        max: option.max,
        step: option.step,
        default: option.default,
        presets: presets.map(|preset| OptionPreset { value: preset.value, label: preset.label.into() }).collect(),
        phrase: option.phrase.into(),
    }
}
