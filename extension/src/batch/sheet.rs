//! The dialog: what is erased from which files, the first results, the run and what came of it.

use super::choice::{is_of, last_mask, task};
use super::lane::Lane;
use super::list::List;
use super::proofs::{self, PROOFS};
use super::run::Run;
use super::tally::{Outcome, time_left};
use super::target::Target;
use super::task::{Chosen, Painted};
use crate::browser::temporary_file;
use crate::browser::user_folder::{self, UserFolder};
use crate::browser::{field, i18n};
use crate::masks::laying::Places;
use crate::protocol::Failure;
use crate::ui::dom::{attribute, by_id, now, show_text};
use crate::ui::listen::on;
use crate::ui::save_file::save_file;
use crate::ui::sentences;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{
    Blob, DragEvent, Element, Event, FileList, HtmlButtonElement, HtmlDialogElement, HtmlElement, HtmlInputElement,
    HtmlProgressElement, KeyboardEvent, MouseEvent,
};

/// Name of the ZIP file with the results.
const ZIP: &str = "rubout.zip";

/// What is going on; the page shows it as `data-batch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It is being found out what was painted.
    Opening,
    /// Nothing was painted yet.
    Unpainted,
    Choosing,
    Running,
    Over,
}

/// Tells which picture shows, if one does.
type Shown = Box<dyn Fn() -> Option<Painted>>;

/// See the module.
pub struct Sheet {
    dialog: HtmlDialogElement,
    private: bool,
    shown: Shown,
    state: Cell<State>,
    places: RefCell<Option<Places>>,
    /// The picture that was painted in, where it is open.
    painted: RefCell<Option<Painted>>,
    files: RefCell<Vec<Chosen>>,
    /// How often the first results were asked for: only the newest show.
    proofs: Cell<u32>,
    run: RefCell<Rc<Run>>,
    list: List,
    zip: RefCell<Option<Blob>>,
}

/// Says what hinders, or nothing any more.
fn say(sentence: &str) {
    show_text(&by_id::<HtmlElement>("batch-say"), sentence);
}

fn button(id: &str) -> HtmlElement {
    by_id(id)
}

impl Sheet {
    /// Finds the dialog and listens to it. `shown` tells which picture shows. Nothing is written to the disk by itself where it is `private`.
    ///
    /// # Panics
    /// When the page lacks an element.
    pub fn find(private: bool, shown: impl Fn() -> Option<Painted> + 'static) -> Rc<Self> {
        let it = Rc::new(Self {
            dialog: by_id("batch-sheet"),
            private,
            shown: Box::new(shown),
            state: Cell::new(State::Opening),
            places: RefCell::default(),
            painted: RefCell::default(),
            files: RefCell::default(),
            proofs: Cell::default(),
            run: RefCell::default(),
            list: List::find(),
            zip: RefCell::default(),
        });
        by_id::<HtmlElement>("batch-into").set_hidden(!user_folder::is_offered());
        it.listen();
        // What is left of tabs that are gone may stay until the next time.
        spawn_local(async { _ = temporary_file::clear_left().await });
        it
    }

    /// Whether files are being edited: the page's end would end that.
    pub fn is_at_risk(&self) -> bool {
        self.state.get() == State::Running
    }

    fn listen(self: &Rc<Self>) {
        let press = |id: &str, act: fn(&Rc<Self>)| {
            let it = Rc::clone(self);
            on(&button(id), "click", move |_: &MouseEvent| act(&it));
        };
        press("batch-open", Self::open);
        press("batch-close", |it| it.dialog.close());
        press("batch-files", |_| by_id::<HtmlInputElement>("batch-chooser").click());
        press("batch-folder", |_| by_id::<HtmlInputElement>("batch-folder-chooser").click());
        press("batch-start", Self::start);
        press("batch-pause", Self::pause);
        press("batch-stop", |it| it.run.borrow().stop());
        press("batch-again", Self::choose);
        press("batch-save", |it| it.save());
        for id in ["batch-chooser", "batch-folder-chooser"] {
            let (it, chooser) = (Rc::clone(self), by_id::<HtmlInputElement>(id));
            on(&chooser.clone(), "change", move |_: &Event| {
                let files = listed(chooser.files());
                // Otherwise the same files could not be chosen again.
                chooser.set_value("");
                it.take(files);
            });
        }
        for id in ["batch-find", "batch-same", "batch-how"] {
            let it = Rc::clone(self);
            on(&by_id::<Element>(id), "change", move |_: &Event| it.prove());
        }
        let it = Rc::clone(self);
        on(&self.dialog, "cancel", move |event: &Event| {
            // A run is stopped by its own button only.
            if it.state.get() == State::Running {
                event.prevent_default();
            }
        });
        let it = Rc::clone(self);
        on(&self.dialog, "close", move |_: &Event| {
            it.proofs.set(it.proofs.get() + 1);
            let _ = button("batch-open").focus();
        });
        let it = Rc::clone(self);
        on(&self.dialog, "keydown", move |event: &KeyboardEvent| it.key(event));
        on(&self.dialog, "paste", |event: &Event| event.stop_propagation());
        let it = Rc::clone(self);
        on(&self.dialog, "drop", move |event: &DragEvent| {
            // The page behind would open them.
            event.prevent_default();
            event.stop_propagation();
            let files = listed(event.data_transfer().and_then(|data| data.files()));
            if !files.is_empty() && it.state.get() == State::Choosing {
                it.take(files);
            }
        });
    }

