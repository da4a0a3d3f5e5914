//! Mouse, pen and touch: painting, zooming, panning.

use super::app::{App, State, Tool};
use super::dom::{on, style};
use crate::overlay::mask::MaskOp;
use crate::overlay::stroke::{Stamp, pressed_radius, smoothed};
use crate::protocol::Point;
use std::rc::Rc;
use web_sys::{MouseEvent, PointerEvent, WheelEvent};

/// What the pointer is in the middle of. Points are image pixels, except where they say otherwise.
#[derive(Default)]
pub(super) enum Gesture {
    /// Nothing.
    #[default]
    None,
    /// A brush or eraser stroke: where the pointer was, and the smoothed stamps already in the mask.
    Stroke { pointer: i32, raw: Vec<Stamp>, stamps: Vec<Stamp>, erase: bool },
    /// A rectangle between two corners.
    Rectangle { pointer: i32, from: Point, to: Point },
    /// An outline.
    Lasso { pointer: i32, outline: Vec<Point> },
    /// Moving the picture; the last place in CSS pixels.
    Pan { pointer: i32, last: Point },
    /// Two fingers; their last places in CSS pixels.
    Pinch { fingers: [(i32, Point); 2] },
}

impl Gesture {
    /// The outline to draw while it is being dragged, and whether it is closed.
    pub(super) fn outline(&self) -> Option<(Vec<Point>, bool)> {
        match self {
            Self::Rectangle { from, to, .. } => {
                let (a, b) = (*from, *to);
                Some((vec![a, Point { x: b.x, y: a.y }, b, Point { x: a.x, y: b.y }], true))
            }
            Self::Lasso { outline, .. } => Some((outline.clone(), false)),
            _ => None,
        }
    }

    /// True while something is being painted.
    pub(super) fn paints(&self) -> bool {
        matches!(self, Self::Stroke { .. } | Self::Rectangle { .. } | Self::Lasso { .. })
    }
}

fn place(event: &MouseEvent) -> Point {
    Point { x: f64::from(event.client_x()), y: f64::from(event.client_y()) }
}

/// Sub-pixel place of a pointer event.
fn precise(event: &PointerEvent) -> Point {
    let axis = |key| js_sys::Reflect::get(event, &key).ok().and_then(|v| v.as_f64());
    match (axis("clientX".into()), axis("clientY".into())) {
        (Some(x), Some(y)) => Point { x, y },
        _ => place(event),
    }
}

/// Listens on the stage.
pub(super) fn bind(app: &Rc<App>) {
    let stage = app.dom.stage.clone();
    let it = Rc::clone(app);
    on(&stage, "pointerdown", move |event: &PointerEvent| it.pointer_down(event));
    let it = Rc::clone(app);
    on(&stage, "pointermove", move |event: &PointerEvent| it.pointer_move(event));
    let it = Rc::clone(app);
    on(&stage, "pointerup", move |event: &PointerEvent| it.pointer_up(event));
    let it = Rc::clone(app);
    on(&stage, "pointercancel", move |_: &PointerEvent| it.cancel_gesture());
    let it = Rc::clone(app);
    on(&stage, "pointerleave", move |_: &PointerEvent| {
        it.pointer.set(None);
        it.request_frame();
    });
    let it = Rc::clone(app);
    on(&stage, "wheel", move |event: &WheelEvent| it.wheel(event));
    on(&stage, "contextmenu", |event: &MouseEvent| event.prevent_default());
}

impl App {
    /// Painting is possible: there is a picture, and no job uses the mask.
    pub(super) fn can_paint(&self) -> bool {
        self.has_picture() && matches!(self.state.get(), State::Painting | State::Done | State::Failed)
    }

    fn image_point(&self, at: Point) -> Option<Point> {
        Some(self.view.borrow().as_ref()?.inverse()?.apply(at))
    }

