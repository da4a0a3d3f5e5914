//! A connection to the engine's worker. Connecting is tried again while the engine's document starts.

use crate::browser::runtime::{self, Port};
use crate::protocol::Failure;
use crate::protocol::background::EnsureEngine;
use crate::wire::{Caller, Incoming, ask_background};
use gloo_timers::future::TimeoutFuture;
use serde::Serialize;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::JsValue;

/// How often to try to connect to an engine that is starting, which takes seconds on a busy machine.
const ATTEMPTS: u32 = 300;
/// Pause between two attempts, milliseconds.
const PAUSE: u32 = 50;

/// One port to the engine's worker, for requests of type `Q`.
pub(crate) struct Connection<Q> {
    port: Rc<Port>,
    /// Sends requests on this port.
    pub(crate) caller: Caller<Q>,
    open: Cell<bool>,
    heard: Cell<bool>,
}

/// The outcome of the first request on a new connection.
pub(crate) enum Attempt<T> {
    /// The other side answered.
    Ready(T),
    /// The engine's document exists, but does not listen yet.
    NotListening,
    /// Another attempt would not help.
    Failed(Failure),
}

impl<Q: Serialize + 'static> Connection<Q> {
    /// Opens a port called `name`. `event` gets messages that answer no request. `lost` is called when the other side is gone, after all
    /// requests that waited for an answer have failed.
    ///
    /// # Errors
    /// When the extension was reloaded underneath this page.
    pub(crate) fn open(
        name: &str,
        event: impl Fn(Incoming) + 'static,
        lost: impl Fn(&Self) + 'static,
    ) -> Result<Rc<Self>, Failure> {
        let port = Rc::new(runtime::connect(name)?);
        let out = Rc::clone(&port);
        let caller = Caller::new(move |message: &JsValue| out.post_message(message));
        let connection =
            Rc::new(Self { port: Rc::clone(&port), caller, open: Cell::new(true), heard: Cell::new(false) });
        let (receiver, loser) = (Rc::clone(&connection), Rc::clone(&connection));
        port.listen(
            move |message| {
                receiver.heard.set(true);
                if let Some(incoming) = receiver.caller.receive(&message) {
                    event(incoming);
                }
            },
            move || {
                loser.open.set(false);
                loser.caller.lose(Failure::EngineLost);
                lost(&loser);
            },
        );
        Ok(connection)
    }

    /// Whether the other side still exists.
    pub(crate) fn is_open(&self) -> bool {
        self.open.get()
    }

    /// Whether a message has ever come from the other side. Before the first one, the engine's document may exist but not listen yet.
    pub(crate) fn has_heard(&self) -> bool {
        self.heard.get()
    }

    /// Closes the connection. The other side notices.
    pub(crate) fn close(&self) {
        self.port.disconnect();
    }
}

/// Has the engine's document opened, connects to it with `open`, and makes the first request with `greet`. Repeats this while the engine does
/// not listen yet. Gives the connection and the answer that `greet` got.
///
/// # Errors
/// [`Failure::EngineLost`] when nobody listens for fifteen seconds, and what `open` and `greet` fail with.
pub(crate) async fn connect<Q, T>(
    open: impl Fn() -> Result<Rc<Connection<Q>>, Failure>,
    greet: impl AsyncFn(&Connection<Q>) -> Attempt<T>,
) -> Result<(Rc<Connection<Q>>, T), Failure> {
    for _ in 0..ATTEMPTS {
        ask_background(EnsureEngine).await?;
        let connection = open()?;
        match greet(&connection).await {
            Attempt::Ready(reply) => return Ok((connection, reply)),
            Attempt::NotListening => {}
            Attempt::Failed(failure) => return Err(failure),
        }
        TimeoutFuture::new(PAUSE).await;
    }
    Err(Failure::EngineLost)
}
