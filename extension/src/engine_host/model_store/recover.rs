//! Gives packs whose records cannot be read new records, made of what the packs say themselves.

use super::hash_file::{Hashed, hash_file};
use super::jobs::Job;
use super::packs::Readable;
use super::records::{self, Records};
use crate::model_catalogue::record::{PackRecord, Record};
use crate::protocol::Failure;
use crate::protocol::models::{Precision, Work};
use std::rc::Rc;
use wasm_core::models::{SHIPPED, WeightElement};
use wasm_core::weights::Pack;
use wasm_core::weights::pack::LAYOUT;

/// Version of the layout of a pack that says none that can be read. No version of the engine has it, so that the pack is shown as one of another
/// version: it can be removed, or had anew.
const NO_LAYOUT: u32 = 0;

/// Writes the record of the pack `id`. `name` is what the user sees if the pack does not say it.
///
/// # Errors
/// [`Failure::Cancelled`] when the job is to stop, and when the disk fails.
pub(super) async fn run(id: &str, name: &str, job: &Job) -> Result<(), Failure> {
    let records = Records::open().await?;
    if records.read(id).await.is_some() {
        return Ok(());
    }
    let file = Rc::new(records.folder().file(&records::pack(id)).await?);
    let pack = Pack::open(Readable(Rc::clone(&file))).ok();
    let said = |key| pack.as_ref().map(|pack| pack.about(key).to_owned()).filter(|text| !text.is_empty());
    let mut progress = job.progress(Work::Verifying, file.length(), 0);
    let hashed = hash_file(&file, Hashed::default(), job, |at, piece| {
        progress.report(at + piece.len() as u64);
        Ok(())
    });
    let hashed = hashed.await?;
    let network = said("network").unwrap_or_default();
    let weights = SHIPPED.of_network(&network).map(|(_, file)| file.weights());
    let found = PackRecord {
        bytes: hashed.length,
        sha256: hashed.finish(),
        network,
        precision: if weights == Some(WeightElement::I8) { Precision::Int8 } else { Precision::F16 },
        layout: if pack.is_some() { LAYOUT } else { NO_LAYOUT },
        source_sha256: said("source_sha256"),
    };
    let name = said("name").unwrap_or_else(|| name.to_owned());
    let source = said("source").unwrap_or_default();
    records.write(&Record::recovered(id, name, source, said("licence"), found)).await
}
