//! The protocol over whatever carries it: a runtime port, a message port, or a worker's own messages.

use crate::browser::{bytes, field, object, runtime};
use crate::protocol::background::ToBackground;
use crate::protocol::{Answer, Call, Failure, Reply, WIRE_VERSION};
use futures::channel::oneshot;
use serde::{Serialize, de::DeserializeOwned};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::marker::PhantomData;
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

    /// The request, when it is one, and what it asks for.
    pub fn request<Q: DeserializeOwned>(self) -> Option<(Pending, Result<Q, Failure>)> {
        let body = self.body();
        Some((Pending { id: self.id?, blobs: self.blobs }, body))
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

/// As many blobs as were promised.
fn promised<B: TryFrom<Vec<Blob>>>(blobs: Vec<Blob>) -> Result<B, Failure> {
    let came = blobs.len();
    B::try_from(blobs)
        .map_err(|_| Failure::Internal { detail: format!("{came} blobs came along, which is not what was promised") })
}

/// What a request of type `C` is answered with: the reply and its blobs, or why there is none.
pub type Answered<C> = Result<(<C as Call>::Reply, <<C as Call>::Reply as Reply>::Blobs<Blob>), Failure>;

/// A request that waits for its answer.
#[derive(Debug)]
pub struct Pending {
    id: u32,
    blobs: Vec<Blob>,
}

impl Pending {
    /// Has `serve` answer `call`, which is the body of this request; gives the message to be sent back. A reply that cannot be put into a
    /// message becomes a failure: whoever asked waits until something comes.
    pub async fn serve<C: Call, F: Future<Output = Answered<C>>>(
        self,
        call: C,
        serve: impl FnOnce(C, C::Blobs<Blob>) -> F,
    ) -> JsValue {
        let answered = match promised(self.blobs) {
            Ok(blobs) => serve(call, blobs).await,
            Err(failure) => Err(failure),
        };
        let answer =
            answered.and_then(|(reply, blobs)| envelope(None, Some(self.id), &Answer::Ok(reply), &blobs.into()));
        answer.unwrap_or_else(|failure| refusal(self.id, failure))
    }

    /// The message that says why the request is not served.
    pub fn refuse(self, failure: Failure) -> JsValue {
        refusal(self.id, failure)
    }
}

/// An answer without blobs.
///
/// # Errors
/// Those of `result`.
pub fn reply<T: Into<R>, R>(result: Result<T, Failure>) -> Result<(R, [Blob; 0]), Failure> {
    result.map(|reply| (reply.into(), []))
}

/// A failure that cannot be put into a message (a number is beyond JavaScript's) becomes the one that says so, which is only text.
fn refusal(id: u32, failure: Failure) -> JsValue {
    let message = |failure| envelope(None, Some(id), &Answer::<()>::Err(failure), &[]);
    message(failure).or_else(message).unwrap_or(JsValue::NULL)
}

/// A message that wants no answer, and what comes along.
///
/// # Errors
/// [`Failure::Internal`] when the event cannot be put into a message.
pub fn event<E: Serialize>(event: &E, blobs: &[Blob]) -> Result<JsValue, Failure> {
    envelope(None, None, event, blobs)
}

/// Puts a message on its way.
type Send = Box<dyn Fn(&JsValue) -> Result<(), JsValue>>;

/// The asking side of a channel whose requests are `Q`.
pub struct Caller<Q> {
    send: Send,
    waiting: RefCell<HashMap<u32, oneshot::Sender<Result<Incoming, Failure>>>>,
    next: Cell<u32>,
    lost: RefCell<Option<Failure>>,
    requests: PhantomData<Q>,
}

impl<Q: Serialize> Caller<Q> {
    /// `send` puts a message on the channel.
    pub fn new(send: impl Fn(&JsValue) -> Result<(), JsValue> + 'static) -> Self {
        Self {
            send: Box::new(send),
            waiting: RefCell::default(),
            next: Cell::new(1),
            lost: RefCell::new(None),
            requests: PhantomData,
        }
    }

    /// Asks, and waits for the answer.
    ///
    /// # Errors
    /// What the other side answered, or why it no longer can.
    pub async fn call<C: Call<Request = Q>>(&self, call: C, blobs: C::Blobs<Blob>) -> Answered<C> {
        if let Some(failure) = &*self.lost.borrow() {
            return Err(failure.clone());
        }
        let id = self.next.get();
        self.next.set(id + 1);
        let message = envelope(Some(id), None, &call.into(), &blobs.into())?;
        let (sender, receiver) = oneshot::channel();
        self.waiting.borrow_mut().insert(id, sender);
        if let Err(error) = (self.send)(&message) {
            self.waiting.borrow_mut().remove(&id);
            return Err(Failure::Internal { detail: crate::browser::words(&error) });
        }
        let incoming = receiver.await.map_err(|_| Failure::EngineLost)??;
        answered::<C>(incoming)
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

/// Understands an answer.
fn answered<C: Call>(incoming: Incoming) -> Answered<C> {
    let reply = Result::from(incoming.body::<Answer<C::Reply>>()?)?;
    Ok((reply, promised(incoming.blobs)?))
}

/// Asks the background worker, waking it up when it sleeps.
///
/// # Errors
/// What it answers, and [`Failure::Internal`] where it does not.
pub async fn ask_background<C: Call<Request = ToBackground, Reply = ()>>(call: C) -> Result<(), Failure> {
    // The browser pairs this question with its answer: any number will do.
    let message = envelope(Some(1), None, &call.into(), &[])?;
    let reply = runtime::send_message(&message).await?;
    let incoming = Incoming::read(&reply).ok_or_else(|| Failure::Internal { detail: "no answer".into() })?;
    answered::<C>(incoming).map(drop)
}
