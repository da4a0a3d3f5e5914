//! The keyboard: shortcuts, and painting without a pointer.

use super::app::App;
use super::cropping::{toggle_corner, turn};
use super::erasing::{erase, try_again};
use super::hovering::hover;
use super::keeping::{copy, save};
use super::laying::same_again;
use super::leaving::escape;
use super::painting::{announce_size, move_cursor, scale_brush, toggle_brush};
use super::proposing::accept;
use super::save_as;
use super::selecting::{Wish, choose_tool, select};
use super::stage::ZOOM_STEP;
use super::stepping::{choose_result, compare, redo, undo};
use super::taking;
use crate::masks::mask::Taking;
use crate::overlay::tool::{Drag, Tool};
use crate::ui::dom::{by_id, document, window};
use crate::ui::listen::on;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement, HtmlInputElement, HtmlSelectElement, KeyboardEvent};

/// Enlargement of the brush by one press of `]`, and with Shift.
const BRUSH_STEP: f64 = 1.15;
const BRUSH_LEAP: f64 = 2.0;
/// Screen pixels of one press of an arrow key with Shift.
const LEAP: f64 = 10.0;

/// Listens on the window.
pub(super) fn bind(app: &Rc<App>) {
    let it = Rc::clone(app);
    on(&window(), "keydown", move |event: &KeyboardEvent| {
        if down(&it, event) {
            event.prevent_default();
        }
    });
    let it = Rc::clone(app);
    on(&window(), "keyup", move |event: &KeyboardEvent| up(&it, event));
    let it = Rc::clone(app);
    on(&window(), "blur", move |_: &Event| {
        it.stage.hold_space(false);
        compare(&it, false);
    });
}

/// Where the keyboard's focus is.
struct Focus(Option<Element>);

impl Focus {
    fn is_on_picture(&self) -> bool {
        self.0.as_ref().is_none_or(|f| f.id() == "picture" || f.tag_name() == "BODY")
    }

    fn is_in_field(&self) -> bool {
        let field =
            |f: &Element| f.dyn_ref::<HtmlInputElement>().is_some() || f.dyn_ref::<HtmlSelectElement>().is_some();
        self.0.as_ref().is_some_and(field)
    }

    fn is_on_choice(&self) -> bool {
        self.0.as_ref().is_some_and(|f| f.get_attribute("role").as_deref() == Some("radio"))
    }
}

/// True when the key is used up.
fn down(app: &Rc<App>, event: &KeyboardEvent) -> bool {
    if app.dock.help.is_open() || app.settings.is_open() || app.save_sheet.is_open() {
        return false;
    }
    let key = event.key();
    let focus = Focus(document().active_element());
    // The right Alt key of many keyboards types brackets, and counts as Ctrl+Alt.
    let types = event.get_modifier_state("AltGraph");
    if (event.ctrl_key() || event.meta_key()) && !types {
        return with_control(app, &key, event.shift_key());
    }
    // Alt with an arrow goes back, with a letter it opens a menu of the browser.
    if event.alt_key() && !types && (key.len() > 1 || key.chars().all(char::is_alphanumeric)) {
        return false;
    }
    match key.as_str() {
        "Escape" if event.repeat() || app.dock.toolbar.close_menu() => {}
        "Escape" => escape(app),
        "Enter" if focus.is_on_picture() && taking::take_first(app) => {}
        "Enter" if focus.is_on_picture() => erase(app),
        " " if focus.is_on_picture() => space(app, event),
        "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown" if focus.is_on_picture() => {
            arrow(app, &key, event.shift_key());
        }
        "ArrowLeft" | "ArrowRight" if focus.is_on_choice() => neighbour_tool(app, key == "ArrowRight"),
        _ if focus.is_in_field() => return false,
        _ => return letter(app, &key, event),
    }
    true
}

fn with_control(app: &Rc<App>, key: &str, shift: bool) -> bool {
    match key {
        "z" | "Z" if shift => redo(app),
        "z" | "Z" => undo(app),
        "y" | "Y" => redo(app),
        "s" | "S" if shift => save_as::open(app),
        "s" | "S" => save(app),
        "c" | "C" => copy(app),
        "a" | "A" if takes_words(app) => taking::take_all(app),
        "+" | "=" => app.stage.zoom(ZOOM_STEP),
        "-" => app.stage.zoom(1.0 / ZOOM_STEP),
        "0" => app.stage.whole_picture(),
        _ => return false,
    }
    true
}

