//! The keyboard: shortcuts, and painting without a pointer.

use super::app::{App, TOOLS, Tool, viewport};
use super::dom::{document, on, style, window};
use crate::overlay::mask::MaskOp;
use crate::overlay::stroke::Stamp;
use crate::protocol::Point;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, HtmlInputElement, HtmlSelectElement, KeyboardEvent};

/// Enlargement of one press of `+`.
const ZOOM_STEP: f64 = 1.25;

/// Listens on the window.
pub(super) fn bind(app: &Rc<App>) {
    let it = Rc::clone(app);
    on(&window(), "keydown", move |event: &KeyboardEvent| {
        if it.key_down(event) {
            event.prevent_default();
        }
    });
    let it = Rc::clone(app);
    on(&window(), "keyup", move |event: &KeyboardEvent| it.key_up(event));
    let it = Rc::clone(app);
    on(&window(), "blur", move |_: &Event| {
        it.hold_space(false);
        it.compare(false);
    });
}

impl App {
    /// True when the key is used up.
    fn key_down(self: &Rc<Self>, event: &KeyboardEvent) -> bool {
        if self.dom.help_sheet.open() || self.dom.settings_sheet.open() {
            return false;
        }
        let key = event.key();
        let control = event.ctrl_key() || event.meta_key();
        let focused = document().active_element();
        let on_canvas = focused.as_ref().is_none_or(|f| f.id() == "picture" || f.tag_name() == "BODY");
        let in_field = focused
            .as_ref()
            .is_some_and(|f| f.dyn_ref::<HtmlInputElement>().is_some() || f.dyn_ref::<HtmlSelectElement>().is_some());
        let shift = event.shift_key();
        match (key.as_str(), control) {
            ("z" | "Z", true) if shift => self.redo(),
            ("z" | "Z", true) => self.undo(),
            ("y" | "Y", true) => self.redo(),
            ("s" | "S", true) => self.save(),
            ("c" | "C", true) => self.copy(),
            ("+" | "=", true) => self.zoom(ZOOM_STEP),
            ("-", true) => self.zoom(1.0 / ZOOM_STEP),
            ("0", true) => self.whole_picture(),
            (_, true) => return false,
            ("Escape", _) => self.escape(),
            ("Enter", _) if on_canvas => self.erase(),
            (" ", _) if on_canvas => {
                if self.cursor.get().is_some() {
                    if !event.repeat() {
                        self.toggle_painting();
                    }
                } else {
                    self.hold_space(true);
                }
            }
            ("ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown", _) if on_canvas => {
                let step = if shift { 10.0 } else { 1.0 };
                let (x, y) = match key.as_str() {
                    "ArrowLeft" => (-step, 0.0),
                    "ArrowRight" => (step, 0.0),
                    "ArrowUp" => (0.0, -step),
                    _ => (0.0, step),
                };
                self.move_cursor(x, y);
            }
            ("ArrowLeft" | "ArrowRight", _)
                if focused.as_ref().is_some_and(|f| f.get_attribute("role").as_deref() == Some("radio")) =>
            {
                self.neighbour_tool(key == "ArrowRight");
            }
            (_, _) if in_field => return false,
            ("b" | "B", _) => self.choose(Tool::Brush),
            ("e" | "E", _) => self.choose(Tool::Eraser),
            ("r" | "R", _) => self.choose(Tool::Rectangle),
            ("l" | "L", _) => self.choose(Tool::Lasso),
            // With Shift, where the layout has the braces on the same keys.
            ("[", _) => self.scale_brush(if shift { 0.5 } else { 1.0 / 1.15 }),
            ("]", _) => self.scale_brush(if shift { 2.0 } else { 1.15 }),
            ("{", _) => self.scale_brush(0.5),
            ("}", _) => self.scale_brush(2.0),
            ("+" | "=", _) => self.zoom(ZOOM_STEP),
            ("-", _) => self.zoom(1.0 / ZOOM_STEP),
            ("0", _) => self.whole_picture(),
            ("c" | "C", _) => self.compare(true),
            ("t" | "T", _) if event.repeat() => {}
            ("t" | "T", _) => self.try_again(),
            ("1" | "2" | "3" | "4", _) => self.choose_variation(usize::from(key.as_bytes()[0] - b'1')),
            ("?", _) => self.show_help(),
            _ => return false,
        }
        true
    }

