//! Cropping, and turning by quarters. Only in the editor: over a page, the picture's shape is that of its place there.

use super::app::App;
use super::erasing::erase_after_rest;
use super::painting::{finish_stroke, touched};
use super::stepping::show_fills;
use crate::overlay::host::Host;
use crate::overlay::tool::Drag;
use crate::protocol::Point;
use crate::protocol::engine::Framing;
use std::rc::Rc;

/// What spans fewer CSS pixels than this is a click.
const SMALLEST: f64 = 8.0;

/// Leaves what lies between two corners, image pixels.
pub(super) fn crop(app: &Rc<App>, from: Point, to: Point) {
    if !can_frame(app) {
        return;
    }
    let scale = app.stage.scene.borrow().view().map_or(1.0, |view| view.map().scale());
    let is_click = (to.x - from.x).abs().min((to.y - from.y).abs()) * scale < SMALLEST;
    let left = app.edit.borrow().framed().cropped(from, to).filter(|_| !is_click);
    match left {
        Some(left) => {
            frame(app, left, "statusCropped");
            app.stage.focus();
        }
        None => app.dock.lines.say("hintCrop", &[]),
    }
}

/// Puts down a corner where the keyboard's brush is, or the other one, which crops. False where another tool is chosen.
pub(super) fn toggle_corner(app: &Rc<App>) -> bool {
    let (crops, spanned) = {
        let hand = app.stage.hand.borrow();
        (hand.tool.drag == Drag::Crop, hand.gesture.cropped())
    };
    if crops && app.can_paint() {
        match spanned {
            Some((from, to)) => {
                app.stage.hand.borrow_mut().gesture = Default::default();
                crop(app, from, to);
            }
            None => {
                touched(app);
                app.stage.hand.borrow_mut().put_brush_down();
                app.dock.lines.say("hintCropCorner", &[]);
            }
        }
        app.stage.mask_changed();
    }
    crops
}

/// The tool was chosen.
pub(super) fn begin(app: &App) {
    app.dock.lines.say("hintCrop", &[]);
}

/// Turns the picture by a quarter.
pub(super) fn turn(app: &Rc<App>, clockwise: bool) {
    if can_frame(app) {
        let turned = app.edit.borrow().framed().turned(clockwise);
        frame(app, turned, "statusTurned");
    }
}

fn can_frame(app: &App) -> bool {
    app.can_paint() && app.stage.scene.borrow().host == Host::Editor
}

/// This is left of the picture; `sentence` says so, with its width and height.
fn frame(app: &Rc<App>, framing: Framing, sentence: &'static str) {
    touched(app);
    finish_stroke(app);
    if !app.edit.borrow_mut().frame(framing) {
        return;
    }
    let (width, height) = framing.size();
    app.dock.lines.say(sentence, &[&width.to_string(), &height.to_string()]);
    app.settle();
    show_fills(app);
    app.stage.mask_changed();
    // It was put off.
    if app.edit.borrow().is_painted() {
        erase_after_rest(app);
    }
}