fn takes_words(app: &App) -> bool {
    app.stage.hand.borrow().tool.drag == Drag::Words
}

fn letter(app: &Rc<App>, key: &str, event: &KeyboardEvent) -> bool {
    let host = app.stage.scene.borrow().host;
    if let Some(tool) = Tool::of_key(key).filter(|tool| tool.is_in(host)) {
        choose_tool(app, tool);
        return true;
    }
    let step = if event.shift_key() { BRUSH_LEAP } else { BRUSH_STEP };
    match key {
        "[" => brush(app, 1.0 / step),
        "]" => brush(app, step),
        // With Shift, where the layout has the braces on the same keys.
        "{" => brush(app, 1.0 / BRUSH_LEAP),
        "}" => brush(app, BRUSH_LEAP),
        "+" | "=" => app.stage.zoom(ZOOM_STEP),
        "-" => app.stage.zoom(1.0 / ZOOM_STEP),
        "0" => app.stage.whole_picture(),
        "c" | "C" => compare(app, true),
        "a" | "A" => accept(app),
        "o" | "O" if event.repeat() => {}
        "o" | "O" => turn(app, !event.shift_key()),
        "p" | "P" if event.repeat() => {}
        "p" | "P" => same_again(app),
        "t" | "T" if event.repeat() => {}
        "t" | "T" => try_again(app),
        "1" | "2" | "3" | "4" => choose_result(app, usize::from(key.as_bytes()[0] - b'1')),
        "?" => app.dock.help.show(),
        _ => return false,
    }
    true
}

fn up(app: &Rc<App>, event: &KeyboardEvent) {
    match event.key().as_str() {
        " " => {
            let alone = {
                let hand = app.stage.hand.borrow();
                hand.space_held && hand.pointer.is_none() && hand.cursor.is_none()
            };
            if alone && takes_words(app) {
                taking::step(app, "ArrowRight");
            } else if alone {
                // Without a pointer Space can only mean painting: show where that would be.
                move_cursor(app, 0.0, 0.0);
            }
            app.stage.hold_space(false);
        }
        "c" | "C" => compare(app, false),
        _ => {}
    }
}

/// Space: with the keyboard's brush it paints, at a word that the keyboard went to it takes that, and with a pointer it moves the picture.
fn space(app: &Rc<App>, event: &KeyboardEvent) {
    if takes_words(app) && app.text.by_keys() {
        if !event.repeat() {
            taking::take_pointed(app, event.shift_key());
        }
    } else if app.stage.hand.borrow().cursor.is_none() {
        app.stage.hold_space(true);
    } else if event.repeat() {
        // Held down, it does nothing more.
    } else if app.stage.hand.borrow().tool.drag == Drag::Select {
        let wish = if event.shift_key() { Wish::Toggle } else { Wish::Only(Taking::Instead) };
        let at = app.stage.hand.borrow().cursor.filter(|_| app.can_mark());
        if let Some(at) = at {
            select(app, vec![at], wish);
        }
    } else if !toggle_corner(app) {
        toggle_brush(app);
    }
}

fn arrow(app: &Rc<App>, key: &str, shift: bool) {
    if takes_words(app) {
        return taking::step(app, key);
    }
    let step = if shift { LEAP } else { 1.0 };
    let (x, y) = match key {
        "ArrowLeft" => (-step, 0.0),
        "ArrowRight" => (step, 0.0),
        "ArrowUp" => (0.0, -step),
        _ => (0.0, step),
    };
    move_cursor(app, x, y);
    let cursor = app.stage.hand.borrow().cursor;
    hover(app, cursor);
}

fn brush(app: &Rc<App>, factor: f64) {
    scale_brush(app, factor);
    announce_size(app);
}

fn neighbour_tool(app: &Rc<App>, forward: bool) {
    let host = app.stage.scene.borrow().host;
    let next = app.stage.hand.borrow().tool.neighbour(forward, host);
    choose_tool(app, next);
    // It may have been in the menu, where nothing can have the focus.
    app.dock.toolbar.fit();
    let _ = by_id::<HtmlElement>(next.id).focus();
}
