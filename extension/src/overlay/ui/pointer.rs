//! Mouse, pen and touch: painting, zooming, panning.

use super::app::App;
use super::cropping::crop;
use super::erasing::erase_after_rest;
use super::hovering::hover;
use super::painting::{cancel_gesture, finish_stroke, scale_brush, touched};
use super::proposing::propose;
use super::selecting::{select, wish};
use super::taking;
use crate::masks::mask::MaskOp;
use crate::masks::stroke::{Stamp, pressed_radius};
use crate::overlay::gesture::Gesture;
use crate::protocol::Point;
use crate::ui::listen::on;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{MouseEvent, PointerEvent, WheelEvent};

/// Pixels that a browser scrolls for a line and for a page of the wheel.
const LINE: f64 = 16.0;
const PAGE: f64 = 400.0;
/// How much a pixel of the wheel zooms, and changes the size of the brush (logarithm of the factor).
const ZOOM: f64 = 0.0025;
const BRUSH: f64 = 0.002;

/// Listens on the stage.
pub(super) fn bind(app: &Rc<App>) {
    let stage = &app.stage.element;
    let it = Rc::clone(app);
    on(stage, "pointerdown", move |event: &PointerEvent| down(&it, event));
    let it = Rc::clone(app);
    on(stage, "pointermove", move |event: &PointerEvent| moved(&it, event));
    let it = Rc::clone(app);
    on(stage, "pointerup", move |event: &PointerEvent| up(&it, event));
    let it = Rc::clone(app);
    on(stage, "pointercancel", move |_: &PointerEvent| cancel_gesture(&it));
    let it = Rc::clone(app);
    on(stage, "pointerleave", move |_: &PointerEvent| {
        it.stage.hand.borrow_mut().pointer = None;
        hover(&it, None);
        taking::point(&it, None);
        it.stage.frames.request();
    });
    let it = Rc::clone(app);
    on(stage, "wheel", move |event: &WheelEvent| wheel(&it, event));
    on(stage, "contextmenu", |event: &MouseEvent| event.prevent_default());
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

/// The brush where the pointer is, as wide as it is pressed.
fn stamp(app: &App, event: &PointerEvent) -> Option<Stamp> {
    let full = app.stage.hand.borrow().radius();
    let radius = pressed_radius(full, f64::from(event.pressure()), event.pointer_type() == "pen");
    Some(Stamp { at: app.stage.image_point(precise(event))?, radius })
}

fn down(app: &Rc<App>, event: &PointerEvent) {
    if !app.stage.screen.is_open() {
        return;
    }
    event.prevent_default();
    if app.dock.toolbar.close_menu() {
        return;
    }
    app.stage.focus();
    if let Some(view) = app.stage.scene.borrow_mut().view_mut() {
        view.settle();
    }
    let (id, at) = (event.pointer_id(), precise(event));
    {
        let mut hand = app.stage.hand.borrow_mut();
        hand.cursor = None;
        hand.pointer = Some(at);
    }
    // Without capture a stroke ends at the edge of the window, nothing worse.
    let _ = app.stage.element.set_pointer_capture(id);
    let second_finger = event.pointer_type() == "touch" && !event.is_primary();
    if second_finger {
        let first = app.stage.scene.borrow().view().and_then(|view| app.stage.hand.borrow().gesture.finger(view));
        cancel_gesture(app);
        app.stage.hand.borrow_mut().gesture = Gesture::pinch(first, id, at);
        return;
    }
    if app.stage.hand.borrow().space_held || event.button() == 1 {
        app.stage.hand.borrow_mut().gesture = Gesture::Pan { pointer: id, last: at };
        return app.stage.cursor("grabbing");
    }
    if event.button() != 0 || !app.can_mark() {
        return;
    }
    touched(app);
    finish_stroke(app);
    let Some(stamp) = stamp(app, event) else { return };
    let gesture = Gesture::begin(app.stage.hand.borrow().tool.drag, id, stamp);
    if let Some(erase) = gesture.stroke() {
        app.edit.borrow_mut().drag(stamp, stamp, erase);
    }
    app.stage.hand.borrow_mut().gesture = gesture;
    hover(app, None);
    taking::point(app, None);
    app.stage.mask_changed();
}

fn moved(app: &Rc<App>, event: &PointerEvent) {
    let (id, at) = (event.pointer_id(), precise(event));
    app.stage.hand.borrow_mut().pointer = Some(at);
    app.stage.frames.request();
    let painting = app.stage.hand.borrow().gesture.paints();
    let used = if painting {
        let stamps: Vec<Stamp> = coalesced(event).iter().filter_map(|event| stamp(app, event)).collect();
        let gesture = &mut app.stage.hand.borrow_mut().gesture;
        let erase = gesture.stroke().unwrap_or_default();
        let pieces = gesture.painted_to(id, &stamps);
        let used = pieces.is_some();
        for [from, to] in pieces.into_iter().flatten() {
            app.edit.borrow_mut().drag(from, to, erase);
        }
        used
    } else {
        let mut scene = app.stage.scene.borrow_mut();
        app.stage.hand.borrow_mut().gesture.moved_to(id, at, scene.view_mut())
    };
    if used {
        app.stage.mask_changed();
    } else if event.pointer_type() != "touch" {
        let at = app.stage.image_point(at);
        hover(app, at);
        taking::point(app, at);
    }
}

fn up(app: &Rc<App>, event: &PointerEvent) {
    let (gesture, space_held) = {
        let mut hand = app.stage.hand.borrow_mut();
        // A finger that was lifted is nowhere.
        if event.pointer_type() == "touch" {
            hand.pointer = None;
        }
        (std::mem::take(&mut hand.gesture), hand.space_held)
    };
    app.stage.cursor(if space_held { "grab" } else { "" });
    // After a pinch, the finger that stays down does not begin to paint.
    if !gesture.paints() {
        return;
    }
    if let Some(outline) = gesture.sought() {
        select(app, outline.to_vec(), wish(event));
    }
    if let Some((from, to)) = gesture.swept() {
        taking::sweep(app, from, to, event);
    }
    if let Some((from, to)) = gesture.cropped() {
        crop(app, from, to);
    }
    let Some(op) = gesture.painted() else { return app.stage.mask_changed() };
    let adds = !matches!(op, MaskOp::Stroke { erase: true, .. });
    match op {
        // It is in the mask already.
        MaskOp::Stroke { .. } => app.edit.borrow_mut().record(op),
        _ => app.edit.borrow_mut().paint(op),
    }
    app.settle();
    app.stage.mask_changed();
    if adds && app.edit.borrow().is_painted() {
        propose(app);
        erase_after_rest(app);
    }
}

fn wheel(app: &Rc<App>, event: &WheelEvent) {
    if !app.stage.screen.is_open() {
        return;
    }
    let unit = match event.delta_mode() {
        1 => LINE,
        2 => PAGE,
        _ => 1.0,
    };
    let (dx, dy) = (event.delta_x() * unit, event.delta_y() * unit);
    event.prevent_default();
    if event.alt_key() {
        return scale_brush(app, (-(dx + dy) * BRUSH).exp());
    }
    // What is being painted stays under the pointer.
    if app.stage.hand.borrow().gesture.paints() {
        return;
    }
    if let Some(view) = app.stage.scene.borrow_mut().view_mut() {
        // Fingers on a touchpad that pinch count as a wheel with Ctrl. A wheel that is tilted, or turned with Shift, moves the picture.
        if event.shift_key() || (dx.abs() > dy.abs() && !event.ctrl_key()) {
            view.pan(-dx, -dy);
        } else {
            view.zoom((-dy * ZOOM).exp(), place(event));
        }
    }
    app.stage.mask_changed();
}

/// All positions since the last event, or the event's own.
fn coalesced(event: &PointerEvent) -> Vec<PointerEvent> {
    let get = js_sys::Reflect::get(event, &"getCoalescedEvents".into()).ok();
    let list = get.and_then(|f| f.dyn_into::<js_sys::Function>().ok()).and_then(|f| f.call0(event).ok());
    let events: Vec<PointerEvent> =
        list.map(|l| js_sys::Array::from(&l).iter().map(JsCast::unchecked_into).collect()).unwrap_or_default();
    if events.is_empty() { vec![event.clone()] } else { events }
}
