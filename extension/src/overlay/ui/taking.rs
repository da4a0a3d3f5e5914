//! Selecting text: by a click on a word, a double click on its line, a rectangle over several, or the keyboard. The engine finds the words once the tool
//! is chosen; here they are shown and painted.

use super::app::App;
use super::failing::complain;
use super::painting::touched;
use super::text_layer::Click;
use crate::browser::{bytes, i18n};
use crate::masks::mask::MaskOp;
use crate::overlay::text::{Text, Way};
use crate::overlay::tool::Drag;
use crate::protocol::engine::StopFinding;
use crate::protocol::{Failure, Point};
use crate::ui::dom::{has_coarse_pointer, now};
use gloo_timers::future::TimeoutFuture;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::PointerEvent;

/// A pointer that stays within so many CSS pixels has clicked.
const STILL: f64 = 6.0;
/// How far beside a word a mouse, and a finger, still points at it, CSS pixels.
const REACH: f64 = 3.0;
const FINGER: f64 = 14.0;
/// Two clicks on a word within so many milliseconds are a double click.
const DOUBLE: f64 = 400.0;
/// A search that takes longer (milliseconds) is told of.
const LONG: u32 = 300;
/// How far from the edge of the window a word is that the keyboard goes to, CSS pixels.
const MARGIN: f64 = 48.0;

/// The tool was chosen.
pub(super) fn begin(app: &Rc<App>) {
    app.stage.hand.borrow_mut().cursor = None;
    app.text.is_new.set(true);
    let known = app.text.words(&app.edit.borrow());
    match known {
        Some(text) => tell(app, &text),
        None => app.text.ask_anew(),
    }
    app.stage.frames.request();
}

/// Another tool was chosen.
pub(super) fn end(app: &Rc<App>) {
    app.text.point(None);
    let app = Rc::clone(app);
    spawn_local(async move { app.engine.tell(StopFinding).await });
}

/// Brings the words over the picture in line with the edit, and has them found where they are not known. Called for every frame.
pub(super) fn follow(app: &Rc<App>) {
    let hides = app.methods.hint_on_hiding().is_some();
    if app.edit.borrow_mut().paint_whole_words(hides) {
        app.stage.mask_changed();
    }
    let (is_chosen, swept) = {
        let hand = app.stage.hand.borrow();
        (hand.tool.drag == Drag::Words, hand.gesture.swept())
    };
    let edit = app.edit.borrow();
    if is_chosen && app.can_paint() {
        look(app);
        if let (Some(text), Some(view)) = (app.text.words(&edit), app.stage.scene.borrow().view()) {
            let dragged = swept.filter(|(from, to)| !is_click(app, *from, *to)).map(|(from, to)| text.swept(from, to));
            let pointed_at = dragged.unwrap_or_else(|| app.text.pointed_at().into_iter().collect());
            return app.text.draw(&text, &view.map(), text.among(&edit.words()), pointed_at);
        }
    }
    app.text.hide();
}

/// Has the words found, unless they were.
fn look(app: &Rc<App>) {
    let Some(search) = app.text.search(&app.edit.borrow()) else { return };
    let waiting = Rc::clone(app);
    spawn_local(async move {
        TimeoutFuture::new(LONG).await;
        let still = waiting.text.is_newest(search) && waiting.text.words(&waiting.edit.borrow()).is_none();
        if still && waiting.text.is_new.get() {
            waiting.dock.lines.say("hintTextSearch", &[]);
        }
    });
    let app = Rc::clone(app);
    spawn_local(async move {
        let found = find(&app).await;
        if !app.text.is_newest(search) {
            return;
        }
        match found {
            Ok(text) => {
                tell(&app, &text);
                app.text.show(text);
            }
            Err(Failure::Cancelled) => app.text.ask_anew(),
            // It is an offer: without it, nothing is lost.
            Err(failure) => complain(&failure),
        }
        app.stage.frames.request();
    });
}

