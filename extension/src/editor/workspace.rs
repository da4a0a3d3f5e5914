//! The pictures of the editor, with their overlays: adds, shows, puts to sleep and closes them.

use super::frame::{Frame, Told};
use super::guest::{Guest, Luggage};
use super::intake::Take;
use super::keeper::{Keeper, note};
use super::picture::{Given, Picture};
use super::shelf::{PictureId, Shelf};
use super::strip::Strip;
use crate::browser::{i18n, tabs};
use crate::protocol::Failure;
use crate::protocol::page::Preserve;
use crate::ui::alert::Alert;
use crate::ui::announcer::Announcer;
use crate::ui::dom::{attribute, by_id, document, root, window};
use crate::ui::sentences;
use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::{Rc, Weak};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, Element, HtmlElement, Window};

/// Milliseconds between two looks at what an overlay is doing.
const PAUSE: u32 = 50;

/// Milliseconds after a change until an overlay shows it.
const FADE: u32 = 700;

/// Listens to the windows of overlays, which have the keyboard and what is dropped on them.
type Bind = Box<dyn Fn(&Window)>;

/// See the module.
pub(super) struct Workspace {
    shelf: RefCell<Shelf>,
    pictures: RefCell<HashMap<PictureId, Rc<Picture>>>,
    frames: RefCell<HashMap<PictureId, Frame>>,
    strip: Rc<Strip>,
    place: Element,
    alert: Rc<Alert>,
    announcer: Announcer,
    /// Writes the pictures as drafts.
    pub keeper: Keeper,
    bind: RefCell<Option<Bind>>,
    /// Called when the last picture is closed.
    empty: RefCell<Option<Box<dyn Fn()>>>,
    /// Called when it may be another picture that shows.
    shown: RefCell<Option<Box<dyn Fn()>>>,
    /// Hands the pictures over to the upload field that they are for, if there is one.
    handing_over: RefCell<Option<Box<dyn Fn()>>>,
    /// Pictures whose thumbnails are not drawn yet, because the strip does not show. To draw a large one keeps the page busy.
    undrawn: RefCell<Vec<Rc<Picture>>>,
    /// Held while a thumbnail is drawn: each takes the memory of a decoded picture for a moment.
    drawing: futures::lock::Mutex<()>,
}

impl Workspace {
    /// Where it is `private`, nothing is kept.
    pub(super) fn find(private: bool) -> Rc<Self> {
        let editor = Rc::new(Self {
            shelf: RefCell::default(),
            pictures: RefCell::default(),
            frames: RefCell::default(),
            strip: Rc::new(Strip::find()),
            place: by_id("pictures"),
            alert: Alert::find(by_id("open")),
            announcer: Announcer::find(),
            keeper: Keeper::new(private),
            empty: RefCell::default(),
            shown: RefCell::default(),
            handing_over: RefCell::default(),
            bind: RefCell::default(),
            undrawn: RefCell::default(),
            drawing: futures::lock::Mutex::default(),
        });
        editor.show_shelf();
        editor
    }

    /// `bind` is called with the window of each overlay that opens.
    pub(super) fn listen_with(&self, bind: impl Fn(&Window) + 'static) {
        *self.bind.borrow_mut() = Some(Box::new(bind));
    }

    /// `empty` is called when the last picture is closed.
    pub(super) fn when_empty(&self, empty: impl Fn() + 'static) {
        *self.empty.borrow_mut() = Some(Box::new(empty));
    }

    /// `shown` is called when it may be another picture that shows.
    pub(super) fn when_shown(&self, shown: impl Fn() + 'static) {
        *self.shown.borrow_mut() = Some(Box::new(shown));
    }

    /// `hand_over` is called when the user wants that by the keyboard.
    pub(super) fn hand_over_with(&self, hand_over: impl Fn() + 'static) {
        *self.handing_over.borrow_mut() = Some(Box::new(hand_over));
    }

    /// Hands the pictures over, where there are any and a field for them.
    pub(super) fn hand_over(&self) {
        if let Some(hand_over) = &*self.handing_over.borrow()
            && !self.all().is_empty()
        {
            hand_over();
        }
    }

    /// Whether nothing is kept, because the page was opened from an incognito window.
    pub(super) fn is_private(&self) -> bool {
        self.keeper.private
    }

