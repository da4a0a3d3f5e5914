//! The overlay: its parts, and what keeps the page in step with what it is doing.
//!
//! The parts do not know each other. What needs several of them is a function of an [`App`], in the module for what the user
//! does ([`painting`], [`erasing`], [`stepping`], [`keeping`], [`leaving`], ...).
//!
//! [`painting`]: super::painting
//! [`erasing`]: super::erasing
//! [`stepping`]: super::stepping
//! [`keeping`]: super::keeping
//! [`leaving`]: super::leaving

use super::dock::Dock;
use super::engine::Engine;
use super::frames::Frames;
use super::handover::Handover;
use super::hover::Hover;
use super::jobs::Jobs;
use super::last_mask::LastMask;
use super::methods::Methods;
use super::page::Page;
use super::proposal::Proposal;
use super::save_sheet::SaveSheet;
use super::screen::Edit;
use super::settings::SettingsSheet;
use super::stage::Stage;
use super::text_layer::TextLayer;
use crate::overlay::activation_guard::ActivationGuard;
use crate::overlay::host::Host;
use crate::overlay::phase::{Facts, Phase, Question};
use crate::protocol::Failure;
use crate::protocol::engine::{EngineEvent, LeftOut};
use crate::ui::dom::{attribute, by_id, root};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use web_sys::{Blob, HtmlButtonElement};

/// How often work that runs may be wanted to stop before the next wish to leave does not wait for it.
const MAX_WISHES: u32 = 2;

/// Functions that the overlay's parts call although they belong to modules above this one.
#[derive(Clone, Copy)]
pub(super) struct Hooks {
    /// Called when the engine sends an event.
    pub heard: fn(&Rc<App>, &EngineEvent, Vec<Blob>),
    /// Called when the user chooses to save after a failure.
    pub save: fn(&Rc<App>),
    /// Called when the edit or the phase changed.
    pub keep: fn(&App, Phase),
    /// Called when a frame was drawn, which also happens after each change of the edit, the phase and the tool.
    pub drawn: fn(&Rc<App>),
}

/// See the module.
pub(super) struct App {
    pub edit: RefCell<Edit>,
    phase: Cell<Phase>,
    /// How often the user has wanted to leave since the work began that runs.
    wishes: Cell<u32>,
    pub stage: Stage,
    pub dock: Dock,
    pub engine: Engine,
    pub page: RefCell<Option<Rc<Page>>>,
    pub jobs: Jobs,
    /// What the picture's file holds beside the picture, and a saved one will not.
    pub left_out: Cell<Option<LeftOut>>,
    pub proposal: Proposal,
    pub text: TextLayer,
    pub hover: Hover,
    pub last_mask: LastMask,
    pub methods: Methods,
    pub settings: Rc<SettingsSheet>,
    pub save_sheet: Rc<SaveSheet>,
    pub handover: Handover,
    pub guard: RefCell<ActivationGuard>,
    pub hooks: Hooks,
}

impl App {
    /// An overlay without a picture.
    pub(super) fn new(host: Host, hooks: Hooks) -> Result<Rc<Self>, Failure> {
        let frames = Rc::new(Frames::default());
        let stage = Stage::find(host, &frames)?;
        let app = Rc::new_cyclic(|weak: &std::rc::Weak<Self>| {
            let weak = weak.clone();
            Self {
                edit: RefCell::default(),
                phase: Cell::new(Phase::Opening),
                wishes: Cell::default(),
                stage,
                dock: Dock::find(&frames),
                engine: Engine::new(move |event, blobs| {
                    if let Some(app) = weak.upgrade() {
                        (app.hooks.heard)(&app, &event, blobs);
                    }
                }),
                page: RefCell::default(),
                jobs: Jobs::default(),
                left_out: Cell::default(),
                proposal: Proposal::find(),
                text: TextLayer::find(),
                hover: Hover::default(),
                last_mask: LastMask::default(),
                methods: Methods::find(&frames),
                settings: SettingsSheet::find(),
                save_sheet: Rc::new(SaveSheet::find()),
                handover: Handover::default(),
                guard: RefCell::default(),
                hooks,
            }
        });
        let weak = Rc::downgrade(&app);
        frames.draw_with(move || {
            if let Some(app) = weak.upgrade() {
                app.dock.toolbar.fit();
                app.stage.draw(&app.edit.borrow(), app.can_mark());
                (app.hooks.drawn)(&app);
            }
        });
        app.enter(Phase::Opening);
        Ok(app)
    }

