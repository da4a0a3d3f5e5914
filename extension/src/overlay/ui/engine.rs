//! The line to the engine, rebuilt when it breaks.

use crate::browser::runtime;
use crate::protocol::background::ToBackground;
use crate::protocol::engine::{ENGINE_PORT, EngineEvent, EngineReply, ToEngine};
use crate::protocol::{Failure, Rect};
use crate::wire::{Caller, ask_background};
use gloo_timers::future::TimeoutFuture;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::Blob;

/// How often and how long (milliseconds) to wait for an engine that is just being opened.
const ATTEMPTS: u32 = 60;
const PAUSE: u32 = 50;

/// See the module. Keeps what it takes to open the picture in a new engine.
pub(super) struct Engine {
    on_event: Rc<dyn Fn(EngineEvent, Vec<Blob>)>,
    caller: RefCell<Option<Rc<Caller>>>,
    source: RefCell<Option<Blob>>,
    key: RefCell<Option<String>>,
    /// Every fill that was made and not given up, with its encoded patch.
    fills: RefCell<Vec<(Rect, Blob)>>,
    /// How many of them show.
    applied: RefCell<usize>,
}

impl Engine {
    /// Connects when it is first needed.
    pub(super) fn new(on_event: impl Fn(EngineEvent, Vec<Blob>) + 'static) -> Self {
        Self {
            on_event: Rc::new(on_event),
            caller: RefCell::default(),
            source: RefCell::default(),
            key: RefCell::default(),
            fills: RefCell::default(),
            applied: RefCell::default(),
        }
    }

    /// Opens a picture, from its first fill on. `key` names it across pages.
    pub(super) async fn open(&self, source: Blob, key: Option<String>) -> Result<EngineReply, Failure> {
        *self.source.borrow_mut() = Some(source);
        *self.key.borrow_mut() = key;
        self.fills.borrow_mut().clear();
        *self.applied.borrow_mut() = 0;
        *self.caller.borrow_mut() = None;
        self.connect().await.map(|(_, opened)| opened)
    }

    /// Asks the engine; when it is lost, opens a new one, brings it to where the old one was, and asks again.
    pub(super) async fn call(&self, call: &ToEngine, blobs: &[Blob]) -> Result<(EngineReply, Option<Blob>), Failure> {
        let known = self.caller.borrow().clone();
        if let Some(caller) = known {
            match caller.call::<_, EngineReply>(call, blobs).await {
                Err(Failure::EngineLost) => {}
                other => return other.map(|(reply, blobs)| (reply, blobs.into_iter().next())),
            }
        }
        let (caller, _) = self.connect().await?;
        let (reply, blobs) = caller.call(call, blobs).await?;
        Ok((reply, blobs.into_iter().next()))
    }

    /// Takes up the edit that the engine kept; gives its fills.
    pub(super) async fn resume(&self) -> Result<Vec<(Rect, Blob)>, Failure> {
        let caller = self.caller.borrow().clone().ok_or(Failure::EngineLost)?;
        let (reply, blobs) = caller.call::<_, EngineReply>(&ToEngine::Resume, &[]).await?;
        let EngineReply::Resumed { fills } = reply else {
            return Err(Failure::Internal { detail: format!("unexpected reply {reply:?}") });
        };
        let fills: Vec<(Rect, Blob)> = fills.into_iter().zip(blobs).collect();
        for (rect, patch) in &fills {
            self.filled(*rect, patch.clone());
        }
        Ok(fills)
    }

    /// Tells the engine something that only matters to the one that is there: never opens another.
    pub(super) async fn tell(&self, call: &ToEngine) {
        let caller = self.caller.borrow().clone();
        if let Some(caller) = caller {
            // A lost engine has nothing to stop or to forget.
            let _ = caller.call::<_, EngineReply>(call, &[]).await;
        }
    }

    /// Remembers a fill that the engine made.
    pub(super) fn filled(&self, rect: Rect, patch: Blob) {
        let mut fills = self.fills.borrow_mut();
        fills.truncate(*self.applied.borrow());
        fills.push((rect, patch));
        *self.applied.borrow_mut() = fills.len();
    }

    /// Shows another result of fill number `fill`; those after it are given up.
    pub(super) async fn show_instead(&self, fill: usize, rect: Rect, patch: Blob) -> Result<(), Failure> {
        *self.applied.borrow_mut() = fill;
        self.filled(rect, patch.clone());
        self.call(&ToEngine::Lay { patch: rect, onto: fill as u32 }, &[patch]).await.map(drop)
    }

    /// How many fills show.
    pub(super) fn applied(&self) -> usize {
        *self.applied.borrow()
    }

    /// Undoes or redoes to this many fills.
    pub(super) async fn rewind(&self, fills: usize) -> Result<(), Failure> {
        *self.applied.borrow_mut() = fills;
        self.call(&ToEngine::Rewind { fills: fills as u32 }, &[]).await.map(drop)
    }

    /// A fresh connection with the picture opened on it.
    async fn connect(&self) -> Result<(Rc<Caller>, EngineReply), Failure> {
        let source = self.source.borrow().clone().ok_or(Failure::EngineLost)?;
        let (rects, mut blobs): (Vec<Rect>, Vec<Blob>) = self.fills.borrow().iter().cloned().unzip();
        blobs.insert(0, source);
        let open = ToEngine::Open { fills: rects, key: self.key.borrow().clone() };
        let mut last = Failure::EngineLost;
        for _ in 0..ATTEMPTS {
            ask_background(&ToBackground::EnsureEngine).await?;
            let (caller, heard) = self.line()?;
            match caller.call::<_, EngineReply>(&open, &blobs).await {
                Ok((opened, _)) => {
                    let (applied, all) = (*self.applied.borrow(), self.fills.borrow().len());
                    if applied < all {
                        let rewind = ToEngine::Rewind { fills: applied as u32 };
                        caller.call::<_, EngineReply>(&rewind, &[]).await?;
                    }
                    *self.caller.borrow_mut() = Some(Rc::clone(&caller));
                    return Ok((caller, opened));
                }
                // It was there and broke over this picture: it would again.
                Err(Failure::EngineLost) if heard.get() => return Err(Failure::EngineLost),
                // Its document may exist and not listen yet.
                Err(Failure::EngineLost) => last = Failure::EngineLost,
                Err(failure) => return Err(failure),
            }
            TimeoutFuture::new(PAUSE).await;
        }
        Err(last)
    }

    /// A new line, and whether anything has been heard on it.
    fn line(&self) -> Result<(Rc<Caller>, Rc<Cell<bool>>), Failure> {
        let port = Rc::new(runtime::connect(ENGINE_PORT)?);
        let out = Rc::clone(&port);
        let caller = Rc::new(Caller::new(move |message: &JsValue| out.post_message(message)));
        let (receiver, loser) = (Rc::clone(&caller), Rc::clone(&caller));
        let on_event = Rc::clone(&self.on_event);
        let heard = Rc::new(Cell::new(false));
        let hearing = Rc::clone(&heard);
        port.listen(
            move |message| {
                hearing.set(true);
                let Some(incoming) = receiver.receive(&message) else { return };
                if let Ok(event) = incoming.body() {
                    on_event(event, incoming.blobs);
                }
            },
            move || loser.lose(Failure::EngineLost),
        );
        Ok((caller, heard))
    }
}