    fn key_up(self: &Rc<Self>, event: &KeyboardEvent) {
        match event.key().as_str() {
            " " => {
                let nobody_points = self.pointer.get().is_none() && self.cursor.get().is_none();
                if self.space_held.get() && nobody_points {
                    // Without a pointer Space can only mean painting: show where that would be.
                    self.move_cursor(0.0, 0.0);
                }
                self.hold_space(false);
            }
            "c" | "C" => self.compare(false),
            _ => {}
        }
    }

    fn hold_space(&self, held: bool) {
        if self.space_held.replace(held) != held {
            style(&self.dom.picture, "cursor", if held { "grab" } else { "" });
            self.request_frame();
        }
    }

    fn zoom(&self, factor: f64) {
        let screen = viewport();
        let about = self.pointer.get().unwrap_or(Point { x: screen.width / 2.0, y: screen.height / 2.0 });
        if let Some(view) = &mut *self.view.borrow_mut() {
            view.zoom(factor, about);
        }
        self.mask_changed();
    }

    fn whole_picture(&self) {
        if let Some(view) = &mut *self.view.borrow_mut() {
            if view.is_home() { view.fit() } else { view.reset() }
        }
        self.mask_changed();
    }

    fn scale_brush(&self, factor: f64) {
        self.set_radius(self.radius.get() * factor);
        self.announce("statusSize", &[&format!("{:.0}", self.radius.get() * 2.0)]);
    }

    fn neighbour_tool(self: &Rc<Self>, forward: bool) {
        let now = TOOLS.iter().position(|(tool, ..)| *tool == self.tool.get()).unwrap_or(0);
        let next = (now + if forward { 1 } else { TOOLS.len() - 1 }) % TOOLS.len();
        self.choose(TOOLS[next].0);
        let button: HtmlElement = self.dom.button(TOOLS[next].1).unchecked_into();
        let _ = button.focus();
    }

    /// Moves the keyboard's brush by screen pixels, so that a step is as visible at every zoom; paints on the way while
    /// painting is on.
    fn move_cursor(self: &Rc<Self>, x: f64, y: f64) {
        if !self.can_paint() {
            return;
        }
        let (width, height) = {
            let mask = self.mask.borrow();
            (f64::from(mask.width()), f64::from(mask.height()))
        };
        let scale = self.view.borrow().as_ref().map_or(1.0, |v| v.map().scale()).max(1e-6);
        let from = self.cursor.get().unwrap_or(Point { x: width / 2.0, y: height / 2.0 });
        let step = (1.0 / scale).max(1.0);
        let to = Point { x: (from.x + x * step).clamp(0.0, width), y: (from.y + y * step).clamp(0.0, height) };
        self.cursor.set(Some(to));
        self.touched();
        let painting = matches!(&*self.gesture.borrow(), super::pointer::Gesture::Stroke { .. });
        if painting {
            let stamp = Stamp { at: to, radius: self.radius.get() };
            if let super::pointer::Gesture::Stroke { raw, stamps, erase, .. } = &mut *self.gesture.borrow_mut() {
                let last = stamps.last().copied().unwrap_or(stamp);
                self.mask.borrow_mut().capsule(last, stamp, *erase);
                raw.push(stamp);
                stamps.push(stamp);
            }
        }
        self.announce("statusPosition", &[&format!("{:.0}", to.x), &format!("{:.0}", to.y)]);
        self.mask_changed();
    }

    /// Puts the keyboard's brush down, or lifts it.
    fn toggle_painting(self: &Rc<Self>) {
        if !self.can_paint() {
            return;
        }
        let Some(at) = self.cursor.get() else { return };
        let gesture = std::mem::take(&mut *self.gesture.borrow_mut());
        if let super::pointer::Gesture::Stroke { stamps, erase, .. } = gesture {
            self.history.borrow_mut().painted(MaskOp::Stroke { stamps, erase });
            self.announce("statusNotPainting", &[]);
            self.settle();
        } else {
            let stamp = Stamp { at, radius: self.radius.get() };
            let erase = self.tool.get() == Tool::Eraser;
            self.mask.borrow_mut().capsule(stamp, stamp, erase);
            *self.gesture.borrow_mut() =
                super::pointer::Gesture::Stroke { pointer: -1, raw: vec![stamp], stamps: vec![stamp], erase };
            self.announce("statusPainting", &[]);
        }
        self.mask_changed();
    }

    /// A stroke that the keyboard has not finished counts as it is.
    pub(super) fn finish_stroke(&self) {
        let gesture = std::mem::take(&mut *self.gesture.borrow_mut());
        if let super::pointer::Gesture::Stroke { stamps, erase, .. } = gesture {
            self.history.borrow_mut().painted(MaskOp::Stroke { stamps, erase });
        }
    }
}
