//! From a file as it was published to a pack, and packs compared with what was written down.

use super::download::Wanted;
use super::records::{self, Records};
use super::{Job, ModelStore, Reporter};
use crate::browser::bytes;
use crate::browser::files::PrivateFile;
use crate::model_catalogue::hub::Listing;
use crate::model_catalogue::record::{PackRecord, Record, State};
use crate::protocol::Failure;
use crate::protocol::models::{Precision, Work};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_core::models::moebius::packing::{self, Network};
use wasm_core::nn::WeightElement;
use wasm_core::web::{WorkerPacer, give_way};
use wasm_core::weights::pack::LAYOUT;
use wasm_core::weights::{self, Bytes, Pack};
use wasm_core::{Error, WeightsError};
use web_sys::Blob;

/// Bytes that are copied or hashed at a time.
const PIECE: usize = 4 << 20;

/// A private file as the readers of weights see it.
struct Readable(Rc<PrivateFile>);

impl Bytes for Readable {
    fn len(&self) -> u64 {
        self.0.length()
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> wasm_core::Result<()> {
        let read = self.0.read(offset, into).map_err(|failure| WeightsError::Unreadable(failure.to_string()))?;
        if read == into.len() {
            Ok(())
        } else {
            Err(WeightsError::Truncated(format!("{} bytes at {offset} are missing", into.len())).into())
        }
    }
}

/// Lower-case hexadecimal.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a pack is of this version's layout, and made of what is published now.
pub(super) fn is_current(pack: &PackRecord, listed: &Listing) -> bool {
    pack.layout == LAYOUT && (listed.sha256.is_none() || pack.source_sha256 == listed.sha256)
}

/// Whether the pack of a file is there as wanted.
pub(super) async fn is_installed(wanted: &Wanted) -> Result<bool, Failure> {
    let pack = Records::open().await?.read(&wanted.id).await.and_then(|record| record.pack);
    let current = |pack: &PackRecord| wanted.listed.as_ref().is_none_or(|listed| is_current(pack, listed));
    Ok(pack.is_some_and(|pack| pack.precision == wanted.precision && current(&pack)))
}

/// Takes a file of the user's as the published form.
pub(super) async fn import(
    store: &ModelStore,
    id: &str,
    name: &str,
    blob: &Blob,
    precision: Precision,
    job: &Job,
) -> Result<(), Failure> {
    let records = Records::open().await?;
    let record = Record {
        id: id.to_owned(),
        name: name.to_owned(),
        source: name.to_owned(),
        licence: None,
        bytes: blob.size() as u64,
        missing: vec![],
        sha256: None,
        precision,
        state: State::Downloading,
        pack: None,
    };
    let copied = copy(store, &records, id, blob, job).await;
    if copied.is_err() {
        records.remove(id).await?;
        return copied;
    }
    records.write(&Record { state: State::Downloaded, ..record }).await
}

async fn copy(store: &ModelStore, records: &Records, id: &str, blob: &Blob, job: &Job) -> Result<(), Failure> {
    let file = records.folder().file(&records::part(id)).await?;
    file.truncate(0)?;
    let total = blob.size();
    let mut reporter = Reporter::new(store, id, Work::Downloading, total as u64, 0);
    let mut at = 0.0;
    while at < total {
        let end = (at + PIECE as f64).min(total);
        let piece = blob.slice_with_f64_and_f64(at, end).map_err(crate::browser::refused)?;
        file.write(at as u64, &bytes::read(&piece).await?)?;
        at = end;
        reporter.report(at as u64);
        job.check()?;
    }
    file.flush()
}

/// Makes the pack of a file that is here in its published form, verifies it, and removes the published form.
pub(super) async fn run(store: &ModelStore, model: &str, id: &str, job: &Job) -> Result<(), Failure> {
    let records = Records::open().await?;
    let mut record = records.read(id).await.ok_or(Failure::Gone)?;
    let pack = match make(store, &records, model, &mut record, job).await {
        Ok(pack) => pack,
        Err(failure) => {
            if record.pack.is_none() {
                records.folder().remove(&records::pack(id)).await?;
            }
            // What cannot be used must not lie around half installed.
            if matches!(failure, Failure::BadModel { .. } | Failure::OtherLayout) {
                records.give_up(record).await?;
            }
            return Err(failure);
        }
    };
    let precision = pack.precision;
    records.write(&Record { state: State::Installed, pack: Some(pack), precision, ..record }).await?;
    records.folder().remove(&records::part(id)).await
}

async fn make(
    store: &ModelStore,
    records: &Records,
    model: &str,
    record: &mut Record,
    job: &Job,
) -> Result<PackRecord, Failure> {
    let part = Rc::new(records.folder().file(&records::part(&record.id)).await?);
    let mut length = 0;
    let (out, written) = match Pack::open(Readable(Rc::clone(&part))) {
        // One that somebody exported.
        Ok(pack) => {
            let network = pack.about("network").to_owned();
            if Network::named(&network).is_none() {
                return Err(Failure::BadModel { detail: format!("a network called {network}") });
            }
            let out = begin(records, record).await?;
            let mut piece = vec![0; PIECE];
            let mut hasher = Sha256::new();
            loop {
                let read = part.read(length, &mut piece)?;
                if read == 0 {
                    break;
                }
                hasher.update(&piece[..read]);
                out.write(length, &piece[..read])?;
                length += read as u64;
                job.check()?;
                let _ = give_way().await;
            }
            (out, (network, length, hasher.finalize().to_vec()))
        }
        Err(error @ Error::Weights(WeightsError::OtherLayout(_))) => return Err(bad(error)),
        Err(_) => {
            let source = weights::open(Readable(Rc::clone(&part))).map_err(bad)?;
            let element = if record.precision == Precision::Int8 { WeightElement::I8 } else { WeightElement::F16 };
            let network = Network::recognise(source.as_ref(), element).map_err(bad)?;
            let out = begin(records, record).await?;
            let about = BTreeMap::from([
                ("name".to_owned(), record.name.clone()),
                ("source".to_owned(), record.source.clone()),
                ("source_sha256".to_owned(), record.sha256.clone().unwrap_or_default()),
                ("licence".to_owned(), record.licence.clone().unwrap_or_default()),
            ]);
            let reporter = std::cell::RefCell::new(Reporter::new(store, model, Work::Preparing, record.bytes, 0));
            let report = |_, done: f32| reporter.borrow_mut().report((f64::from(done) * record.bytes as f64) as u64);
            let pacer = WorkerPacer::new(report, || job.stop.get().is_some());
            let mut failed = None;
            let mut write = |piece: &[u8]| {
                let result = out.write(length, piece);
                length += piece.len() as u64;
                result.map_err(|failure| {
                    let words = failure.to_string();
                    failed = Some(failure);
                    WeightsError::Unreadable(words).into()
                })
            };
            let packed = packing::pack(network, source.as_ref(), &about, &mut write, &pacer).await;
            let written = match (packed, failed) {
                (Ok(written), _) => written,
                (Err(_), Some(failure)) => return Err(failure),
                (Err(Error::Cancelled), None) => return Err(Failure::Cancelled),
                (Err(error), None) => return Err(bad(error)),
            };
            (out, (network.name(), written.bytes, written.sha256.to_vec()))
        }
    };
    out.flush()?;
    let (network, bytes, sha256) = written;
    let precision = if network.ends_with("int8") { Precision::Int8 } else { Precision::F16 };
    let source_sha256 = record.sha256.clone();
    let record = PackRecord { bytes, sha256: hexadecimal(&sha256), network, precision, source_sha256, layout: LAYOUT };
    compare(store, model, &out, &record, job).await?;
    Ok(record)
}

/// The pack's file, empty. An older pack is gone from now on.
async fn begin(records: &Records, record: &mut Record) -> Result<PrivateFile, Failure> {
    if record.pack.take().is_some() {
        records.write(record).await?;
    }
    let out = records.folder().file(&records::pack(&record.id)).await?;
    out.truncate(0)?;
    Ok(out)
}

/// Reads a pack back and compares it with its record.
async fn compare(
    store: &ModelStore,
    model: &str,
    file: &PrivateFile,
    record: &PackRecord,
    job: &Job,
) -> Result<(), Failure> {
    let mut hasher = Sha256::new();
    let mut piece = vec![0; PIECE];
    let mut at = 0;
    let mut reporter = Reporter::new(store, model, Work::Verifying, record.bytes, 0);
    loop {
        let read = file.read(at, &mut piece)?;
        if read == 0 {
            break;
        }
        hasher.update(&piece[..read]);
        at += read as u64;
        reporter.report(at);
        job.check()?;
        let _ = give_way().await;
    }
    let right = at == record.bytes && hexadecimal(&hasher.finalize()) == record.sha256;
    if right { Ok(()) } else { Err(Failure::HashMismatch) }
}

/// Compares an installed pack with its record; one that does not agree is removed.
pub(super) async fn verify(store: &ModelStore, model: &str, id: &str, job: &Job) -> Result<(), Failure> {
    let records = Records::open().await?;
    let record = records.read(id).await.and_then(|record| record.pack).ok_or(Failure::Gone)?;
    let compared = {
        let file = records.folder().file(&records::pack(id)).await?;
        compare(store, model, &file, &record, job).await
    };
    if compared == Err(Failure::HashMismatch) {
        records.remove(id).await?;
    }
    compared
}

/// The pack of an installed file.
pub(super) async fn opened(records: &Records, id: &str) -> Result<Pack, Failure> {
    let record = records.read(id).await.filter(|record| record.pack.is_some()).ok_or(Failure::Gone)?;
    let file = records.folder().file(&records::pack(&record.id)).await?;
    Pack::open(Readable(Rc::new(file))).map_err(bad)
}

/// What the readers of weights complain about, for people.
fn bad(error: Error) -> Failure {
    match error {
        Error::Weights(WeightsError::Unreadable(detail)) => Failure::Internal { detail },
        Error::Weights(WeightsError::OtherLayout(_)) => Failure::OtherLayout,
        Error::Cancelled => Failure::Cancelled,
        other => Failure::BadModel { detail: other.to_string() },
    }
}