    /// Takes what came in through one of the ways in.
    pub(super) fn take(self: &Rc<Self>) -> Take {
        let it = Rc::clone(self);
        Rc::new(move |given| {
            if given.is_empty() {
                it.alert.refuse("editorNothing");
            } else {
                it.add(given);
            }
        })
    }

    /// Adds pictures, and shows the first of them.
    pub(super) fn add(self: &Rc<Self>, given: Vec<Given>) {
        self.alert.dismiss();
        let added: Vec<PictureId> = given.into_iter().map(|given| self.put(given)).collect();
        if let Some(first) = added.first() {
            self.show(*first);
        }
    }

    /// Adds a picture at the end.
    pub(super) fn put(self: &Rc<Self>, given: Given) -> PictureId {
        let draft = self.keeper.name();
        let picture = self.place(given, draft, None, None);
        self.keep(&picture);
        picture.id
    }

    /// Adds a picture from before at the end, which is kept as `draft`, with its edit. `width` is what the user has chosen for a drawing.
    pub(super) fn put_back(
        self: &Rc<Self>,
        given: Given,
        draft: String,
        kept: Option<(Preserve, Vec<Blob>)>,
        width: Option<u32>,
    ) -> PictureId {
        let picture = self.place(given, Some(draft), kept, None);
        picture.set_width(width);
        picture.set_written(Some(picture.changes()));
        picture.id
    }

    /// Adds a picture of a page, with the edit that began there, and shows it.
    pub(super) fn put_guest(self: &Rc<Self>, guest: Guest, luggage: Luggage) {
        let Luggage { file, name, kept } = luggage;
        let given = Given { file, name, last_modified: None };
        let picture = self.place(given, self.keeper.name(), Some(kept), Some(guest));
        self.keep(&picture);
        self.show(picture.id);
    }

    fn place(
        self: &Rc<Self>,
        given: Given,
        draft: Option<String>,
        kept: Option<(Preserve, Vec<Blob>)>,
        guest: Option<Guest>,
    ) -> Rc<Picture> {
        let id = self.shelf.borrow_mut().add();
        let picture = Rc::new(Picture::new(id, given, draft, kept, guest));
        let it = Rc::downgrade(self);
        let choose = move || {
            if let Some(it) = it.upgrade() {
                it.show(id);
            }
        };
        if let Err(failure) = self.strip.add(&picture, choose) {
            self.fail(&failure);
        }
        self.pictures.borrow_mut().insert(id, Rc::clone(&picture));
        self.note();
        self.draw(Rc::clone(&picture));
        picture
    }

    /// Notes what is open, for the page that is loaded in this tab next.
    fn note(&self) {
        let all = self.all();
        note(all.iter().filter_map(|picture| picture.draft.as_deref()));
    }

    /// Writes a picture's draft as it is now.
    pub(super) fn keep(self: &Rc<Self>, picture: &Rc<Picture>) {
        let (it, picture) = (Rc::clone(self), Rc::clone(picture));
        spawn_local(async move {
            if let Err(failure) = it.keeper.keep(&picture).await {
                web_sys::console::warn_1(&failure.to_string().into());
                it.alert.refuse("draftFailed");
            }
        });
    }

    /// A picture, if it is still there.
    pub(super) fn picture(&self, id: PictureId) -> Option<Rc<Picture>> {
        self.pictures.borrow().get(&id).cloned()
    }

    /// The picture that shows.
    pub(super) fn shown(&self) -> Option<Rc<Picture>> {
        self.picture(self.shelf.borrow().shown()?)
    }

    /// All pictures, in order.
    pub(super) fn all(&self) -> Vec<Rc<Picture>> {
        self.shelf.borrow().all().iter().filter_map(|id| self.picture(*id)).collect()
    }

    /// Whether the page's end would lose some of an edit.
    pub(super) fn is_at_risk(&self) -> bool {
        self.pictures.borrow().values().any(|picture| picture.is_at_risk())
    }

