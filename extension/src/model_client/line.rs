//! The line to the model store, rebuilt when it breaks.

use crate::browser::runtime::{self, Port};
use crate::protocol::Failure;
use crate::protocol::background::ToBackground;
use crate::protocol::models::{MODELS_PORT, Model, ModelsEvent, ModelsReply, Settings, Storage, ToModels};
use crate::wire::{Caller, ask_background};
use futures::future::{Either, select};
use futures::lock::Mutex;
use gloo_timers::future::TimeoutFuture;
use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::Blob;

/// How often and how long (milliseconds) to wait for an engine that is just being opened.
const ATTEMPTS: u32 = 60;
const PAUSE: u32 = 50;
/// How long (milliseconds) a new line may stay silent before it counts as dead.
const PATIENCE: u32 = 20_000;

/// What comes from the store without being asked for.
pub(crate) enum Heard {
    /// It tells something.
    Event(ModelsEvent),
    /// The line broke. Whoever waited for an answer has been told already.
    Lost,
}

/// One port.
struct Line {
    port: Rc<Port>,
    caller: Caller,
    open: Cell<bool>,
    /// It has answered: before that, the engine's document may exist and not listen yet.
    answered: Cell<bool>,
}

impl Line {
    /// Asks for anything at all; none when that takes too long.
    async fn probe(&self) -> Option<Result<(ModelsReply, Vec<Blob>), Failure>> {
        let asking = pin!(self.caller.call(&ToModels::List, &[]));
        match select(asking, pin!(TimeoutFuture::new(PATIENCE))).await {
            Either::Left((answer, _)) => Some(answer),
            Either::Right(_) => None,
        }
    }
}

/// See the module.
pub(crate) struct ModelClient {
    hear: Rc<dyn Fn(Heard)>,
    /// Held while connecting, so that two who ask at once share a line.
    line: Mutex<Option<Rc<Line>>>,
}

impl ModelClient {
    /// Connects when it is first needed.
    pub(crate) fn new(hear: impl Fn(Heard) + 'static) -> Self {
        Self { hear: Rc::new(hear), line: Mutex::new(None) }
    }

    /// Everything there is, the room for it, and what the user set.
    pub(crate) async fn list(&self) -> Result<(Vec<Model>, Storage, Settings), Failure> {
        match self.call(&ToModels::List, &[]).await? {
            (ModelsReply::Listed { models, storage, settings }, _) => Ok((models, storage, settings)),
            (other, _) => Err(unexpected(&other)),
        }
    }

    /// Asks the store. A job that is lost half way is not begun again: what broke the engine might be that job.
    pub(crate) async fn call(&self, call: &ToModels, blobs: &[Blob]) -> Result<(ModelsReply, Vec<Blob>), Failure> {
        self.line().await?.caller.call(call, blobs).await
    }

    async fn line(&self) -> Result<Rc<Line>, Failure> {
        let mut kept = self.line.lock().await;
        if let Some(line) = kept.as_ref().filter(|line| line.open.get()) {
            return Ok(Rc::clone(line));
        }
        let line = self.connect().await?;
        *kept = Some(Rc::clone(&line));
        Ok(line)
    }

    async fn connect(&self) -> Result<Rc<Line>, Failure> {
        for _ in 0..ATTEMPTS {
            ask_background(&ToBackground::EnsureEngine).await?;
            let line = self.open()?;
            match line.probe().await {
                Some(Err(Failure::EngineLost)) => {}
                // A store that answers is there, also when it complains: whoever asks next hears that.
                Some(_) => return Ok(line),
                None => {
                    line.port.disconnect();
                    return Err(Failure::EngineLost);
                }
            }
            TimeoutFuture::new(PAUSE).await;
        }
        Err(Failure::EngineLost)
    }

    fn open(&self) -> Result<Rc<Line>, Failure> {
        let port = Rc::new(runtime::connect(MODELS_PORT)?);
        let out = Rc::clone(&port);
        let caller = Caller::new(move |message: &JsValue| out.post_message(message));
        let line = Rc::new(Line { port: Rc::clone(&port), caller, open: Cell::new(true), answered: Cell::new(false) });
        let (receiver, loser) = (Rc::clone(&line), Rc::clone(&line));
        let (hear, hear_last) = (Rc::clone(&self.hear), Rc::clone(&self.hear));
        port.listen(
            move |message| {
                receiver.answered.set(true);
                if let Some(Ok(event)) = receiver.caller.receive(&message).map(|incoming| incoming.body()) {
                    hear(Heard::Event(event));
                }
            },
            move || {
                loser.open.set(false);
                loser.caller.lose(Failure::EngineLost);
                if loser.answered.get() {
                    hear_last(Heard::Lost);
                }
            },
        );
        Ok(line)
    }
}

/// The store broke its promise about what answers what.
pub(crate) fn unexpected(reply: &ModelsReply) -> Failure {
    Failure::Internal { detail: format!("unexpected reply {reply:?}") }
}