async fn find(app: &App) -> Result<Text, Failure> {
    let left = app.edit.borrow().framed().part;
    let (lines, strokes) = app.engine.find_text(&app.edit).await?;
    let strokes = bytes::read(&strokes).await?;
    let text = Text::new(lines, &strokes).map(|text| text.within(left));
    text.ok_or_else(|| Failure::Internal { detail: "strokes of other words".into() })
}

/// Says how the tool is used, or that there is nothing to use it on.
fn tell(app: &App, text: &Text) {
    let is_chosen = app.stage.hand.borrow().tool.drag == Drag::Words;
    if !app.text.is_new.take() || !is_chosen {
        return;
    }
    let hint = match (text.is_empty(), has_coarse_pointer()) {
        (true, _) => "hintNoText",
        (_, true) => "hintTextTouch",
        _ => "hintText",
    };
    app.dock.lines.say(hint, &[]);
}

/// The pointer is here now, image pixels; none where it is nowhere, and where it is busy.
pub(super) fn point(app: &App, at: Option<Point>) {
    let Some(text) = words(app) else { return };
    let word = at.and_then(|at| text.at(at, REACH / scale(app)));
    // A pointer that only lies somewhere does not take the place of the keyboard.
    if word != app.text.pointed_at() && !(app.text.by_keys() && word.is_none()) {
        app.text.point(word);
        app.stage.frames.request();
    }
}

/// The words that can be taken at present.
fn words(app: &App) -> Option<Rc<Text>> {
    let is_chosen = app.stage.hand.borrow().tool.drag == Drag::Words;
    if is_chosen && app.can_paint() { app.text.words(&app.edit.borrow()) } else { None }
}

/// CSS pixels of a pixel of the picture.
fn scale(app: &App) -> f64 {
    app.stage.scene.borrow().view().map_or(1.0, |view| view.map().scale()).max(1e-6)
}

fn is_click(app: &App, from: Point, to: Point) -> bool {
    (to.x - from.x).hypot(to.y - from.y) * scale(app) <= STILL
}

/// The pointer has clicked or spanned a rectangle: what it takes is painted, or given back where all of it is taken already, and with Alt. With Shift, a
/// click takes the line.
pub(super) fn sweep(app: &Rc<App>, from: Point, to: Point, event: &PointerEvent) {
    let Some(text) = words(app) else { return };
    if !is_click(app, from, to) {
        return toggle(app, &text, &text.swept(from, to), event.alt_key());
    }
    let reach = if event.pointer_type() == "touch" { FINGER } else { REACH };
    match text.at(from, reach / scale(app)) {
        None => app.dock.lines.say("hintNoText", &[]),
        Some(word) if event.shift_key() => toggle(app, &text, &text.line(word), event.alt_key()),
        Some(word) if event.alt_key() => toggle(app, &text, &[word], true),
        Some(word) => click(app, &text, word),
    }
}

/// A click takes a word, or gives it back; a second one soon after does so with its line instead.
fn click(app: &Rc<App>, text: &Text, word: usize) {
    let line = text.line(word);
    let last = app.text.clicked.take().filter(|last| last.word == word && now() - last.at < DOUBLE);
    if let Some(last) = last
        && let Some(op) = text.op(&line, last.line_was_taken)
    {
        return paint(app, Some(&last.op), op, last.line_was_taken);
    }
    let taken = text.among(&app.edit.borrow().words());
    let Some(op) = text.op(&[word], taken[word]) else { return };
    let line_was_taken = line.iter().all(|word| taken[*word]);
    *app.text.clicked.borrow_mut() = Some(Click { word, at: now(), op: op.clone(), line_was_taken });
    paint(app, None, op, taken[word]);
}