    /// The result of a picture as a file, with the metadata of its source or without. Its overlay writes it, and is woken up for that.
    ///
    /// # Errors
    /// [`Failure::Undecodable`] when there is no picture in the file, or none that can be opened here. [`Failure::Cancelled`] when the user stops the
    /// overlay, it fails, or the picture is closed meanwhile; it says why itself.
    pub(super) async fn result(self: &Rc<Self>, picture: &Rc<Picture>, metadata: bool) -> Result<Blob, Failure> {
        self.wake(picture.id);
        let mut delivered = picture.delivered();
        // How many deliveries had ended when this one was wanted.
        let mut wanted = None;
        loop {
            {
                let frames = self.frames.borrow();
                let frame = frames.get(&picture.id).ok_or(Failure::Cancelled)?;
                let ended = frame.deliveries();
                match (wanted, frame.state().as_str()) {
                    (Some(before), _) if ended != before => {
                        return delivered.try_recv().ok().flatten().ok_or(Failure::Cancelled);
                    }
                    // A failure that shows is no hindrance, unless it is that there is no picture.
                    (None, "failed") if !frame.has_picture() => {
                        return Err(Failure::Undecodable { detail: "its overlay has no picture".into() });
                    }
                    (None, "painting" | "done" | "failed") => {
                        wanted = Some(ended);
                        frame.want_result(metadata)?;
                    }
                    _ => {}
                }
            }
            match select(delivered, TimeoutFuture::new(PAUSE)).await {
                Either::Left((file, _)) => return file.map_err(|_| Failure::Cancelled),
                Either::Right((_, waiting)) => delivered = waiting,
            }
        }
    }

    /// Draws the thumbnail of a picture that has come or changed, once the strip shows.
    fn draw(self: &Rc<Self>, picture: Rc<Picture>) {
        let mut undrawn = self.undrawn.take();
        undrawn.push(picture);
        if self.strip.shows() {
            undrawn.into_iter().for_each(|picture| self.draw_now(picture));
        } else {
            undrawn.dedup_by(|one, other| Rc::ptr_eq(one, other));
            self.undrawn.replace(undrawn);
        }
    }

    /// One that shows is not decoded a second time.
    fn draw_now(self: &Rc<Self>, picture: Rc<Picture>) {
        let it = Rc::clone(self);
        spawn_local(async move {
            let _turn = it.drawing.lock().await;
            while it.is_opening(&picture) {
                TimeoutFuture::new(PAUSE).await;
            }
            let drawn = it.frames.borrow().get(&picture.id).is_some_and(|frame| it.strip.draw_frame(&picture, frame));
            if !drawn && !picture.is_closed() {
                it.strip.draw_file(&picture).await;
            }
        });
    }

    /// Whether an overlay may be about to show the picture, or does not show one yet that takes the memory meanwhile.
    fn is_opening(&self, picture: &Picture) -> bool {
        let is_first = self.shelf.borrow().shown().is_none() && self.picture(picture.id).is_some();
        is_first || self.frames.borrow().values().any(Frame::is_opening)
    }

    /// Draws a drawing anew, `width` pixels wide. Its edit fits other pixels, and goes.
    pub(super) fn draw_anew(self: &Rc<Self>, picture: &Rc<Picture>, width: u32) {
        picture.set_width(Some(width));
        picture.begin_anew();
        if let Some(frame) = self.frames.borrow_mut().remove(&picture.id) {
            frame.remove();
        }
        self.strip.name(picture);
        self.keep(picture);
        self.show(picture.id);
        self.draw(Rc::clone(picture));
    }

    /// Shows a picture.
    pub(super) fn show(self: &Rc<Self>, id: PictureId) {
        self.shelf.borrow_mut().show(id);
        self.wake(id);
        self.put_to_sleep();
        self.show_shelf();
        if let Some(picture) = self.pictures.borrow().get(&id) {
            self.announcer.say(&picture.given.name);
        }
    }

    /// Shows the picture that is `by` places further.
    pub(super) fn step(self: &Rc<Self>, by: isize) {
        self.shelf.borrow_mut().step(by);
        let shown = self.shelf.borrow().shown();
        if let Some(shown) = shown {
            self.show(shown);
        }
    }

    /// Opens the overlay of a picture that has none.
    fn wake(self: &Rc<Self>, id: PictureId) {
        if self.frames.borrow().contains_key(&id) {
            return;
        }
        let Some(picture) = self.pictures.borrow().get(&id).cloned() else { return };
        let it: Weak<Self> = Rc::downgrade(self);
        let tell = move |picture: &Rc<Picture>, told: Told| {
            if let Some(it) = it.upgrade() {
                it.told(picture, told);
            }
        };
        match Frame::open(&picture, &self.place, tell) {
            Ok(frame) => _ = self.frames.borrow_mut().insert(id, frame),
            Err(failure) => self.fail(&failure),
        }
    }

