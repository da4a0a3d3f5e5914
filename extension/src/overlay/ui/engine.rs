//! The engine as the overlay uses it: a projection of the document. When the connection breaks, a new engine is opened.
//!
//! [`Engine::sync`] brings the engine to what the document shows, with the commands that [`projection`] plans. Jobs and
//! encoding do the same first. One request runs at a time, so that the engine never fills or encodes a picture that lies
//! between two states of the document.
//!
//! [`projection`]: crate::overlay::projection

use super::screen::Edit;
use crate::overlay::document::Job;
use crate::overlay::projection::{Command, Held, ResultId, Wanted, next_command};
use crate::protocol::engine::{
    ENGINE_PORT, Encode, Encoded, EngineEvent, Erase, Erased, FindText, FoundText, Keep, Lay, Open, Opened, Propose,
    Proposed, Resume, Resumed, Rewind, Select, Take, Taken, ToEngine,
};
use crate::protocol::{Call, Done, Failure, Point, Rect};
use crate::ui::connection::{Attempt, Connection, connect};
use crate::wire::{Answered, Incoming};
use futures::lock::Mutex;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;

/// How often a request is repeated because the engine was lost.
const MAX_LOSSES: u32 = 1;

/// What it takes to open the picture in an engine.
struct Source {
    /// The picture as it was obtained.
    file: Blob,
    /// The page's own file and the picture's size, where the picture is an earlier edit of it: what is saved is like that file.
    original: Option<(Blob, Rect)>,
    /// Names the picture across pages, so that an interrupted edit of it is found again.
    key: Option<String>,
}

/// What the document wants of the engine, with the results that the engine may have to be given.
#[derive(Clone, Default)]
struct Target {
    wanted: Wanted,
    results: Vec<(Rect, Blob)>,
}

impl Target {
    /// The document with its first `fills` fills showing.
    fn of(document: &Edit, fills: usize) -> Self {
        let results = document.line().map(|result| (result.rect, result.pixels.patch.clone())).collect();
        Self { wanted: document.wanted(fills), results }
    }

    /// The same on the page's own file, over which the picture lies like a result of its own.
    fn onto(mut self, source: Option<&Source>) -> Self {
        if let Some((source, (_, whole))) = source.and_then(|source| Some((source, source.original.as_ref()?))) {
            self.results.insert(0, (*whole, source.file.clone()));
            self.wanted.line.insert(0, EARLIER);
            self.wanted.showing += 1;
        }
        self
    }
}

/// The result in the place of which an earlier edit stands. No job has this number.
const EARLIER: ResultId = 0;

/// See the module.
pub(super) struct Engine {
    on_event: Rc<dyn Fn(EngineEvent, Vec<Blob>)>,
    connection: RefCell<Option<Rc<Connection<ToEngine>>>>,
    source: RefCell<Option<Source>>,
    target: RefCell<Target>,
    /// What the engine has; none where that is not known, or where there is no engine.
    held: RefCell<Option<Held>>,
    /// What the engine keeps for a tab, with the blobs of results.
    kept: RefCell<Option<(Keep, Vec<Blob>)>>,
    /// Locked while a request changes or uses what the engine shows.
    turn: Mutex<()>,
}

impl Engine {
    /// Connects when it is first needed.
    pub(super) fn new(on_event: impl Fn(EngineEvent, Vec<Blob>) + 'static) -> Self {
        Self {
            on_event: Rc::new(on_event),
            connection: RefCell::default(),
            source: RefCell::default(),
            target: RefCell::default(),
            held: RefCell::default(),
            kept: RefCell::default(),
            turn: Mutex::new(()),
        }
    }

    /// Opens a picture in which nothing is filled yet.
    pub(super) async fn open(&self, file: Blob, key: Option<String>) -> Result<Opened, Failure> {
        self.open_source(Source { file, original: None, key }).await
    }

