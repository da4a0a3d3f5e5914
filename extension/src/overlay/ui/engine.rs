//! The connection to the engine, made anew when it breaks.

use crate::protocol::engine::{ENGINE_PORT, EngineEvent, EngineReply, ToEngine};
use crate::protocol::{Failure, Rect};
use crate::ui::connection::{Attempt, Connection, connect};
use crate::wire::{Caller, Incoming};
use std::cell::RefCell;
use std::rc::Rc;
use web_sys::Blob;

/// See the module. Keeps what it takes to open the picture in a new engine.
pub(super) struct Engine {
    on_event: Rc<dyn Fn(EngineEvent, Vec<Blob>)>,
    connection: RefCell<Option<Rc<Connection>>>,
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
            connection: RefCell::default(),
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
        *self.connection.borrow_mut() = None;
        self.connect().await.map(|(_, opened)| opened)
    }

    /// Asks the engine; when it is lost, opens a new one, brings it to where the old one was, and asks again.
    pub(super) async fn call(&self, call: &ToEngine, blobs: &[Blob]) -> Result<(EngineReply, Option<Blob>), Failure> {
        let known = self.connection.borrow().clone();
        if let Some(known) = known {
            match known.caller.call::<_, EngineReply>(call, blobs).await {
                Err(Failure::EngineLost) => {}
                other => return other.map(|(reply, blobs)| (reply, blobs.into_iter().next())),
            }
        }
        let (connection, _) = self.connect().await?;
        let (reply, blobs) = connection.caller.call(call, blobs).await?;
        Ok((reply, blobs.into_iter().next()))
    }

    /// Takes up the edit that the engine kept; gives its fills.
    pub(super) async fn resume(&self) -> Result<Vec<(Rect, Blob)>, Failure> {
        let connection = self.connection.borrow().clone().ok_or(Failure::EngineLost)?;
        let (reply, blobs) = connection.caller.call::<_, EngineReply>(&ToEngine::Resume, &[]).await?;
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
        let connection = self.connection.borrow().clone();
        if let Some(connection) = connection {
            // A lost engine has nothing to stop or to forget.
            let _ = connection.caller.call::<_, EngineReply>(call, &[]).await;
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
    async fn connect(&self) -> Result<(Rc<Connection>, EngineReply), Failure> {
        let source = self.source.borrow().clone().ok_or(Failure::EngineLost)?;
        let (rects, mut blobs): (Vec<Rect>, Vec<Blob>) = self.fills.borrow().iter().cloned().unzip();
        blobs.insert(0, source);
        let open = ToEngine::Open { fills: rects, key: self.key.borrow().clone() };
        let greet = async |connection: &Connection| match connection.caller.call::<_, EngineReply>(&open, &blobs).await
        {
            Ok((opened, _)) => match self.redo(&connection.caller).await {
                Ok(()) => Attempt::Ready(opened),
                Err(failure) => Attempt::Failed(failure),
            },
            Err(Failure::EngineLost) if !connection.has_heard() => Attempt::NotListening,
            // If it was there, it broke over this picture: it would again.
            Err(failure) => Attempt::Failed(failure),
        };
        let (connection, opened) = connect(|| self.open_connection(), greet).await?;
        *self.connection.borrow_mut() = Some(Rc::clone(&connection));
        Ok((connection, opened))
    }

    /// Brings an engine that shows all fills to those that show here.
    async fn redo(&self, caller: &Caller) -> Result<(), Failure> {
        let (applied, all) = (*self.applied.borrow(), self.fills.borrow().len());
        if applied < all {
            caller.call::<_, EngineReply>(&ToEngine::Rewind { fills: applied as u32 }, &[]).await?;
        }
        Ok(())
    }

    fn open_connection(&self) -> Result<Rc<Connection>, Failure> {
        let on_event = Rc::clone(&self.on_event);
        let event = move |incoming: Incoming| {
            if let Ok(event) = incoming.body() {
                on_event(event, incoming.blobs);
            }
        };
        Connection::open(ENGINE_PORT, event, |_| {})
    }
}
