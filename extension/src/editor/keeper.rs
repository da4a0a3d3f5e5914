//! Keeps the pictures of this page as drafts, so that nothing is lost with it.

use super::picture::{Given, Picture};
use super::shelf::PictureId;
use crate::browser::random_uuid;
use crate::drafts::record::Record;
use crate::drafts::store::{self, Draft};
use crate::protocol::Failure;
use crate::ui::dom::window;
use futures::lock::Mutex;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

/// Where the ids of the drafts stand that are open in this tab: it survives a reload and a crash, and ends with the tab.
const OPEN_HERE: &str = "open";

/// See the module.
pub(super) struct Keeper {
    /// Nothing that was opened from an incognito window is kept.
    pub private: bool,
    /// Held while files are written.
    turn: Mutex<()>,
    /// The files of the results that are there, for each draft of this page.
    written: RefCell<HashMap<String, Vec<String>>>,
    /// The drafts whose locks this page has.
    locked: RefCell<HashSet<String>>,
    /// Whether pictures are just being given to a page, which may refuse them: none of them goes before that is known.
    pub handing_over: Cell<bool>,
    /// The pictures that wait for their turn.
    waiting: RefCell<HashSet<PictureId>>,
}

impl Keeper {
    pub(super) fn new(private: bool) -> Self {
        Self {
            private,
            turn: Mutex::default(),
            written: RefCell::default(),
            locked: RefCell::default(),
            handing_over: Cell::default(),
            waiting: RefCell::default(),
        }
    }

    /// The id of a new draft; none where nothing is kept.
    pub(super) fn name(&self) -> Option<String> {
        (!self.private).then(random_uuid)
    }

    /// Writes a picture as it is when its turn comes.
    ///
    /// # Errors
    /// [`Failure::StorageFull`] when there is no room.
    pub(super) async fn keep(&self, picture: &Picture) -> Result<(), Failure> {
        let Some(id) = &picture.draft else { return Ok(()) };
        if !self.waiting.borrow_mut().insert(picture.id) {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        self.waiting.borrow_mut().remove(&picture.id);
        let before = self.written.borrow().get(id).cloned();
        let is_hidden_for_good = picture.is_hidden_for_good() && !self.handing_over.get();
        if picture.is_closed() || is_hidden_for_good || store::days().await == 0 {
            picture.set_written(None);
            return if before.is_some() { self.remove(id).await } else { Ok(()) };
        }
        if before.is_none() {
            self.lock(id).await?;
            if let Err(failure) = store::write_picture(id, &picture.given.file).await {
                // What was begun takes room; the next change tries again.
                let _ = store::forget(id).await;
                return Err(failure);
            }
            self.written.borrow_mut().insert(id.clone(), vec![]);
        }
        let changes = picture.changes();
        let (edit, results) = picture.kept.borrow().clone().unzip();
        let Given { name, last_modified, file } = &picture.given;
        let record = Record {
            id: id.clone(),
            name: name.clone(),
            kind: file.type_(),
            last_modified: *last_modified,
            changed: js_sys::Date::now(),
            edit,
            results: vec![],
            width: picture.width(),
        };
        let names = store::write(record, &results.unwrap_or_default(), &before.unwrap_or_default()).await?;
        self.written.borrow_mut().insert(id.clone(), names);
        picture.set_written(Some(changes));
        Ok(())
    }

    /// Opens a draft that no other page has open, with its record as it is now; none where one has it open, or has forgotten it.
    ///
    /// # Errors
    /// When a file of it is missing.
    pub(super) async fn open(&self, id: &str) -> Result<Option<(Record, Draft)>, Failure> {
        let _turn = self.turn.lock().await;
        if self.written.borrow().contains_key(id) || !self.lock(id).await? {
            return Ok(None);
        }
        let Some(record) = store::record(id).await? else { return Ok(None) };
        let draft = store::open(&record).await?;
        // A full disk is no reason not to open what is on it.
        if let Err(failure) = store::touch(id).await {
            web_sys::console::warn_1(&failure.to_string().into());
        }
        self.written.borrow_mut().insert(record.id.clone(), record.results.clone());
        Ok(Some((record, draft)))
    }

    /// Removes a draft that is not open here. False where another page has it open.
    ///
    /// # Errors
    /// When the browser refuses.
    pub(super) async fn forget(&self, id: &str) -> Result<bool, Failure> {
        let _turn = self.turn.lock().await;
        if !self.lock(id).await? {
            return Ok(false);
        }
        self.remove(id).await.map(|()| true)
    }

    /// Begins the days anew that the drafts of this page are kept: they count from when it ends, and not from the last change.
    ///
    /// # Errors
    /// When the browser refuses.
    pub(super) async fn touch(&self) -> Result<(), Failure> {
        let _turn = self.turn.lock().await;
        let open: Vec<String> = self.written.borrow().keys().cloned().collect();
        for id in open {
            store::touch(&id).await?;
        }
        Ok(())
    }

    /// Takes the lock of a draft, unless this page has it. False where another page has it.
    async fn lock(&self, id: &str) -> Result<bool, Failure> {
        let is_ours = self.locked.borrow().contains(id) || store::lock(id).await?;
        if is_ours {
            self.locked.borrow_mut().insert(id.into());
        }
        Ok(is_ours)
    }

    async fn remove(&self, id: &str) -> Result<(), Failure> {
        self.written.borrow_mut().remove(id);
        store::forget(id).await
    }
}

/// Notes which drafts are open in this tab.
pub(super) fn note<'a>(open: impl Iterator<Item = &'a str>) {
    if let Ok(Some(session)) = window().session_storage() {
        // Without room, a reload finds them in the list.
        let _ = session.set_item(OPEN_HERE, &open.collect::<Vec<_>>().join(" "));
    }
}

/// The drafts that were open in this tab when its page ended.
pub(super) fn noted() -> Vec<String> {
    let session = window().session_storage().ok().flatten();
    let open = session.and_then(|session| session.get_item(OPEN_HERE).ok().flatten()).unwrap_or_default();
    open.split_whitespace().map(Into::into).collect()
}