    /// Opens a picture that is an earlier edit of `original` and covers `whole` of it, in which nothing else is filled yet. Where that file
    /// does not fit it, the picture is opened by itself.
    pub(super) async fn open_edited(&self, file: Blob, original: Blob, whole: Rect) -> Result<Opened, Failure> {
        let source = Source { file: file.clone(), original: Some((original, whole)), key: None };
        match self.open_source(source).await {
            Ok(opened) if (opened.width, opened.height) == (whole.width, whole.height) => Ok(opened),
            _ => self.open(file, None).await,
        }
    }

    async fn open_source(&self, source: Source) -> Result<Opened, Failure> {
        let _turn = self.turn.lock().await;
        *self.target.borrow_mut() = Target::default().onto(Some(&source));
        *self.source.borrow_mut() = Some(source);
        self.kept.take();
        self.connection.take();
        self.held.take();
        self.connect().await
    }

    /// Takes up the edit that the engine kept; gives its fills. The document has to take them over before anything else is
    /// asked of the engine.
    pub(super) async fn resume(&self) -> Result<Vec<(Rect, Blob)>, Failure> {
        let connection = self.connection.borrow().clone().ok_or(Failure::EngineLost)?;
        let (Resumed { fills }, blobs) = connection.caller.call(Resume, []).await?;
        Ok(fills.into_iter().zip(blobs).collect())
    }

    /// The document has taken over what [`Self::resume`] gave.
    pub(super) fn resumed(&self, document: &Edit) {
        *self.held.borrow_mut() = Some(Held::opened(&document.wanted(document.fills())));
    }

    /// Brings the engine to what the document shows.
    pub(super) async fn sync(&self, document: &RefCell<Edit>) -> Result<(), Failure> {
        let _turn = self.turn.lock().await;
        self.aim(document, None);
        let mut losses = 0;
        loop {
            match self.catch_up().await {
                Err(Failure::EngineLost) if losses < MAX_LOSSES => losses += 1,
                other => return other,
            }
        }
    }

    /// Has the engine fill a hole. `mask` is the hole's coverage. Gives what is to be known of the result, and its
    /// pixels.
    pub(super) async fn erase(
        &self,
        document: &RefCell<Edit>,
        job: &Job,
        mask: &Blob,
    ) -> Result<(Erased, Blob), Failure> {
        let _turn = self.turn.lock().await;
        self.aim(document, Some(job.onto));
        let (engine, seed) = (job.made.engine.clone(), job.made.seed);
        let erase = Erase { job: job.id, mask: job.made.hole.rect, engine, seed };
        let (erased, [blob]) = self.ask(erase, [mask.clone()]).await?;
        if let Some(held) = &mut *self.held.borrow_mut() {
            held.filled(job.id);
        }
        Ok((erased, blob))
    }

    /// What `mask`, the coverage of a rectangle, leaves out of a thing; none where that cannot be told.
    pub(super) async fn propose(
        &self,
        document: &RefCell<Edit>,
        rect: Rect,
        mask: &Blob,
    ) -> Result<Option<(Rect, Blob)>, Failure> {
        let _turn = self.turn.lock().await;
        self.aim(document, None);
        let (Proposed { rect }, blobs) = self.ask(Propose { mask: rect }, [mask.clone()]).await?;
        Ok(rect.zip(blobs.into_iter().next()))
    }

    /// The thing at a place of what the document shows, or inside a rough circle there; none where there is none.
    pub(super) async fn select(
        &self,
        document: &RefCell<Edit>,
        outline: Vec<Point>,
    ) -> Result<Option<(Rect, Blob)>, Failure> {
        let _turn = self.turn.lock().await;
        self.aim(document, None);
        let (Proposed { rect }, blobs) = self.ask(Select { outline }, []).await?;
        Ok(rect.zip(blobs.into_iter().next()))
    }