    /// The keys of the page behind, which are this dialog's while it is open.
    fn key(self: &Rc<Self>, event: &KeyboardEvent) {
        if !event.ctrl_key() && !event.meta_key() {
            return;
        }
        match event.key().as_str() {
            "o" | "O" if self.state.get() == State::Choosing => by_id::<HtmlInputElement>("batch-chooser").click(),
            "Enter" if !event.repeat() && !self.files.borrow().is_empty() => self.start(),
            "o" | "O" | "Enter" => {}
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    }

    fn show(&self, state: State) {
        self.state.set(state);
        let name = match state {
            State::Opening => "opening",
            State::Unpainted => "unpainted",
            State::Choosing => "choosing",
            State::Running => "running",
            State::Over => "over",
        };
        attribute(&self.dialog, "data-batch", name);
    }

    /// Opens the dialog.
    pub fn open(self: &Rc<Self>) {
        if self.dialog.open() || self.dialog.show_modal().is_err() {
            return;
        }
        // What came of the last files stays until others are wanted.
        if self.state.get() != State::Over {
            self.choose();
        }
    }

    /// Finds out what was painted, and lets files be chosen.
    fn choose(self: &Rc<Self>) {
        self.show(State::Opening);
        let it = Rc::clone(self);
        spawn_local(async move {
            let places = last_mask(it.private).await;
            let shown = (it.shown)();
            let painted = match (&places, shown) {
                (Some(places), Some(shown)) if is_of(places, &shown).await => Some(shown),
                _ => None,
            };
            if let Some(places) = &places {
                let sides = [places.width, places.height].map(|side| side.to_string());
                let what = match &painted {
                    Some(painted) => i18n::text("batchPaintedIn", &[&painted.name]),
                    None => i18n::text("batchPainted", &[&sides[0], &sides[1]]),
                };
                show_text(&by_id::<HtmlElement>("batch-what"), &what);
            }
            let find: HtmlInputElement = by_id("batch-find");
            find.set_disabled(painted.is_none());
            if painted.is_none() {
                by_id::<HtmlInputElement>("batch-same").set_checked(true);
            }
            by_id::<HtmlElement>("batch-find-needs").set_hidden(painted.is_some());
            let state = if places.is_some() { State::Choosing } else { State::Unpainted };
            *it.places.borrow_mut() = places;
            *it.painted.borrow_mut() = painted;
            it.begin(state);
        });
    }

    /// Begins with no results.
    fn begin(self: &Rc<Self>, state: State) {
        *self.zip.borrow_mut() = None;
        self.list.clear();
        say("");
        self.show(state);
        self.prove();
    }

    fn take(self: &Rc<Self>, files: Vec<Chosen>) {
        if files.is_empty() {
            return say(&i18n::text("editorNothing", &[]));
        }
        say("");
        *self.files.borrow_mut() = files;
        self.prove();
    }

    /// Shows the first results.
    fn prove(self: &Rc<Self>) {
        let turn = self.proofs.get() + 1;
        self.proofs.set(turn);
        proofs::clear();
        let (count, size) = {
            let files = self.files.borrow();
            (files.len(), files.iter().map(|chosen| chosen.file.size()).sum::<f64>())
        };
        by_id::<HtmlButtonElement>("batch-start").set_disabled(count == 0);
        let count_text = match count {
            0 => String::new(),
            _ => i18n::text("batchCount", &[&count.to_string(), &sentences::size(size)]),
        };
        show_text(&by_id::<HtmlElement>("batch-count"), &count_text);
        by_id::<HtmlElement>("batch-proving").set_hidden(count == 0);
        if count == 0 || self.state.get() != State::Choosing {
            return;
        }
        let it = Rc::clone(self);
        spawn_local(async move {
            if let Err(failure) = it.proved(turn).await
                && it.proofs.get() == turn
            {
                say(&sentences::failure(&failure));
            }
            if it.proofs.get() == turn {
                by_id::<HtmlElement>("batch-proving").set_hidden(true);
            }
        });
    }

    async fn proved(&self, turn: u32) -> Result<(), Failure> {
        let Some(places) = self.places.borrow().clone() else { return Ok(()) };
        let is_wanted = || self.proofs.get() == turn && self.state.get() == State::Choosing;
        let painted = self.painted.borrow().clone();
        let first: Vec<Chosen> = self.files.borrow().iter().take(PROOFS).cloned().collect();
        let lane = Lane::open().await?;
        let Some(task) = task(&lane, places, painted).await? else {
            if is_wanted() {
                say(&i18n::text("batchFaint", &[]));
            }
            return Ok(());
        };
        for chosen in first {
            if !is_wanted() {
                break;
            }
            proofs::show(&lane, &chosen.path, &chosen.file, &task, is_wanted).await?;
        }
        Ok(())
    }

    fn start(self: &Rc<Self>) {
        if self.state.get() != State::Choosing {
            return;
        }
        let it = Rc::clone(self);
        let is_folder = by_id::<HtmlInputElement>("batch-to-folder").checked();
        // A folder is chosen at the click itself: later, the browser would refuse.
        let choosing = is_folder.then(UserFolder::choose);
        spawn_local(async move {
            let folder = match choosing {
                None => None,
                Some(choosing) => match choosing.await {
                    Ok(Some(folder)) => Some(folder),
                    Ok(None) => return,
                    Err(failure) => return say(&sentences::failure(&failure)),
                },
            };
            // The first results are not waited for any more.
            it.proofs.set(it.proofs.get() + 1);
            say("");
            it.list.clear();
            it.show(State::Running);
            let _ = button("batch-stop").focus();
            match it.ran(folder).await {
                Ok(zip) => {
                    *it.zip.borrow_mut() = zip;
                    it.show(State::Over);
                    it.save();
                }
                Err(failure) => {
                    it.show(State::Over);
                    say(&sentences::failure(&failure));
                }
            }
            by_id::<HtmlElement>("batch-save").set_hidden(it.zip.borrow().is_none());
            let _ = button("batch-again").focus();
        });
    }

    /// Edits all files; gives the ZIP file, if there is to be one with something in it.
    async fn ran(self: &Rc<Self>, folder: Option<UserFolder>) -> Result<Option<Blob>, Failure> {
        let Some(places) = self.places.borrow().clone() else { return Ok(None) };
        let run = Rc::new(Run::default());
        *self.run.borrow_mut() = Rc::clone(&run);
        self.show_pause();
        let files = self.files.borrow().clone();
        self.progress(files.len(), 0.0);
        let lane = Lane::open().await?;
        let painted = self.painted.borrow().clone();
        let Some(task) = task(&lane, places, painted).await? else {
            say(&i18n::text("batchFaint", &[]));
            return Ok(None);
        };
        let target = match folder {
            Some(folder) => Target::folder(folder),
            None => Target::zip(self.private).await,
        };
        let began = now();
        let told = |chosen: &Chosen, outcome: Outcome| {
            // A list that the browser has no room for does not stop the run.
            let _ = self.list.add(&chosen.path, &outcome);
            self.progress(files.len(), now() - began);
        };
        let (target, all) = run.go(&files, &task, lane, target, &told).await;
        if !all {
            say(&i18n::text("batchStopped", &[]));
        }
        let zip = target.finish().await?;
        Ok(zip.filter(|_| self.list.tally().kept > 0))
    }

    fn progress(&self, all: usize, spent: f64) {
        let (done, all) = (self.list.tally().all(), all as u32);
        let bar: HtmlProgressElement = by_id("batch-bar");
        bar.set_max(f64::from(all.max(1)));
        bar.set_value(f64::from(done));
        let mut text = i18n::text("batchProgress", &[&done.to_string(), &all.to_string()]);
        if let Some(left) = time_left(done, all, spent).and_then(sentences::time_left) {
            text = format!("{text} · {}", i18n::text("modelsLeft", &[&left]));
        }
        show_text(&by_id::<HtmlElement>("batch-progress"), &text);
    }

    fn pause(self: &Rc<Self>) {
        let run = Rc::clone(&self.run.borrow());
        run.pause(!run.is_paused());
        self.show_pause();
    }

    fn show_pause(&self) {
        let key = if self.run.borrow().is_paused() { "modelsResume" } else { "modelsPause" };
        show_text(&button("batch-pause"), &i18n::text(key, &[]));
    }

    fn save(&self) {
        if let Some(zip) = &*self.zip.borrow()
            && let Err(failure) = save_file(zip, ZIP)
        {
            say(&sentences::failure(&failure));
        }
    }
}

/// The pictures among files. Those of a folder come with what else is in it.
fn listed(files: Option<FileList>) -> Vec<Chosen> {
    let Some(files) = files else { return vec![] };
    let all = (0..files.length()).filter_map(|number| files.get(number));
    let mut chosen: Vec<Chosen> = all
        .filter(|file| is_picture(&file.type_(), &file.name()))
        .map(|file| {
            let path = field(&file, "webkitRelativePath").as_string().filter(|path| !path.is_empty());
            Chosen { path: path.unwrap_or_else(|| file.name()), file: file.unchecked_into() }
        })
        .collect();
    chosen.sort_by(|a, b| a.path.cmp(&b.path));
    chosen
}

/// Whether a file is meant to be a picture. Browsers know no type of some.
fn is_picture(mime: &str, name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension).to_ascii_lowercase();
    mime.starts_with("image/") || ["avif", "heic", "heif", "jxl", "tif", "tiff"].contains(&extension.as_str())
}
