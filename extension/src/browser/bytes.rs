//! Blobs: reading their bytes and making new ones.

use super::{field, refused};
use crate::protocol::Failure;
use js_sys::{Array, Reflect, Symbol, Uint8Array};
use std::io::{self, Write};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, ReadableStreamDefaultReader};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["crypto", "subtle"], js_name = digest)]
    fn digest(algorithm: &str, buffer: &JsValue) -> Result<js_sys::Promise, JsValue>;
    /// An array that holds a view of `bytes`, which are not copied. It is valid until memory is allocated or `bytes` change.
    #[wasm_bindgen(js_namespace = Array, js_name = of)]
    fn array_of_view(bytes: &[u8]) -> Array;
}

/// How many bytes are given to the browser at a time.
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
        let piece = field(&read, "value");
        if piece.is_undefined() {
            return Err(Failure::Internal { detail: "a blob is shorter than it says".into() });
        }
        // Not by its class: that of a blob of another page is not ours.
        let piece: Uint8Array = piece.unchecked_into();
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
        self.pieces.push(&copied(&self.piece, &BlobPropertyBag::new())?.into());
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
    copied(bytes, &options).map_err(refused)
}

/// A blob that has copied `bytes`.
fn copied(bytes: &[u8], options: &BlobPropertyBag) -> Result<Blob, JsValue> {
    let blob = Blob::new_with_u8_array_sequence_and_options(&array_of_view(bytes), options)?;
    // The array itself has to be entered in a table, which may have to grow; then memory may, and the view is empty.
    if blob.size() == bytes.len() as f64 {
        return Ok(blob);
    }
    Blob::new_with_u8_array_sequence_and_options(&Array::of1(&Uint8Array::from(bytes)), options)
}

/// The same bytes with another MIME type.
///
/// # Errors
/// When the browser is out of memory.
pub fn typed(blob: &Blob, mime: &str) -> Result<Blob, Failure> {
    let options = BlobPropertyBag::new();
    options.set_type(mime);
    Blob::new_with_blob_sequence_and_options(&Array::of1(blob), &options).map_err(refused)
}

/// The SHA-256 of a blob's bytes, in hexadecimal.
///
/// # Errors
/// When the browser can no longer read it.
pub async fn fingerprint(blob: &Blob) -> Result<String, Failure> {
    let buffer = JsFuture::from(blob.array_buffer()).await.map_err(refused)?;
    let digest = JsFuture::from(digest("SHA-256", &buffer).map_err(refused)?).await.map_err(refused)?;
    Ok(Uint8Array::new(&digest).to_vec().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether a value is a blob or a file. One that came over a port of Firefox is none of this page's own class.
fn is_blob(value: &JsValue) -> bool {
    let class = Reflect::get(value, &Symbol::to_string_tag()).ok().and_then(|class| class.as_string());
    class.is_some_and(|class| matches!(&*class, "Blob" | "File"))
}

/// The blobs in the `blobs` field of an envelope, in order. Anything that is not a list gives none, and what is no blob is skipped.
pub fn blobs(list: &JsValue) -> Vec<Blob> {
    if !Array::is_array(list) {
        return vec![];
    }
    Array::from(list).iter().filter(is_blob).map(JsCast::unchecked_into).collect()
}
