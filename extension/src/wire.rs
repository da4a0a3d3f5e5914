//! The protocol over whatever carries it: a runtime port, a message port, or a worker's own messages.

use crate::browser::{bytes, field, object, runtime};
use crate::protocol::background::ToBackground;
use crate::protocol::{Answer, Failure, WIRE_VERSION};
use futures::channel::oneshot;
use serde::{Serialize, de::DeserializeOwned};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use wasm_bindgen::JsValue;
use web_sys::Blob;

/// A message as it arrived: whose turn it is, what it says, what came along.
#[derive(Debug)]
pub struct Incoming {
    /// Number of the request, when it is one.
    pub id: Option<u32>,
    /// Number of the request that it answers, when it does.
    pub re: Option<u32>,
    /// Not yet understood.
    pub body: JsValue,
    /// In the order that the body's type documents.
    pub blobs: Vec<Blob>,
}

impl Incoming {
    /// Takes an envelope apart; none when it is not one of ours or of another version.
    pub fn read(message: &JsValue) -> Option<Self> {
        let number = |key: &str| field(message, key).as_f64().map(|n| n as u32);
        (number("v") == Some(u32::from(WIRE_VERSION))).then(|| Self {
            id: number("id"),
            re: number("re"),
            body: field(message, "body"),
            blobs: bytes::blobs(&field(message, "blobs")),
        })
    }

    /// Understands the body.
    ///
    /// # Errors
    /// [`Failure::Internal`] naming what does not fit.
    pub fn body<B: DeserializeOwned>(&self) -> Result<B, Failure> {
        serde_wasm_bindgen::from_value(self.body.clone()).map_err(|e| Failure::Internal { detail: e.to_string() })
    }
}

fn envelope<B: Serialize>(id: Option<u32>, re: Option<u32>, body: &B, blobs: &[Blob]) -> Result<JsValue, Failure> {
    let body = body
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .map_err(|e| Failure::Internal { detail: e.to_string() })?;
    let blobs: js_sys::Array = blobs.iter().collect();
    let mut fields = vec![("v", JsValue::from(WIRE_VERSION)), ("body", body), ("blobs", blobs.into())];
    for (key, number) in [("id", id), ("re", re)] {
        if let Some(number) = number {
            fields.push((key, number.into()));
        }
    }
    Ok(object(&fields))
}

/// The answer to request `re`.
///
/// # Errors
/// [`Failure::Internal`] when the reply cannot be put into a message.
pub fn answer<R: Serialize>(re: u32, result: Result<(R, Vec<Blob>), Failure>) -> Result<JsValue, Failure> {
    let (answer, blobs) = match result {
        Ok((reply, blobs)) => (Answer::Ok(reply), blobs),
        Err(failure) => (Answer::Err(failure), vec![]),
    };
    envelope(None, Some(re), &answer, &blobs)
}

/// A message that wants no answer, and what comes along.
///
/// # Errors
/// [`Failure::Internal`] when the event cannot be put into a message.
pub fn event<E: Serialize>(event: &E, blobs: &[Blob]) -> Result<JsValue, Failure> {
    envelope(None, None, event, blobs)
}

/// A lone request, for channels that pair requests and answers themselves (`sendMessage`).
///
/// # Errors
/// [`Failure::Internal`] when the request cannot be put into a message.
pub fn request<Q: Serialize>(request: &Q) -> Result<JsValue, Failure> {
    envelope(Some(1), None, request, &[])
}

/// Puts a message on its way.
type Send = Box<dyn Fn(&JsValue) -> Result<(), JsValue>>;

/// The asking side of a channel.
pub struct Caller {
    send: Send,
    waiting: RefCell<HashMap<u32, oneshot::Sender<Result<Incoming, Failure>>>>,
    next: Cell<u32>,
    lost: RefCell<Option<Failure>>,
}

impl Caller {
    /// `send` puts a message on the channel.
    pub fn new(send: impl Fn(&JsValue) -> Result<(), JsValue> + 'static) -> Self {
        Self { send: Box::new(send), waiting: RefCell::default(), next: Cell::new(1), lost: RefCell::new(None) }
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// What the other side answered, or why it no longer can.
    pub async fn call<Q: Serialize, R: DeserializeOwned>(
        &self,
        request: &Q,
        blobs: &[Blob],
    ) -> Result<(R, Vec<Blob>), Failure> {
        if let Some(failure) = &*self.lost.borrow() {
            return Err(failure.clone());
        }
        let id = self.next.get();
        self.next.set(id + 1);
        let (sender, receiver) = oneshot::channel();
        self.waiting.borrow_mut().insert(id, sender);
        let message = envelope(Some(id), None, request, blobs)?;
        if let Err(error) = (self.send)(&message) {
            self.waiting.borrow_mut().remove(&id);
            return Err(Failure::Internal { detail: crate::browser::words(&error) });
        }
        let incoming = receiver.await.map_err(|_| Failure::EngineLost)??;
        let reply = Result::from(incoming.body::<Answer<R>>()?)?;
        Ok((reply, incoming.blobs))
    }

    /// Hands an incoming message to whoever waits for it; gives back what nobody does: the events.
    pub fn receive(&self, message: &JsValue) -> Option<Incoming> {
        let incoming = Incoming::read(message)?;
        let Some(re) = incoming.re else { return Some(incoming) };
        if let Some(waiting) = self.waiting.borrow_mut().remove(&re) {
            // Nobody waits any more: the asker was dropped.
            let _ = waiting.send(Ok(incoming));
        }
        None
    }

    /// The channel is gone: everybody who waits, and everybody who will ask, gets this.
    pub fn lose(&self, failure: Failure) {
        for (_, waiting) in self.waiting.borrow_mut().drain() {
            let _ = waiting.send(Err(failure.clone()));
        }
        *self.lost.borrow_mut() = Some(failure);
    }
}

/// Asks the background worker, waking it up when it sleeps.
///
/// # Errors
/// What it answers, and [`Failure::Internal`] where it does not.
pub async fn ask_background(call: &ToBackground) -> Result<(), Failure> {
    let reply = runtime::send_message(&request(call)?).await?;
    let incoming = Incoming::read(&reply).ok_or_else(|| Failure::Internal { detail: "no answer".into() })?;
    incoming.body::<Answer<()>>()?.into()
}