    fn stamp(&self, event: &PointerEvent) -> Option<Stamp> {
        let radius = pressed_radius(self.radius.get(), f64::from(event.pressure()), event.pointer_type() == "pen");
        Some(Stamp { at: self.image_point(precise(event))?, radius })
    }

    fn pointer_down(self: &Rc<Self>, event: &PointerEvent) {
        if !self.has_picture() {
            return;
        }
        event.prevent_default();
        let _ = self.dom.picture.focus();
        self.cursor.set(None);
        let at = precise(event);
        self.pointer.set(Some(at));
        let id = event.pointer_id();
        // Without capture a stroke ends at the edge of the window, nothing worse.
        let _ = self.dom.stage.set_pointer_capture(id);
        let second_finger = event.pointer_type() == "touch" && !event.is_primary();
        if second_finger {
            let first = match &*self.gesture.borrow() {
                Gesture::Stroke { pointer, raw, .. } => raw.last().map(|s| (*pointer, s.at)),
                Gesture::Rectangle { pointer, to, .. } => Some((*pointer, *to)),
                Gesture::Lasso { pointer, outline } => outline.last().map(|p| (*pointer, *p)),
                Gesture::Pan { pointer, last } => Some((*pointer, *last)),
                _ => None,
            };
            let first = first.zip(self.view.borrow().as_ref().map(|v| v.map()));
            self.cancel_gesture();
            if let Some(((pointer, image), map)) = first {
                *self.gesture.borrow_mut() = Gesture::Pinch { fingers: [(pointer, map.apply(image)), (id, at)] };
            }
            return;
        }
        if self.space_held.get() || event.button() == 1 {
            *self.gesture.borrow_mut() = Gesture::Pan { pointer: id, last: at };
            style(&self.dom.picture, "cursor", "grabbing");
            return;
        }
        if event.button() != 0 || !self.can_paint() {
            return;
        }
        self.touched();
        self.finish_stroke();
        let Some(stamp) = self.stamp(event) else { return };
        let tool = self.tool.get();
        *self.gesture.borrow_mut() = match tool {
            Tool::Brush | Tool::Eraser => {
                let erase = tool == Tool::Eraser;
                self.mask.borrow_mut().capsule(stamp, stamp, erase);
                Gesture::Stroke { pointer: id, raw: vec![stamp], stamps: vec![stamp], erase }
            }
            Tool::Rectangle => Gesture::Rectangle { pointer: id, from: stamp.at, to: stamp.at },
            Tool::Lasso => Gesture::Lasso { pointer: id, outline: vec![stamp.at] },
        };
        self.mask_changed();
    }

    fn pointer_move(&self, event: &PointerEvent) {
        let at = precise(event);
        self.pointer.set(Some(at));
        self.request_frame();
        let id = event.pointer_id();
        let mut gesture = self.gesture.borrow_mut();
        match &mut *gesture {
            Gesture::Stroke { pointer, raw, stamps, erase } if *pointer == id => {
                for event in coalesced(event) {
                    let Some(stamp) = self.stamp(&event) else { continue };
                    raw.push(stamp);
                    let before = stamps.len();
                    smoothed(&raw[raw.len().saturating_sub(3)..], stamps);
                    let mut mask = self.mask.borrow_mut();
                    for pair in stamps[before - 1..].windows(2) {
                        mask.capsule(pair[0], pair[1], *erase);
                    }
                }
            }
            Gesture::Rectangle { pointer, to, .. } if *pointer == id => {
                if let Some(image) = self.image_point(at) {
                    *to = image;
                }
            }
            Gesture::Lasso { pointer, outline } if *pointer == id => {
                outline.extend(coalesced(event).iter().filter_map(|e| self.image_point(precise(e))));
            }
            Gesture::Pan { pointer, last } if *pointer == id => {
                if let Some(view) = &mut *self.view.borrow_mut() {
                    view.pan(at.x - last.x, at.y - last.y);
                }
                *last = at;
            }
            Gesture::Pinch { fingers } => {
                let Some(moved) = fingers.iter().position(|(pointer, _)| *pointer == id) else { return };
                let (old, other) = (fingers[moved].1, fingers[1 - moved].1);
                let span = |p: Point| (p.x - other.x).hypot(p.y - other.y).max(1.0);
                if let Some(view) = &mut *self.view.borrow_mut() {
                    let middle = Point { x: (at.x + other.x) / 2.0, y: (at.y + other.y) / 2.0 };
                    view.zoom(span(at) / span(old), middle);
                    view.pan((at.x - old.x) / 2.0, (at.y - old.y) / 2.0);
                }
                fingers[moved].1 = at;
            }
            _ => return,
        }
        drop(gesture);
        self.mask_changed();
    }

