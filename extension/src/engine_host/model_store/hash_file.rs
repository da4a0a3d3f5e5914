//! The SHA-256 of a file, read piece by piece.

use super::jobs::Job;
use crate::browser::files::PrivateFile;
use crate::model_catalogue::hub::hexadecimal;
use crate::protocol::Failure;
use sha2::{Digest, Sha256};
use wasm_core::web::yield_now;

/// Bytes that are read, copied or hashed at a time.
pub(super) const PIECE: usize = 4 << 20;

/// A hash of the beginning of a file.
#[derive(Default)]
pub(super) struct Hashed {
    hasher: Sha256,
    /// How many bytes of the file have been hashed.
    pub(super) length: u64,
}

impl Hashed {
    /// Adds the next bytes of the file.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.length += bytes.len() as u64;
    }

    /// The hash, in lower-case hexadecimal.
    pub(super) fn finish(self) -> String {
        hexadecimal(&self.hasher.finalize())
    }
}

/// Hashes the rest of a file, from the end of `hashed`. `piece` gets each piece and its offset before it is hashed.
///
/// # Errors
/// [`Failure::Cancelled`] when the job is to stop, and what the disk and `piece` fail with.
pub(super) async fn hash_file(
    file: &PrivateFile,
    mut hashed: Hashed,
    job: &Job,
    mut piece: impl FnMut(u64, &[u8]) -> Result<(), Failure>,
) -> Result<Hashed, Failure> {
    let mut buffer = vec![0; PIECE];
    loop {
        let read = file.read(hashed.length, &mut buffer)?;
        if read == 0 {
            return Ok(hashed);
        }
        piece(hashed.length, &buffer[..read])?;
        hashed.update(&buffer[..read]);
        job.check()?;
        // Lets the worker handle its messages.
        let _ = yield_now().await;
    }
}
