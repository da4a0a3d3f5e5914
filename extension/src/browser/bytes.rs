//! Blobs in and out.

use super::refused;
use crate::protocol::Failure;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag};

/// Copies a blob's bytes into wasm memory.
///
/// # Errors
/// When the browser cannot read it any more.
pub async fn read(blob: &Blob) -> Result<Vec<u8>, Failure> {
    let buffer = JsFuture::from(blob.array_buffer()).await.map_err(refused)?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

/// A blob of these bytes.
///
/// # Errors
/// When the browser is out of memory.
pub fn blob(bytes: &[u8], mime: &str) -> Result<Blob, Failure> {
    let options = BlobPropertyBag::new();
    options.set_type(mime);
    let parts = Array::of1(&Uint8Array::from(bytes));
    Blob::new_with_u8_array_sequence_and_options(&parts, &options).map_err(refused)
}

/// The blobs that travel beside a message.
pub fn blobs(list: &JsValue) -> Vec<Blob> {
    if !Array::is_array(list) {
        return vec![];
    }
    Array::from(list).iter().filter_map(|b| b.dyn_into::<Blob>().ok()).collect()
}
