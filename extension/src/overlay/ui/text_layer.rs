//! The words in the picture: which were found, which one is pointed at, and their boxes over the picture.

use super::screen::Edit;
use crate::masks::mask::MaskOp;
use crate::overlay::affine::Affine;
use crate::overlay::projection::ResultId;
use crate::overlay::text::Text;
use crate::protocol::engine::Framing;
use crate::protocol::{Point, Rect};
use crate::ui::dom::{attribute, by_id, each};
use std::cell::{Cell, RefCell};
use std::fmt::Write;
use std::rc::Rc;
use web_sys::HtmlElement;

/// A word that was clicked, until it is known whether that was a double click.
pub(super) struct Click {
    pub word: usize,
    /// When, milliseconds.
    pub at: f64,
    /// What it did.
    pub op: MaskOp,
    /// Whether all of its line was taken before.
    pub line_was_taken: bool,
}

/// What is drawn: whether each word is taken, and which ones are pointed at.
#[derive(Clone, Debug, Default, PartialEq)]
struct Drawn {
    text: Option<usize>,
    taken: Vec<bool>,
    pointed_at: Vec<usize>,
}

/// The picture in which words are looked for: the results that show, and what is left of it.
type Sought = (Vec<ResultId>, Framing);

fn sought(edit: &Edit) -> Sought {
    (edit.showing_ids(), edit.framed())
}

/// See the module.
pub(super) struct TextLayer {
    element: HtmlElement,
    /// The words, and where they were looked for.
    found: RefCell<Option<(Sought, Rc<Text>)>>,
    /// In which picture they were looked for last, also if that has not ended.
    asked: RefCell<Option<Sought>>,
    /// How often they were looked for.
    searches: Cell<usize>,
    /// The user has just chosen the tool, and is to be told how it is used.
    pub is_new: Cell<bool>,
    pointed_at: Cell<Option<usize>>,
    /// Where the keyboard went, image pixels: there it is in the next picture, too. None where the pointer points.
    place: Cell<Option<Point>>,
    pub clicked: RefCell<Option<Click>>,
    drawn: RefCell<Drawn>,
}

impl TextLayer {
    pub(super) fn find() -> Self {
        let element = by_id("words");
        let (found, asked, searches, is_new, pointed_at, place, clicked, drawn) = Default::default();
        Self { element, found, asked, searches, is_new, pointed_at, place, clicked, drawn }
    }

    /// Another picture is there.
    pub(super) fn forget(&self) {
        self.found.take();
        self.ask_anew();
        self.point(None);
    }

    /// What was looked for in vain is looked for again.
    pub(super) fn ask_anew(&self) {
        self.asked.take();
    }

    /// Gives a number to the search in this picture; none where it was looked through already.
    pub(super) fn search(&self, edit: &Edit) -> Option<usize> {
        let sought = sought(edit);
        if self.asked.borrow().as_ref() == Some(&sought) {
            return None;
        }
        *self.asked.borrow_mut() = Some(sought);
        self.searches.set(self.searches.get() + 1);
        Some(self.searches.get())
    }

    /// Whether no other search has begun since this one.
    pub(super) fn is_newest(&self, search: usize) -> bool {
        self.searches.get() == search
    }

    /// The newest search has found these.
    pub(super) fn show(&self, text: Text) {
        let at = self.place.get().and_then(|place| text.at(place, f64::INFINITY));
        self.pointed_at.set(at);
        self.clicked.take();
        let asked = self.asked.borrow().clone();
        *self.found.borrow_mut() = asked.map(|asked| (asked, Rc::new(text)));
    }

    /// The words of the picture that shows; none where they are not known.
    pub(super) fn words(&self, edit: &Edit) -> Option<Rc<Text>> {
        let found = self.found.borrow();
        found.as_ref().filter(|(found_in, _)| *found_in == sought(edit)).map(|(_, text)| Rc::clone(text))
    }

    /// The pointer points at this word.
    pub(super) fn point(&self, word: Option<usize>) {
        self.place.take();
        self.pointed_at.set(word);
    }

    /// The keyboard points at this word, in the middle of which this place lies.
    pub(super) fn go(&self, word: usize, place: Point) {
        self.place.set(Some(place));
        self.pointed_at.set(Some(word));
    }

    pub(super) fn pointed_at(&self) -> Option<usize> {
        self.pointed_at.get()
    }

    /// Whether the keyboard points.
    pub(super) fn by_keys(&self) -> bool {
        self.place.get().is_some() && self.pointed_at.get().is_some()
    }

    /// Shows nothing.
    pub(super) fn hide(&self) {
        self.element.set_hidden(true);
    }

    /// Draws the boxes. `map` takes image pixels to CSS pixels.
    pub(super) fn draw(&self, text: &Text, map: &Affine, taken: Vec<bool>, pointed_at: Vec<usize>) {
        let Affine { a, b, c, d, e, f } = map;
        each(&self.element, "g", |group| {
            attribute(group, "transform", &format!("matrix({a} {b} {c} {d} {e} {f})"));
        });
        self.element.set_hidden(false);
        let now = Drawn { text: Some(self.searches.get()), taken, pointed_at };
        if *self.drawn.borrow() == now {
            return;
        }
        let outline = |words: &mut dyn Iterator<Item = usize>| {
            let mut path = String::new();
            for Rect { x, y, width, height } in words.map(|word| text.rect(word)) {
                // Writing into a string never fails.
                let _ = write!(path, "M{x} {y}h{width}v{height}h-{width}z");
            }
            path
        };
        let is_taken = |word: &usize| now.taken.get(*word).copied().unwrap_or(false);
        for (kind, path) in [
            (".free", outline(&mut (0..text.len()).filter(|word| !is_taken(word)))),
            (".taken", outline(&mut (0..text.len()).filter(is_taken))),
            (".pointed", outline(&mut now.pointed_at.iter().copied())),
        ] {
            each(&self.element, kind, |element| attribute(element, "d", &path));
        }
        *self.drawn.borrow_mut() = now;
    }
}
