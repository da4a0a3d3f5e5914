//! Saves a blob as a file among the user's downloads.

use super::dom::{document, window};
use crate::browser::refused;
use crate::protocol::Failure;
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, Document, HtmlAnchorElement, Url};

/// How long (milliseconds) the blob's URL stays valid. The browser refers to the blob itself long before that.
const ADDRESS_LIFETIME: u32 = 60_000;

/// Hands a blob to the browser as a download called `name`.
///
/// # Errors
/// [`Failure::Internal`] when the browser makes no address for it.
pub(crate) fn save_file(blob: &Blob, name: &str) -> Result<(), Failure> {
    let url = Url::create_object_url_with_blob(blob).map_err(refused)?;
    let link: HtmlAnchorElement = outer_document().create_element("a").map_err(refused)?.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    spawn_local(async move {
        TimeoutFuture::new(ADDRESS_LIFETIME).await;
        let _ = Url::revoke_object_url(&url);
    });
    Ok(())
}

/// The document that links to downloads. Firefox asks the policy of the page around a frame whether a download that begins in the frame may be shown
/// there, and a page of ours shows no blobs: what is framed by one has the download begin in that.
fn outer_document() -> Document {
    // In a web page, there is no access to the frame's element.
    let frame = window().frame_element().ok().flatten();
    frame.and_then(|frame| frame.owner_document()).unwrap_or_else(document)
}
