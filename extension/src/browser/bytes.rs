//! Blobs: reading their bytes and making new ones.

use super::refused;
use crate::protocol::Failure;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag};

/// Copies a blob's bytes into wasm memory.
///
/// # Errors
/// When the browser can no longer read it.
pub async fn read(blob: &Blob) -> Result<Vec<u8>, Failure> {
    let buffer = JsFuture::from(blob.array_buffer()).await.map_err(refused)?;
    Ok(Uint8Array::new(&buffer).to_vec())
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