/// Takes words, or gives them back: if that is wished for, and if all of them are taken.
fn toggle(app: &Rc<App>, text: &Text, words: &[usize], away: bool) {
    let taken = text.among(&app.edit.borrow().words());
    let is_taken: Vec<usize> = words.iter().copied().filter(|word| taken[*word]).collect();
    let away = away || is_taken.len() == words.len();
    match text.op(if away { &is_taken } else { words }, away) {
        Some(op) => paint(app, None, op, away),
        None if words.is_empty() => app.dock.lines.say("hintNoText", &[]),
        None => {}
    }
}

/// One step of the mask, in place of `before` where that is the last one. It never begins a fill, whatever is set: see
/// [`super::erasing::erase_after_rest`].
fn paint(app: &Rc<App>, before: Option<&MaskOp>, op: MaskOp, away: bool) {
    touched(app);
    {
        let mut edit = app.edit.borrow_mut();
        match before {
            Some(_) => edit.paint_instead(before, op),
            None => edit.paint(op),
        }
        // What was taken away is found to be gone.
        edit.painted();
    }
    if away {
        app.dock.lines.say("hintUnselected", &[]);
    } else {
        app.dock.lines.say("hintSelected", &[&i18n::text("erase", &[])]);
    }
    app.settle();
    app.stage.mask_changed();
}

/// An arrow key goes to another word.
pub(super) fn step(app: &Rc<App>, key: &str) {
    let Some(text) = words(app) else { return };
    let (x, y) = match key {
        "ArrowLeft" => (-1.0, 0.0),
        "ArrowRight" => (1.0, 0.0),
        "ArrowUp" => (0.0, -1.0),
        _ => (0.0, 1.0),
    };
    let (across, down) = app.edit.borrow().framed().way(x, y);
    let way = if across == 0.0 { Way::Across { down: down > 0.0 } } else { Way::Along { forward: across > 0.0 } };
    let Some(word) = text.beside(app.text.pointed_at(), way) else { return };
    let rect = text.rect(word);
    let [x, y, width, height] = [rect.x, rect.y, rect.width, rect.height].map(f64::from);
    let place = Point { x: x + width / 2.0, y: y + height / 2.0 };
    app.text.go(word, place);
    let is_taken = text.among(&app.edit.borrow().words())[word];
    let sentence = if is_taken { "statusWordTaken" } else { "statusWord" };
    app.dock.lines.announce(sentence, &[&(word + 1).to_string(), &text.len().to_string()]);
    bring_into_sight(app, place);
    app.stage.mask_changed();
}

/// Moves the picture so that a place of it can be seen.
fn bring_into_sight(app: &App, place: Point) {
    let mut scene = app.stage.scene.borrow_mut();
    let Some(view) = scene.view_mut() else { return };
    let at = view.map().apply(place);
    let missing = |at: f64, length: f64| at.clamp(MARGIN.min(length / 2.0), (length - MARGIN).max(length / 2.0)) - at;
    let (x, y) = (missing(at.x, view.viewport.width), missing(at.y, view.viewport.height));
    if (x, y) != (0.0, 0.0) {
        view.pan(x, y);
    }
}

/// Takes the word that the keyboard went to, or its line; gives it back where it is taken.
pub(super) fn take_pointed(app: &Rc<App>, line: bool) {
    let (Some(text), Some(word)) = (words(app), app.text.pointed_at()) else { return };
    let words = if line { text.line(word) } else { vec![word] };
    toggle(app, &text, &words, false);
}

/// Takes the word that the keyboard went to where nothing is painted yet, so that there is nothing to erase. Says whether it did.
pub(super) fn take_first(app: &Rc<App>) -> bool {
    let takes = app.text.by_keys() && !app.edit.borrow().is_painted() && words(app).is_some();
    if takes {
        take_pointed(app, false);
    }
    takes
}

/// Takes all words.
pub(super) fn take_all(app: &Rc<App>) {
    let Some(text) = words(app) else { return };
    match text.op(&text.all(), false) {
        Some(op) => paint(app, None, op, false),
        None => app.dock.lines.say("hintNoText", &[]),
    }
}
