//! Requests whose answers are read as they come in.

use super::{field, object, words};
use crate::protocol::Failure;
use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStreamByobReader, Request, RequestInit, Response, WorkerGlobalScope};

/// An answer, of which only the head has come.
pub struct Answer {
    response: Response,
    reader: Option<ReadableStreamByobReader>,
    /// What bytes come in: handed to the browser and back, so that a fast download leaves no garbage behind.
    buffer: Option<ArrayBuffer>,
    abort: AbortController,
}

/// Bytes that are read at a time.
const PIECE: u32 = 1 << 20;

/// Asks for `url`, from byte `from` on. Neither cookies nor the address of this page go along, and nothing is cached: a copy of
/// a model in the cache would take its space twice.
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

    /// A header, where the other side lets us see it.
    pub fn header(&self, name: &str) -> Option<String> {
        self.response.headers().get(name).ok().flatten()
    }

    /// All of it, as text.
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
        // What is not wanted any more should not go on coming in.
        self.abort.abort();
    }
}
