//! Blobs: reading their bytes and making new ones.

use super::{field, refused};
use crate::protocol::Failure;
use js_sys::{Array, Uint8Array};
use std::io::{self, Write};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, ReadableStreamDefaultReader};

/// How many bytes are given to JavaScript at a time. For that time they are in memory twice.
const PIECE: usize = 4 << 20;

/// Copies a blob's bytes into wasm memory.
///
/// # Errors
/// When the browser can no longer read it, or there is no memory for it.
pub async fn read(blob: &Blob) -> Result<Vec<u8>, Failure> {
    read_head(blob, blob.size() as usize).await
}

/// Copies the first `length` bytes of a blob into wasm memory.
///
/// Not by slices of the blob: it may come from an incognito window, and the browser ends our process, with the edits of all tabs, when it takes a
/// slice of a blob that is registered with another profile.
///
/// # Errors
/// When the blob is shorter, the browser can no longer read it, or there is no memory for it.
pub async fn read_head(blob: &Blob, length: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length).map_err(|e| Failure::Internal { detail: e.to_string() })?;
    let reader: ReadableStreamDefaultReader = blob.stream().get_reader().unchecked_into();
    while bytes.len() < length {
        let read = JsFuture::from(reader.read()).await.map_err(refused)?;
        let piece: Uint8Array = field(&read, "value")
            .dyn_into()
            .map_err(|_| Failure::Internal { detail: "a blob is shorter than it says".into() })?;
        let start = bytes.len();
        bytes.resize(length.min(start + piece.length() as usize), 0);
        piece.subarray(0, (bytes.len() - start) as u32).copy_to(&mut bytes[start..]);
    }
    // Nobody waits for the rest.
    let _ = reader.cancel();
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