    /// Takes the overlays away of pictures that were not looked at for longest. Their edits are kept.
    fn put_to_sleep(&self) {
        for id in self.shelf.borrow().sleepers() {
            let mut frames = self.frames.borrow_mut();
            if frames.get(id).is_some_and(|frame| !frame.is_busy())
                && let Some(frame) = frames.remove(id)
            {
                frame.remove();
            }
        }
    }

    fn told(self: &Rc<Self>, picture: &Rc<Picture>, told: Told) {
        match told {
            Told::Loaded => {
                let inner = self.frames.borrow().get(&picture.id).and_then(Frame::window);
                if let (Some(inner), Some(bind)) = (inner, &*self.bind.borrow()) {
                    bind(&inner);
                }
                self.show_shelf();
            }
            Told::Changed => {
                self.strip.name(picture);
                self.keep(picture);
                let (it, picture) = (Rc::clone(self), Rc::clone(picture));
                spawn_local(async move {
                    // A result fades in, and only then shows.
                    TimeoutFuture::new(FADE).await;
                    if !it.strip.shows() {
                        it.draw(picture);
                    } else if let Some(frame) = it.frames.borrow().get(&picture.id) {
                        it.strip.draw_frame(&picture, frame);
                    }
                });
            }
            Told::Closed => self.close(picture.id),
        }
    }

    fn close(self: &Rc<Self>, id: PictureId) {
        if let Some(frame) = self.frames.borrow_mut().remove(&id) {
            frame.remove();
        }
        let closed = self.pictures.borrow_mut().remove(&id);
        self.strip.remove(id);
        self.shelf.borrow_mut().remove(id);
        self.note();
        if let Some(picture) = closed {
            picture.close();
            self.see_off(picture);
        }
        let shown = self.shelf.borrow().shown();
        let next = shown.or_else(|| self.shelf.borrow().all().first().copied());
        match next {
            Some(next) => self.show(next),
            None => {
                self.show_shelf();
                let _ = by_id::<HtmlElement>("open").focus();
                if let Some(empty) = &*self.empty.borrow() {
                    empty();
                }
            }
        }
    }

    /// Forgets a closed picture's draft, and goes back to the page that the picture came from. An editor that was opened for it alone closes.
    fn see_off(self: &Rc<Self>, picture: Rc<Picture>) {
        let Some(tab_id) = picture.guest.as_ref().map(|guest| guest.tab_id) else { return self.keep(&picture) };
        let it = Rc::clone(self);
        spawn_local(async move {
            // This page may end with the next lines.
            let _ = it.keeper.keep(&picture).await;
            // The page may be gone.
            let shown = tabs::show(tab_id).await.is_ok();
            if shown && it.shelf.borrow().all().is_empty() {
                let _ = window().close();
            }
        });
    }

    /// Brings the page in line with the shelf.
    fn show_shelf(&self) {
        let shelf = self.shelf.borrow();
        let shown = shelf.shown();
        attribute(&root(), "data-pictures", &shelf.all().len().to_string());
        self.strip.mark(shown);
        for (id, frame) in &*self.frames.borrow() {
            frame.show(Some(*id) == shown);
        }
        drop(shelf);
        self.title(None);
        if let Some(shown) = &*self.shown.borrow() {
            shown();
        }
    }

    /// Shows in the tab's title which picture shows, or something else that is of importance.
    pub(super) fn title(&self, importance: Option<&str>) {
        let shown = self.shown();
        let name = importance.or(shown.as_ref().map(|picture| picture.given.name.as_str()));
        let title = i18n::text("editorTitle", &[]);
        document().set_title(&name.map_or_else(|| title.clone(), |name| format!("{name} – {title}")));
    }

    /// Says something that has good news, or none.
    pub(super) fn tell(&self, sentence: &str) {
        self.alert.tell(sentence);
    }

    /// Says something that does not end by itself.
    pub(super) fn refuse(&self, key: &str) {
        self.alert.refuse(key);
    }

    /// Says what failed.
    pub(super) fn fail(&self, failure: &Failure) {
        self.alert.fail(failure, &sentences::failure(failure), || {});
    }
}
