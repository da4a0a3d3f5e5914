//! HTTP requests whose answers are read piece by piece as they arrive.

use super::{field, object, words};
use crate::protocol::Failure;
use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStreamByobReader, Request, RequestInit, Response, WorkerGlobalScope};

/// An answer. Its headers have arrived; its body is still to be read.
pub struct Answer {
    response: Response,
    reader: Option<ReadableStreamByobReader>,
    /// The buffer that bytes are read into. It is lent to the browser for each read and taken back, so that a fast download allocates it once.
    buffer: Option<ArrayBuffer>,
    abort: AbortController,
}

/// Largest number of bytes that one read gives.
const PIECE: u32 = 1 << 20;

/// Asks for `url`, from byte `from` on. The request carries neither cookies nor a referrer. The browser does not cache the answer: a
/// cached model would take its space on the disk twice.
///
/// # Errors
/// [`Failure::Download`] when nobody answers.
pub async fn get(url: &str, from: u64) -> Result<Answer, Failure> {
    let failed = |error: JsValue| Failure::Download { detail: words(&error) };
    let abort = AbortController::new().map_err(failed)?;
    let init: RequestInit = object(&[
        ("credentials", "omit".into()),
        ("referrerPolicy", "no-referrer".into()),
        ("cache", "no-store".into()),
        ("signal", abort.signal().into()),
    ])
    .unchecked_into();
    let request = Request::new_with_str_and_init(url, &init).map_err(failed)?;
    if from > 0 {
        request.headers().set("range", &format!("bytes={from}-")).map_err(failed)?;
    }
    let scope: WorkerGlobalScope = js_sys::global().unchecked_into();
    let response: Response = JsFuture::from(scope.fetch_with_request(&request)).await.map_err(failed)?.unchecked_into();
    Ok(Answer { response, reader: None, buffer: None, abort })
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

    /// Reads the whole body as text.
    ///
    /// # Errors
    /// [`Failure::Download`] when it breaks off.
    pub async fn text(&self) -> Result<String, Failure> {
        let failed = |error: JsValue| Failure::Download { detail: words(&error) };
        let text = JsFuture::from(self.response.text().map_err(failed)?).await.map_err(failed)?;
        Ok(text.as_string().unwrap_or_default())
    }

    /// Hands over the next bytes and says how many there were; none at the end.
    ///
    /// # Errors
    /// [`Failure::Download`] when it breaks off, and what `take` fails with.
    pub async fn next(
        &mut self,
        take: impl FnOnce(&Uint8Array) -> Result<(), Failure>,
    ) -> Result<Option<u32>, Failure> {
        let failed = |error: JsValue| Failure::Download { detail: words(&error) };
        if self.reader.is_none() {
            let Some(body) = self.response.body() else { return Ok(None) };
            self.reader = Some(ReadableStreamByobReader::new(&body).map_err(failed)?);
        }
        let Some(reader) = &self.reader else { return Ok(None) };
        let buffer = self.buffer.take().unwrap_or_else(|| ArrayBuffer::new(PIECE));
        let reading = reader.read_with_array_buffer_view(&Uint8Array::new(&buffer));
        let next = JsFuture::from(reading).await.map_err(failed)?;
        let Ok(bytes) = field(&next, "value").dyn_into::<Uint8Array>() else { return Ok(None) };
        let length = bytes.length();
        if length > 0 {
            take(&bytes)?;
        }
        self.buffer = Some(bytes.buffer());
        Ok(if field(&next, "done").is_truthy() { None } else { Some(length) })
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        // Nobody reads the rest: stop the transfer.
        self.abort.abort();
    }
}