    /// As [`Self::select`] at the place in `outline`, which may be empty to prepare the picture only; but of what the engine has at the moment, and
    /// with nobody waiting for it: neither a fill nor a file. None as well where there is no engine.
    pub(super) async fn look(&self, outline: Vec<Point>) -> Result<Option<(Rect, Blob)>, Failure> {
        let connection = self.connection.borrow().clone();
        let Some(connection) = connection else { return Ok(None) };
        match connection.caller.call(Select { outline }, []).await {
            Ok((Proposed { rect }, blobs)) => Ok(rect.zip(blobs.into_iter().next())),
            // Whoever needs it opens another.
            Err(Failure::EngineLost) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The words of each line of what the document shows, with their strokes as [`FoundText`] has them. No request waits for it: a fill or a file
    /// stops it.
    ///
    /// # Errors
    /// [`Failure::Cancelled`] where it was stopped.
    pub(super) async fn find_text(&self, document: &RefCell<Edit>) -> Result<(Vec<Vec<Rect>>, Blob), Failure> {
        self.sync(document).await?;
        let connection = self.connection.borrow().clone().ok_or(Failure::EngineLost)?;
        let (FoundText { lines }, [strokes]) = connection.caller.call(FindText, []).await?;
        Ok((lines, strokes))
    }

    /// What the document shows, as a file.
    pub(super) async fn encode(&self, document: &RefCell<Edit>, how: Encode) -> Result<Blob, Failure> {
        let _turn = self.turn.lock().await;
        self.aim(document, None);
        self.ask(how, []).await.map(|(Encoded {}, [file])| file)
    }

    /// Has the engine keep the edit, in case that the overlay has to go on in a tab. An engine that takes the place of this one
    /// keeps it, too.
    pub(super) fn keep(&self, keep: Keep, results: Vec<Blob>) {
        let known = self.kept.borrow().as_ref().is_some_and(|(kept, _)| *kept == keep);
        if !known {
            *self.kept.borrow_mut() = Some((keep, results));
            self.send_kept();
        }
    }

    fn send_kept(&self) {
        let connection = self.connection.borrow().clone();
        let (Some(connection), Some((keep, results))) = (connection, self.kept.borrow().clone()) else { return };
        let Some(file) = self.source.borrow().as_ref().map(|source| source.file.clone()) else { return };
        let blobs = [vec![file], results].concat();
        // What cannot be kept now is kept after the next change.
        spawn_local(async move { _ = connection.caller.call(keep, blobs).await });
    }

    /// Takes what was kept for a session; none where nothing was.
    pub(super) async fn take(&self, session: String) -> Option<(String, Vec<Blob>)> {
        let greet = async |connection: &Connection<ToEngine>| match connection
            .caller
            .call(Take { session: session.clone() }, [])
            .await
        {
            Ok(taken) => Attempt::Ready(taken),
            Err(Failure::EngineLost) if !connection.has_heard() => Attempt::NotListening,
            Err(failure) => Attempt::Failed(failure),
        };
        let (connection, (Taken { edit }, blobs)) = connect(|| self.open_connection(), greet).await.ok()?;
        connection.close();
        Some((edit?, blobs))
    }

    /// Tells the engine something that only matters to the one that is there: never opens another.
    pub(super) async fn tell<C: Call<Request = ToEngine, Blobs<Blob> = [Blob; 0]>>(&self, call: C) {
        let connection = self.connection.borrow().clone();
        if let Some(connection) = connection {
            // A lost engine has nothing to stop or to forget.
            let _ = connection.caller.call(call, []).await;
        }
    }

    /// Sets the target: the document with its first `fills` fills, or with those that show if none is given.
    fn aim(&self, document: &RefCell<Edit>, fills: Option<usize>) {
        let document = document.borrow();
        let target = Target::of(&document, fills.unwrap_or(document.fills()));
        *self.target.borrow_mut() = target.onto(self.source.borrow().as_ref());
    }

    /// Brings the engine to the target and sends a request. Does both once more when the engine is lost.
    async fn ask<C: Call<Request = ToEngine, Blobs<Blob>: Clone>>(
        &self,
        call: C,
        blobs: C::Blobs<Blob>,
    ) -> Answered<C> {
        let mut losses = 0;
        loop {
            let answer = match self.catch_up().await {
                Ok(()) => self.send(call.clone(), blobs.clone()).await,
                Err(failure) => Err(failure),
            };
            match answer {
                Err(Failure::EngineLost) if losses < MAX_LOSSES => losses += 1,
                other => return other,
            }
        }
    }

    async fn send<C: Call<Request = ToEngine>>(&self, call: C, blobs: C::Blobs<Blob>) -> Answered<C> {
        let connection = self.connection.borrow().clone().ok_or(Failure::EngineLost)?;
        let answer = connection.caller.call(call, blobs).await;
        if let Err(Failure::EngineLost) = answer {
            self.held.take();
        }
        answer
    }

    /// Carries out what is planned, until nothing is left to do.
    async fn catch_up(&self) -> Result<(), Failure> {
        loop {
            let target = self.target.borrow().clone();
            let command = next_command(self.held.borrow().as_ref(), &target.wanted);
            let Some(command) = command else { return Ok(()) };
            // What the engine has is unknown until it answers, and stays unknown if this future is dropped before.
            let held = self.held.take();
            let (Done {}, []) = match command {
                Command::Open => {
                    self.connect().await?;
                    continue;
                }
                Command::Rewind { fills } => self.send(Rewind { fills: fills as u32 }, []).await?,
                Command::Lay { index } => {
                    let (patch, blob) = target.results[index].clone();
                    self.send(Lay { patch, onto: index as u32 }, [blob]).await?
                }
            };
            if let Some(mut held) = held {
                held.done(command, &target.wanted);
                *self.held.borrow_mut() = Some(held);
            }
        }
    }

    /// Opens the picture with all its results, in the engine that is there or in a new one.
    async fn connect(&self) -> Result<Opened, Failure> {
        let target = self.target.borrow().clone();
        let (fills, mut blobs): (Vec<Rect>, Vec<Blob>) = target.results.into_iter().unzip();
        let open = {
            let source = self.source.borrow();
            let source = source.as_ref().ok_or(Failure::EngineLost)?;
            let original = source.original.as_ref().map(|(file, _)| file);
            blobs.insert(0, original.unwrap_or(&source.file).clone());
            Open { fills, key: source.key.clone() }
        };
        let known = self.connection.borrow().clone();
        let opened = match known {
            Some(known) => match known.caller.call(open.clone(), blobs.clone()).await {
                Err(Failure::EngineLost) => self.connect_anew(&open, &blobs).await?,
                other => other?.0,
            },
            None => self.connect_anew(&open, &blobs).await?,
        };
        *self.held.borrow_mut() = Some(Held::opened(&target.wanted));
        Ok(opened)
    }

    async fn connect_anew(&self, open: &Open, blobs: &[Blob]) -> Result<Opened, Failure> {
        let greet = async |connection: &Connection<ToEngine>| match connection
            .caller
            .call(open.clone(), blobs.to_vec())
            .await
        {
            Ok((opened, _)) => Attempt::Ready(opened),
            Err(Failure::EngineLost) if !connection.has_heard() => Attempt::NotListening,
            // An engine that was there and is lost broke while opening this picture, and would break again.
            Err(failure) => Attempt::Failed(failure),
        };
        let (connection, opened) = connect(|| self.open_connection(), greet).await?;
        *self.connection.borrow_mut() = Some(connection);
        self.send_kept();
        Ok(opened)
    }

    fn open_connection(&self) -> Result<Rc<Connection<ToEngine>>, Failure> {
        let on_event = Rc::clone(&self.on_event);
        let event = move |incoming: Incoming| {
            if let Ok(event) = incoming.body() {
                on_event(event, incoming.blobs);
            }
        };
        Connection::open(ENGINE_PORT, event, |_| {})
    }
}
