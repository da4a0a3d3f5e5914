//! Painting with any device.

use super::app::App;
use crate::masks::mask::MaskOp;
use crate::overlay::phase::Phase;
use crate::overlay::tool::Tool;
use gloo_timers::future::TimeoutFuture;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;

/// How long the size of the brush shows after a change, milliseconds.
const SIZING: u32 = 1200;

/// The mask is being worked on: an automatic erase is put off, and a failure that shows is dismissed.
pub(super) fn touched(app: &App) {
    app.jobs.touched();
    app.proposal.take();
    if app.phase() == Phase::Failed {
        app.dock.notice.dismiss();
        app.settle();
    }
}

/// One step on the whole mask.
pub(super) fn paint(app: &Rc<App>, op: MaskOp) {
    if !app.can_paint() {
        return;
    }
    touched(app);
    finish_stroke(app);
    if op == MaskOp::Clear {
        app.dock.lines.hint("hintMaskClear");
    }
    app.edit.borrow_mut().paint(op);
    app.settle();
    app.stage.mask_changed();
}

/// A stroke that the keyboard has not finished counts as it is; any other gesture is given up.
pub(super) fn finish_stroke(app: &App) {
    let gesture = std::mem::take(&mut app.stage.hand.borrow_mut().gesture);
    if gesture.stroke().is_some()
        && let Some(op) = gesture.painted()
    {
        app.edit.borrow_mut().record(op);
    }
}

/// Gives up what is being dragged.
pub(super) fn cancel_gesture(app: &App) {
    let gesture = std::mem::take(&mut app.stage.hand.borrow_mut().gesture);
    if gesture.paints() {
        app.edit.borrow_mut().discard_drag();
        app.stage.mask_changed();
    }
}

/// Chooses a tool.
pub(super) fn choose(app: &App, tool: &'static Tool) {
    app.stage.hand.borrow_mut().tool = tool;
    app.dock.show_tool(&app.stage.hand.borrow());
    app.stage.frames.request();
}

/// Multiplies the radius of the brush.
pub(super) fn scale_brush(app: &Rc<App>, factor: f64) {
    let mut hand = app.stage.hand.borrow_mut();
    let radius = hand.radius() * factor;
    hand.set_radius(radius);
    drop(hand);
    size_changed(app);
}

/// Shows the size of the brush, for a while also as a ring with a number.
pub(super) fn size_changed(app: &Rc<App>) {
    app.dock.show_size(&app.stage.hand.borrow());
    let changes = app.stage.hand.borrow_mut().size_changed();
    app.stage.frames.request();
    let app = Rc::clone(app);
    spawn_local(async move {
        TimeoutFuture::new(SIZING).await;
        app.stage.hand.borrow_mut().size_shown(changes);
        app.stage.frames.request();
    });
}

/// Moves the keyboard's brush by screen pixels, so that a step is as visible at every zoom; paints on the way while the
/// brush is down.
pub(super) fn move_cursor(app: &App, x: f64, y: f64) {
    if !app.can_mark() {
        return;
    }
    if !app.stage.screen.is_open() {
        return;
    }
    let framing = app.edit.borrow().framed();
    let scale = app.stage.scene.borrow().view().map_or(1.0, |v| v.map().scale()).max(1e-6);
    let step = (1.0 / scale).max(1.0);
    touched(app);
    let mut hand = app.stage.hand.borrow_mut();
    let (x, y) = framing.way(x * step, y * step);
    let to = hand.move_cursor(x, y, framing.part);
    let stamp = crate::masks::stroke::Stamp { at: to, radius: hand.radius() };
    let erase = hand.gesture.stroke().unwrap_or_default();
    if let Some([from, to]) = hand.gesture.straight_to(stamp) {
        app.edit.borrow_mut().drag(from, to, erase);
    }
    drop(hand);
    app.dock.lines.announce("statusPosition", &[&format!("{:.0}", to.x), &format!("{:.0}", to.y)]);
    app.stage.mask_changed();
}

/// Puts the keyboard's brush down, or lifts it.
pub(super) fn toggle_brush(app: &App) {
    if !app.can_mark() || app.stage.hand.borrow().cursor.is_none() {
        return;
    }
    if app.stage.hand.borrow().gesture.stroke().is_some() {
        finish_stroke(app);
        app.dock.lines.announce("statusNotPainting", &[]);
        app.settle();
    } else {
        let down = app.stage.hand.borrow_mut().put_brush_down();
        if let Some((stamp, erase)) = down {
            app.edit.borrow_mut().drag(stamp, stamp, erase);
        }
        app.dock.lines.announce("statusPainting", &[]);
    }
    app.stage.mask_changed();
}

/// Tells the screen reader how large the brush is.
pub(super) fn announce_size(app: &App) {
    let size = app.stage.hand.borrow().pixels();
    app.dock.lines.announce("statusSize", &[&size]);
}
