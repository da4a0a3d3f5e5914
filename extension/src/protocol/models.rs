//! Messages between the models page and the model store, which lives in the engine's worker.

use super::Done;
use super::call::{calls, replies};
use serde::{Deserialize, Serialize};

/// Name of the port that leads to the model store.
pub const MODELS_PORT: &str = "models";

/// Names a model: of the catalogue, or one of the user's own.
pub type ModelId = String;

/// In what a prepared model keeps its weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// 16-bit floats.
    F16,
    /// 8-bit integers where that is harmless: half the space.
    Int8,
}

calls! {
    /// What a page asks of the store.
    pub enum ToModels {
        List with [B; 0] => Listed,
        Offer with [B; 0] => Offered,
        Look with [B; 0] => Offered,
        Install with [B; 0] => Done,
        Pause with [B; 0] => Done,
        Import with [B; 1] => Done,
        Add with [B; 0] => Done,
        Verify with [B; 0] => Done,
        Export with [B; 0] => Exported,
        UseHub with [B; 0] => Done,
        Prefer with [B; 0] => Done,
        KeepWarm with [B; 0] => Done,
        DescribeGpu with [B; 0] => Gpu,
        Estimate with [B; 0] => Done,
        Measure with [B; 0] => Measured,
        Delete with [B; 0] => Done,
    }
}

replies! {
    Listed with [B; 0],
    Offered with [B; 0],
    Exported with [B; 1],
    Gpu with [B; 0],
    Measured with [B; 0],
}

/// What there is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct List;

/// Everything in the catalogue and everything that is here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "listed", rename_all = "camelCase")]
pub struct Listed {
    /// In the order to be shown.
    pub models: Vec<Model>,
    /// Bytes that are used, and that the browser allows.
    pub storage: Storage,
    /// What the user set.
    pub settings: StoreSettings,
}

/// What installing, or bringing up to date, would download: the hub is asked, nothing else is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Offer {
    /// Which model.
    pub model: ModelId,
}

/// What a download from an address of the user's own would take: only the answer's head is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Look {
    /// Where.
    pub url: String,
}

/// What would be downloaded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "offered", rename_all = "camelCase")]
pub struct Offered {
    /// How much. Of an address of the user's own, 0 if its server does not say; of the catalogue, 0 if all of it is here
    /// already.
    pub bytes: u64,
    /// From which host.
    pub host: String,
}

/// Download and prepare, or go on with it; the user has agreed to what was offered. Answered when it is installed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Install {
    /// Which model.
    pub model: ModelId,
    /// In what its weights are to be kept.
    pub precision: Precision,
}

/// Stop downloading, and keep what has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pause {
    /// Which model.
    pub model: ModelId,
}

/// Take a model that the user has: blob 0 is a published file or a pack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Import {
    /// Name of the file.
    pub name: String,
    /// In what its weights are to be kept, if it is no pack already.
    pub precision: Precision,
}

/// Download a model from an address of the user's own. Answered when it is installed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Add {
    /// Where.
    pub url: String,
    /// How long it is, as the user was told and agreed to; 0 if its server does not say.
    #[serde(default)]
    pub bytes: u64,
    /// In what its weights are to be kept.
    pub precision: Precision,
}

/// Compare every byte with what was installed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Verify {
    /// Which model.
    pub model: ModelId,
}

/// The pack as a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Export {
    /// Which model.
    pub model: ModelId,
}

/// One blob comes along: the pack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "exported", rename_all = "camelCase")]
pub struct Exported {
    /// Name for the file.
    pub name: String,
}

/// Ask a mirror of the hub from now on; the hub itself again if empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UseHub {
    /// Scheme and host.
    pub origin: String,
}

/// Erase with this model unless another is chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Prefer {
    /// Which model.
    pub model: ModelId,
}

/// Keep a model on the GPU for so long after it was last needed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeepWarm {
    /// How long.
    pub minutes: u32,
}

/// What the GPU is and allows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DescribeGpu;

/// Find out, by a measurement of some tenths of a second, how long an erase takes on this GPU with each model, installed or not: [`Model::estimate`].
/// Done once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate;

/// How fast an installed model loads and runs, in about five seconds; [`Pause`] stops it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Measure {
    /// Which model.
    pub model: ModelId,
}

/// Times of one run, in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "measured", rename_all = "camelCase")]
pub struct Measured {
    /// From nothing to ready: the adapter, the pack's bytes, the programs.
    pub load: f64,
    /// Two pictures to latents.
    pub encode: f64,
    /// One step of the sampler; all of it for a model without steps.
    pub step: f64,
    /// A whole square with the model's own settings, as far as that can be told from the steps.
    pub whole: f64,
    /// Bytes of memory that the engine's module has taken outside the GPU.
    pub memory: f64,
}