    /// What the transitions of the phase depend on.
    pub(super) fn facts(&self) -> Facts {
        let edit = self.edit.borrow();
        Facts {
            opened: self.stage.screen.is_open(),
            painted: edit.is_painted(),
            fills: edit.fills(),
            unsaved: edit.is_unsaved(),
            dragging: self.stage.hand.borrow().gesture.paints(),
            insisted: self.wishes.get() > MAX_WISHES,
        }
    }

    /// The user wants to leave. True when the work that runs has been wanted to stop before, and the next wish will not wait for it.
    pub(super) fn wishes_to_leave(&self) -> bool {
        if self.phase().is_running() {
            self.wishes.set(self.wishes.get() + 1);
        }
        self.wishes.get() == MAX_WISHES
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Goes on to another phase and shows it.
    pub(super) fn enter(&self, phase: Phase) {
        if !phase.is_running() {
            self.wishes.set(0);
        }
        self.phase.set(phase);
        attribute(&root(), "data-state", phase.name());
        attribute(&root(), "data-brush", if phase.can_mark() { "paints" } else { "rests" });
        self.show_buttons();
        (self.hooks.keep)(self, phase);
        self.stage.frames.request();
    }

    /// Brings the phase in line with the edit, after a change of it.
    pub(super) fn settle(&self) {
        self.enter(self.phase().settled(self.facts()));
    }

    /// The user may paint: there is a picture, and no job uses the mask.
    pub(super) fn can_paint(&self) -> bool {
        self.stage.screen.is_open() && self.phase().can_paint()
    }

    /// The user may paint, be it for the next job only.
    pub(super) fn can_mark(&self) -> bool {
        self.stage.screen.is_open() && self.phase().can_mark()
    }

    /// Enables the buttons whose action is possible, and disables the others.
    fn show_buttons(&self) {
        let locked = self.phase().is_locked();
        let edit = self.edit.borrow();
        let (undo, redo) = edit.can_step();
        // While a fill runs, undo takes back what was painted since, and then the fill itself.
        let steps = !locked || self.phase().can_mark();
        let redo = redo && (!locked || edit.can_step_aside().1);
        let edited = self.stage.scene.borrow().picture().is_some_and(|picture| picture.edited);
        for (id, enabled) in [
            ("undo", undo && steps),
            ("redo", redo && steps),
            ("erase", !locked || edit.waits()),
            ("again", !locked && edit.last_hole().is_some()),
            ("clear", !locked),
            ("invert", !locked),
            ("rotate-left", !locked),
            ("rotate-right", !locked),
            ("same-place", !locked),
            ("save-mask", !locked),
            ("load-mask", !locked),
            ("save", !locked),
            ("save-as", !locked),
            ("copy", !locked),
            ("done", !locked),
            ("to-editor", !locked),
            ("compare", edit.fills() > 0),
            ("revert", !locked && (edit.changes() > 0 || edited)),
        ] {
            by_id::<HtmlButtonElement>(id).set_disabled(!enabled);
        }
    }

    /// Asks the user. False where the answer is "no", and where something else took the question's place.
    pub(super) async fn ask(&self, question: Question, text: &str, yes: &str, no: &str) -> bool {
        self.choose(question, text, yes, no).await == Some(true)
    }

    /// Has the user choose between two buttons. None where the question was withdrawn, and where something else took its place.
    pub(super) async fn choose(&self, question: Question, text: &str, yes: &str, no: &str) -> Option<bool> {
        let phase = self.phase().asking(question);
        if phase != Phase::Asking(question) {
            return None;
        }
        self.enter(phase);
        let notice = &self.dock.notice;
        let loses = matches!(question, Question::Close | Question::Revert);
        let answer =
            if loses { notice.ask_before_losing(text, yes, no).await } else { notice.ask(text, yes, no).await };
        if answer.is_some() {
            self.enter(self.phase().answered(question, self.facts()));
        }
        answer
    }

    /// The question that shows is not answered after all.
    pub(super) fn withdraw(&self) {
        self.dock.notice.dismiss();
        if let Phase::Asking(question) = self.phase() {
            self.enter(self.phase().answered(question, self.facts()));
        }
        self.stage.focus();
    }

    /// A button of the notice was pressed, or Escape stands for "no". False where nothing is asked.
    pub(super) fn answer(&self, yes: bool) -> bool {
        let answered = self.dock.notice.answer(yes);
        if answered && self.stage.screen.is_open() {
            self.stage.focus();
        }
        answered
    }
}
