//! Makes packs: of files as they were published, and of packs that a user exported.

use super::hash_file::{Hashed, PIECE, hash_file};
use super::jobs::Job;
use super::packs::{self, Readable};
use super::records::{self, Records};
use crate::browser::bytes;
use crate::browser::files::PrivateFile;
use crate::engine_host::failure::failure;
use crate::model_catalogue::hub::hexadecimal;
use crate::model_catalogue::record::{PackRecord, Record, State};
use crate::protocol::Failure;
use crate::protocol::models::{Precision, Work};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_core::models::{SHIPPED, WeightElement};
use wasm_core::web::WorkerPacer;
use wasm_core::weights::pack::LAYOUT;
use wasm_core::weights::{self, Pack};
use wasm_core::{Error, WeightsError};
use web_sys::Blob;

/// Copies a file of the user's own into the store, as the published form of a model.
///
/// # Errors
/// [`Failure::Cancelled`] when the job is to stop, and what reading and writing fail with. No file is left behind in either case.
pub(super) async fn import(id: &str, name: &str, blob: &Blob, precision: Precision, job: &Job) -> Result<(), Failure> {
    let records = Records::open().await?;
    let record = Record {
        id: id.to_owned(),
        name: name.to_owned(),
        source: name.to_owned(),
        licence: None,
        bytes: blob.size() as u64,
        missing: vec![],
        sha256: None,
        version: None,
        precision,
        state: State::Downloading,
        pack: None,
    };
    let copied = copy(&records, id, blob, job).await;
    if copied.is_err() {
        records.remove(id).await?;
        return copied;
    }
    records.write(&Record { state: State::Downloaded, ..record }).await
}

async fn copy(records: &Records, id: &str, blob: &Blob, job: &Job) -> Result<(), Failure> {
    let file = records.folder().file(&records::part(id)).await?;
    file.truncate(0)?;
    let total = blob.size();
    let mut progress = job.progress(Work::Downloading, total as u64, 0);
    let mut at = 0.0;
    while at < total {
        let end = (at + PIECE as f64).min(total);
        let piece = blob.slice_with_f64_and_f64(at, end).map_err(crate::browser::refused)?;
        file.write(at as u64, &bytes::read(&piece).await?)?;
        at = end;
        progress.report(at as u64);
        job.check()?;
    }
    file.flush()
}

/// Makes the pack of a file whose published form is complete, verifies the pack, and removes the published form.
///
/// # Errors
/// [`Failure::BadModel`] or [`Failure::OtherLayout`] when the file cannot be used; it is removed. [`Failure::HashMismatch`] when the bytes
/// that are read back differ from those that were written.
pub(super) async fn run(id: &str, job: &Job) -> Result<(), Failure> {
    let records = Records::open().await?;
    let mut record = records.read(id).await.ok_or(Failure::ModelMissing)?;
    let pack = match make(&records, &mut record, job).await {
        Ok(pack) => pack,
        Err(failure) => {
            if record.pack.is_none() {
                records.folder().remove(&records::pack(id)).await?;
            }
            // A file that cannot be used must not stay half installed.
            if failure.is_of_file() {
                records.give_up(record).await?;
            }
            return Err(failure);
        }
    };
    records.write(&record.installed(pack)).await?;
    records.folder().remove(&records::part(id)).await
}

/// A pack that has been written and not yet verified.
struct Written {
    file: PrivateFile,
    /// Name of the network.
    network: String,
    bytes: u64,
    /// SHA-256 in lower-case hexadecimal.
    sha256: String,
}

async fn make(records: &Records, record: &mut Record, job: &Job) -> Result<PackRecord, Failure> {
    let part = Rc::new(records.folder().file(&records::part(&record.id)).await?);
    let written = match Pack::open(Readable(Rc::clone(&part))) {
        Ok(pack) => copy_exported(records, record, &part, &pack, job).await?,
        Err(error @ Error::Weights(WeightsError::OtherLayout(_))) => return Err(failure(error)),
        Err(_) => convert(records, record, part, job).await?,
    };
    let Written { file, network, bytes, sha256 } = written;
    file.flush()?;
    let weights = SHIPPED.of_network(&network).map(|(_, file)| file.weights());
    let precision = if weights == Some(WeightElement::I8) { Precision::Int8 } else { Precision::F16 };
    let source_sha256 = record.sha256.clone();
    let record = PackRecord { bytes, sha256, network, precision, source_sha256, layout: LAYOUT };
    packs::compare(&file, &record, job).await?;
    Ok(record)
}

/// Copies a pack that a user exported.
async fn copy_exported(
    records: &Records,
    record: &mut Record,
    part: &PrivateFile,
    pack: &Pack,
    job: &Job,
) -> Result<Written, Failure> {
    let network = pack.about("network").to_owned();
    if SHIPPED.of_network(&network).is_none() {
        return Err(Failure::BadModel { detail: format!("a network called {network}") });
    }
    let file = begin(records, record).await?;
    let hashed = hash_file(part, Hashed::default(), job, |at, piece| file.write(at, piece)).await?;
    Ok(Written { network, bytes: hashed.length, sha256: hashed.finish(), file })
}

/// Makes a pack of published weights.
async fn convert(records: &Records, record: &mut Record, part: Rc<PrivateFile>, job: &Job) -> Result<Written, Failure> {
    let source = weights::open(Readable(part)).map_err(failure)?;
    let element = if record.precision == Precision::Int8 { WeightElement::I8 } else { WeightElement::F16 };
    let network = SHIPPED.recognise(source.as_ref(), element).map_err(failure)?;
    let file = begin(records, record).await?;
    let about = BTreeMap::from([
        ("name".to_owned(), record.name.clone()),
        ("source".to_owned(), record.source.clone()),
        ("source_sha256".to_owned(), record.sha256.clone().unwrap_or_default()),
        ("licence".to_owned(), record.licence.clone().unwrap_or_default()),
    ]);
    let progress = RefCell::new(job.progress(Work::Preparing, record.bytes, 0));
    let report = |_, done: f32| progress.borrow_mut().report((f64::from(done) * record.bytes as f64) as u64);
    let pacer = WorkerPacer::new(report, || job.is_stopped());
    let mut length = 0;
    // The packer knows nothing of files: its error would carry only the text of the disk's failure.
    let mut failed = None;
    let mut write = |piece: &[u8]| {
        let result = file.write(length, piece);
        length += piece.len() as u64;
        result.map_err(|failure| {
            let words = failure.to_string();
            failed = Some(failure);
            WeightsError::Unreadable(words).into()
        })
    };
    let packed = network.pack(source.as_ref(), &about, &mut write, &pacer).await;
    match (packed, failed) {
        (Ok(written), _) => {
            let sha256 = hexadecimal(&written.sha256);
            Ok(Written { file, network: network.network(), bytes: written.bytes, sha256 })
        }
        (Err(_), Some(failure)) => Err(failure),
        (Err(error), None) => Err(failure(error)),
    }
}

/// The pack's file, emptied: an older pack is lost from here on.
async fn begin(records: &Records, record: &mut Record) -> Result<PrivateFile, Failure> {
    if record.pack.take().is_some() {
        records.write(record).await?;
    }
    let file = records.folder().file(&records::pack(&record.id)).await?;
    file.truncate(0)?;
    Ok(file)
}
