//! Packs on the disk: opens them for the engine, and compares them with their records.

use super::hash_file::{Hashed, hash_file};
use super::jobs::Job;
use super::records::{self, Records};
use crate::browser::files::PrivateFile;
use crate::engine_host::failure::failure;
use crate::model_catalogue::record::PackRecord;
use crate::protocol::Failure;
use crate::protocol::models::Work;
use std::rc::Rc;
use wasm_core::WeightsError;
use wasm_core::weights::{Bytes, Pack};

/// A file of the store as [`Bytes`].
pub(super) struct Readable(pub(super) Rc<PrivateFile>);

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

/// The pack of an installed file.
///
/// # Errors
/// [`Failure::ModelMissing`] if it is not installed, [`Failure::BadModel`] or [`Failure::OtherLayout`] if the pack cannot be used.
pub(super) async fn open(records: &Records, id: &str) -> Result<Pack, Failure> {
    let record = records.read(id).await.filter(|record| record.pack.is_some()).ok_or(Failure::ModelMissing)?;
    let file = records.folder().file(&records::pack(&record.id)).await?;
    Pack::open(Readable(Rc::new(file))).map_err(failure)
}

/// Reads a pack back and compares it with its record.
///
/// # Errors
/// [`Failure::HashMismatch`] when they differ.
pub(super) async fn compare(file: &PrivateFile, record: &PackRecord, job: &Job) -> Result<(), Failure> {
    let mut progress = job.progress(Work::Verifying, record.bytes, 0);
    let hashed = hash_file(file, Hashed::default(), job, |at, piece| {
        progress.report(at + piece.len() as u64);
        Ok(())
    });
    let hashed = hashed.await?;
    let right = hashed.length == record.bytes && hashed.finish() == record.sha256;
    if right { Ok(()) } else { Err(Failure::HashMismatch) }
}

/// Compares an installed pack with its record. A pack that differs is removed.
///
/// # Errors
/// As [`compare`], and [`Failure::ModelMissing`] if it is not installed.
pub(super) async fn verify(id: &str, job: &Job) -> Result<(), Failure> {
    let records = Records::open().await?;
    let record = records.read(id).await.and_then(|record| record.pack).ok_or(Failure::ModelMissing)?;
    let compared = {
        let file = records.folder().file(&records::pack(id)).await?;
        compare(&file, &record, job).await
    };
    if compared == Err(Failure::HashMismatch) {
        records.remove(id).await?;
    }
    compared
}