    fn pointer_up(self: &Rc<Self>, event: &PointerEvent) {
        let gesture = std::mem::take(&mut *self.gesture.borrow_mut());
        style(&self.dom.picture, "cursor", if self.space_held.get() { "grab" } else { "" });
        let op = match gesture {
            Gesture::Stroke { stamps, erase, .. } => MaskOp::Stroke { stamps, erase },
            Gesture::Rectangle { from, to, .. } => MaskOp::Rectangle(from, to),
            Gesture::Lasso { outline, .. } => MaskOp::Lasso(outline),
            // The finger that stays does not begin to paint.
            Gesture::None | Gesture::Pan { .. } | Gesture::Pinch { .. } => return,
        };
        // A click is no outline.
        if matches!(&op, MaskOp::Lasso(outline) if outline.len() < 3) {
            return self.mask_changed();
        }
        let already_there = matches!(op, MaskOp::Stroke { .. });
        let adds = !matches!(op, MaskOp::Stroke { erase: true, .. });
        if !already_there {
            self.mask.borrow_mut().apply(&op);
        }
        self.history.borrow_mut().painted(op);
        self.settle();
        self.mask_changed();
        if adds && self.mask.borrow().extent().is_some() {
            self.erase_after_rest();
        }
        if event.pointer_type() == "touch" {
            self.pointer.set(None);
        }
    }

    /// Gives up what is being dragged.
    pub(super) fn cancel_gesture(&self) {
        let painted = std::mem::take(&mut *self.gesture.borrow_mut()).paints();
        if painted {
            self.replay_mask();
        }
    }

    fn wheel(&self, event: &WheelEvent) {
        if !self.has_picture() {
            return;
        }
        let at = place(event);
        // Lines and pages in about as many pixels as browsers scroll for them.
        let unit = match event.delta_mode() {
            1 => 16.0,
            2 => 400.0,
            _ => 1.0,
        };
        let (dx, dy) = (event.delta_x() * unit, event.delta_y() * unit);
        if event.ctrl_key() {
            event.prevent_default();
            if let Some(view) = &mut *self.view.borrow_mut() {
                view.zoom((-dy * 0.0025).exp(), at);
            }
        } else if event.alt_key() {
            event.prevent_default();
            self.set_radius(self.radius.get() * (-(dx + dy) * 0.002).exp());
        } else {
            let mut view = self.view.borrow_mut();
            let Some(view) = view.as_mut().filter(|v| self.in_tab || !v.is_home()) else {
                // At home the wheel is the page's: it scrolls, and the picture goes with it.
                return;
            };
            event.prevent_default();
            view.pan(-dx, -dy);
        }
        self.mask_changed();
    }
}

/// All positions since the last event, or the event's own.
fn coalesced(event: &PointerEvent) -> Vec<PointerEvent> {
    use wasm_bindgen::JsCast;
    let get = js_sys::Reflect::get(event, &"getCoalescedEvents".into()).ok();
    let list = get.and_then(|f| f.dyn_into::<js_sys::Function>().ok()).and_then(|f| f.call0(event).ok());
    let events: Vec<PointerEvent> =
        list.map(|l| js_sys::Array::from(&l).iter().map(JsCast::unchecked_into).collect()).unwrap_or_default();
    if events.is_empty() { vec![event.clone()] } else { events }
}
