//! HTTP requests whose answers are read piece by piece as they arrive. No request waits for ever, and none is led away from encryption.

use super::{field, object, words};
use crate::protocol::{DownloadFault, Failure};
use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use js_sys::{ArrayBuffer, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStreamByobReader, Request, RequestInit, Response, Url, WorkerGlobalScope};

/// An answer. Its headers have arrived; its body is still to be read.
pub struct Answer {
    url: String,
    response: Response,
    reader: Option<ReadableStreamByobReader>,
    /// The buffer that bytes are read into. It is lent to the browser for each read and taken back, so that a fast download allocates it once.
    buffer: Option<ArrayBuffer>,
    /// Stops the transfer when dropped.
    _transfer: Transfer,
}

/// Largest number of bytes that one read gives.
const PIECE: u32 = 1 << 20;
/// How long a server may be silent, milliseconds.
const PATIENCE: u32 = 30_000;

/// A request under way, which ends when this is dropped: nobody reads the rest.
struct Transfer(AbortController);

impl Drop for Transfer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Asks for `url`, from byte `from` on, or for all of it without naming a range. The request carries neither cookies nor a referrer. The
/// browser does not cache the answer: a cached model would take its space on the disk twice.
///
/// # Errors
/// [`Failure::Download`] when nobody answers, or the answer comes from an address that must not be.
pub async fn get(url: &str, from: Option<u64>) -> Result<Answer, Failure> {
    match fetch(url, from, "follow").await {
        Ok((response, _)) if url.starts_with("https:") && !response.url().starts_with("https:") => {
            Err(failure(url, DownloadFault::Answer, "it leads to an address without encryption".into()))
        }
        Ok((response, transfer)) => {
            Ok(Answer { url: url.to_owned(), response, reader: None, buffer: None, _transfer: transfer })
        }
        Err(error) => {
            // The browser does not say why a request failed. A server that leads elsewhere was there: where it leads to is not.
            let leads = async { fetch(url, None, "manual").await.is_ok_and(|(answer, _)| answer.status() == 0) };
            let fault = if !error.is_null() && leads.await { DownloadFault::Answer } else { DownloadFault::Network };
            Err(failure(url, fault, detail(&error)))
        }
    }
}

async fn fetch(url: &str, from: Option<u64>, redirect: &str) -> Result<(Response, Transfer), JsValue> {
    let transfer = Transfer(AbortController::new()?);
    let init: RequestInit = object(&[
        ("credentials", "omit".into()),
        ("referrerPolicy", "no-referrer".into()),
        ("cache", "no-store".into()),
        ("redirect", redirect.into()),
        ("signal", transfer.0.signal().into()),
    ])
    .unchecked_into();
    let request = Request::new_with_str_and_init(url, &init)?;
    if let Some(from) = from {
        request.headers().set("range", &format!("bytes={from}-"))?;
    }
    let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
    let response = patient(scope.fetch_with_request(&request)).await?.unchecked_into();
    Ok((response, transfer))
}

/// What a promise of the network comes to; the error is null if it takes too long.
async fn patient(promise: Promise) -> Result<JsValue, JsValue> {
    match select(JsFuture::from(promise), TimeoutFuture::new(PATIENCE)).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => Err(JsValue::NULL),
    }
}

fn detail(error: &JsValue) -> String {
    if error.is_null() { "the server fell silent".into() } else { words(error) }
}

/// The failure of a download from `url`.
pub fn failure(url: &str, fault: DownloadFault, detail: String) -> Failure {
    Failure::Download { fault, host: host(url), detail }
}

/// Host and port of an address.
pub fn host(url: &str) -> String {
    Url::new(url).map_or_else(|_| url.to_owned(), |url| url.host())
}

impl Answer {
    /// HTTP status.
    pub fn status(&self) -> u16 {
        self.response.status()
    }

    /// A header, where the server exposes it to other origins.
    pub fn header(&self, name: &str) -> Option<String> {
        self.response.headers().get(name).ok().flatten()
    }

    /// The failure for an answer that is of no use.
    pub fn failure(&self, fault: DownloadFault, detail: &str) -> Failure {
        failure(&self.url, fault, format!("{detail} (status {})", self.status()))
    }

    /// Reads the whole body, which may have `most` bytes.
    ///
    /// # Errors
    /// [`Failure::Download`] when it breaks off, or is longer.
    pub async fn body(&mut self, most: usize) -> Result<Vec<u8>, Failure> {
        let mut all = vec![];
        let mut take = |bytes: &Uint8Array| {
            all.extend_from_slice(&bytes.to_vec());
            Ok(all.len())
        };
        while let Some(length) = self.next(&mut take).await? {
            if length > most {
                return Err(self.failure(DownloadFault::Answer, "it does not end"));
            }
        }
        Ok(all)
    }

    /// Hands over the next bytes and gives what `take` gives; none at the end.
    ///
    /// # Errors
    /// [`Failure::Download`] when it breaks off, and what `take` fails with.
    pub async fn next<T>(
        &mut self,
        take: impl FnOnce(&Uint8Array) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure> {
        let failed = |error: JsValue| failure(&self.url, DownloadFault::Network, detail(&error));
        if self.reader.is_none() {
            let Some(body) = self.response.body() else { return Ok(None) };
            self.reader = Some(ReadableStreamByobReader::new(&body).map_err(failed)?);
        }
        let Some(reader) = &self.reader else { return Ok(None) };
        let buffer = self.buffer.take().unwrap_or_else(|| ArrayBuffer::new(PIECE));
        let next = patient(reader.read_with_array_buffer_view(&Uint8Array::new(&buffer))).await.map_err(failed)?;
        let Ok(bytes) = field(&next, "value").dyn_into::<Uint8Array>() else { return Ok(None) };
        if bytes.length() == 0 {
            return Ok(None);
        }
        let taken = take(&bytes)?;
        self.buffer = Some(bytes.buffer());
        Ok(Some(taken))
    }
}
