//! Blobs: reading their bytes and making new ones.

use super::refused;
use crate::protocol::Failure;
use js_sys::{Array, Uint8Array};
use std::io::{self, Write};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag};

/// How many bytes are copied at a time between JavaScript and wasm. For that time they are in memory twice.
const PIECE: usize = 4 << 20;

/// Copies a blob's bytes into wasm memory.
///
/// # Errors
/// When the browser can no longer read it, or there is no memory for it.
pub async fn read(blob: &Blob) -> Result<Vec<u8>, Failure> {
    let length = blob.size() as usize;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length).map_err(|e| Failure::Internal { detail: e.to_string() })?;
    while bytes.len() < length {
        let (start, end) = (bytes.len(), length.min(bytes.len() + PIECE));
        let piece = blob.slice_with_f64_and_f64(start as f64, end as f64).map_err(refused)?;
        let piece = Uint8Array::new(&JsFuture::from(piece.array_buffer()).await.map_err(refused)?);
        bytes.resize(end, 0);
        if piece.length() as usize != end - start {
            return Err(Failure::Internal { detail: "a blob is shorter than it says".into() });
        }
        piece.copy_to(&mut bytes[start..]);
    }
    Ok(bytes)
}

/// A blob that is written piece by piece, of which only the last one is in memory.
#[derive(Default)]
pub struct BlobWriter {
    pieces: Array,
    piece: Vec<u8>,
}

impl BlobWriter {
    /// The blob, with the MIME type `mime`.
    ///
    /// # Errors
    /// When the browser is out of memory.
    pub fn finish(mut self, mime: &str) -> Result<Blob, Failure> {
        self.put_away().map_err(refused)?;
        let options = BlobPropertyBag::new();
        options.set_type(mime);
        Blob::new_with_blob_sequence_and_options(&self.pieces, &options).map_err(refused)
    }

    /// Gives the last piece to the browser.
    fn put_away(&mut self) -> Result<(), JsValue> {
        let parts = Array::of1(&Uint8Array::from(&self.piece[..]));
        self.pieces.push(&Blob::new_with_u8_array_sequence(&parts)?.into());
        self.piece.clear();
        Ok(())
    }
}

impl Write for BlobWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.put_away().map_err(|_| io::ErrorKind::OutOfMemory)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Makes a blob of `bytes` with the MIME type `mime`.
///
/// # Errors
/// When the browser is out of memory.
pub fn blob(bytes: &[u8], mime: &str) -> Result<Blob, Failure> {
    let options = BlobPropertyBag::new();
    options.set_type(mime);
    let parts = Array::of1(&Uint8Array::from(bytes));
    Blob::new_with_u8_array_sequence_and_options(&parts, &options).map_err(refused)
}

/// The blobs in the `blobs` field of an envelope, in order. Anything that is not a list gives none, and what is no blob is skipped.
pub fn blobs(list: &JsValue) -> Vec<Blob> {
    if !Array::is_array(list) {
        return vec![];
    }
    Array::from(list).iter().filter_map(|b| b.dyn_into::<Blob>().ok()).collect()
}