/// Remove a model and everything of it, also while it downloads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Delete {
    /// Which model.
    pub model: ModelId,
}

/// The GPU, in words that name nobody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "gpu", rename_all = "camelCase")]
pub struct Gpu {
    /// Vendor, architecture or description, as far as the browser tells.
    pub name: String,
    /// Whether it is the CPU playing one.
    pub software: bool,
    /// Whether shaders may use 16-bit floats.
    pub f16: bool,
    /// Limits that matter, by WebGPU's names.
    pub limits: Vec<(String, f64)>,
}

/// One model, or a part that models share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Model {
    /// Its name in messages.
    pub id: ModelId,
    /// Its name for people.
    pub name: String,
    /// Where it comes from.
    pub source: String,
    /// SPDX identifier, where known.
    pub licence: Option<String>,
    /// Whether it is the file that this version of the extension was made for, or what is published on the day of the download; none for
    /// files of the user's own.
    #[serde(default)]
    pub pinned: Option<bool>,
    /// Whether it is only a part, which models share and with which alone nothing can be erased.
    pub part: bool,
    /// How far it has come.
    pub status: Status,
    /// In what its weights are kept, or will be.
    pub precision: Option<Precision>,
    /// Bytes on disk.
    pub bytes: u64,
    /// SHA-256 of the prepared file.
    pub sha256: Option<String>,
    /// When it was last used, milliseconds since 1970.
    pub used: Option<f64>,
    /// Milliseconds that an erase is expected to take on this GPU; none before [`Estimate`].
    #[serde(default)]
    pub estimate: Option<f64>,
    /// What the user may set about it.
    pub options: Vec<ModelOption>,
}

/// A number that the user may set about a model, as the model describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelOption {
    /// Its name in messages and in stored settings. Models whose options mean the same share the name.
    pub id: String,
    /// Key of its label in `_locales`.
    pub label: String,
    /// Key of a sentence that explains it; empty if there is none.
    pub help: String,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Distance between two values that a slider offers.
    pub step: f64,
    /// What it is until the user sets it.
    pub default: f64,
    /// Values to choose among; none if the user chooses from the whole range.
    pub presets: Vec<OptionPreset>,
    /// How the note in a saved file says it, with `{}` in the place of the number.
    pub phrase: String,
}

/// A value to choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionPreset {
    /// The value.
    pub value: f64,
    /// Key of its label in `_locales`.
    pub label: String,
}

/// What the user set. The model checks it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OptionValue {
    /// Which option, by its name.
    pub id: String,
    /// The value.
    pub value: f64,
}

impl ModelOption {
    /// The value to use where `set` was stored: another model's range may not have it.
    pub fn value(&self, set: Option<f64>) -> f64 {
        set.filter(|value| (self.min..=self.max).contains(value)).unwrap_or(self.default)
    }
}

/// What the user set about models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StoreSettings {
    /// The model to erase with, if any is installed.
    pub preferred: Option<ModelId>,
    /// How long a model stays on the GPU after it was last needed.
    pub warm_minutes: u32,
    /// Where models are asked for.
    pub hub: String,
    /// Whether that is a mirror of the user's choice.
    pub mirror: bool,
}

/// How far a model has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It can be had.
    Available,
    /// It is being downloaded or prepared.
    Busy,
    /// Part of it is here.
    Paused,
    /// It is ready.
    Installed,
    /// It was prepared for another version of the extension: it has to be had anew.
    Outdated,
}

/// Room for models.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Storage {
    /// Bytes used by the extension.
    pub used: f64,
    /// Bytes that it may use.
    pub quota: f64,
    /// Whether the browser promised not to clear them on its own.
    pub persistent: bool,
}

/// What the store is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// Bytes come in.
    Downloading,
    /// What came is hashed and compared.
    Verifying,
    /// Weights become what the GPU wants.
    Preparing,
    /// It runs, to see how fast.
    Measuring,
}

/// What the store tells of its own accord.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum ModelsEvent {
    /// A model came further.
    Progressed {
        /// Which.
        model: ModelId,
        /// Doing what.
        work: Work,
        /// Bytes done.
        done: u64,
        /// Bytes in all.
        total: u64,
        /// Bytes a second at present; 0 while unknown.
        rate: f64,
    },
    /// Ask for the list again.
    Changed,
}
