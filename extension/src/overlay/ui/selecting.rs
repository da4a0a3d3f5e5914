//! Selecting a thing: by a click on it, or by a rough circle around it. The engine finds it; here it is painted.

use super::app::App;
use super::cropping;
use super::failing::complain;
use super::hovering::hover;
use super::painting::{choose, touched};
use super::taking;
use crate::browser::{bytes, i18n};
use crate::masks::mask::{MaskOp, Taking};
use crate::overlay::tool::{Drag, Tool};
use crate::protocol::{Failure, Point, Rect};
use crate::ui::dom::has_coarse_pointer;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::PointerEvent;

/// A pointer that stays within so many CSS pixels has clicked.
const STILL: f64 = 6.0;

/// What the user holds while pointing at a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// As the keys of a mouse say.
    Only(Taking),
    /// It is added, or taken away where it is painted already: with a finger, which has no keys, and with Shift+Space, because browsers and systems
    /// keep Alt+Space for themselves.
    Toggle,
}

/// What a pointer's click or circle means: with Shift the thing is added, with Alt taken away.
pub(super) fn wish(event: &PointerEvent) -> Wish {
    match (event.alt_key(), event.shift_key()) {
        (true, _) => Wish::Only(Taking::Away),
        (false, true) => Wish::Only(Taking::Along),
        (false, false) if event.pointer_type() == "touch" => Wish::Toggle,
        (false, false) => Wish::Only(Taking::Instead),
    }
}

/// Chooses a tool. For those that find what is selected, they look at the picture at once.
pub(super) fn choose_tool(app: &Rc<App>, tool: &'static Tool) {
    let before = app.stage.hand.borrow().tool.drag;
    choose(app, tool);
    hover(app, None);
    if before == Drag::Words {
        taking::end(app);
    }
    match tool.drag {
        Drag::Select => prepare(app),
        Drag::Words => taking::begin(app),
        Drag::Crop => cropping::begin(app),
        _ if matches!(before, Drag::Select | Drag::Words | Drag::Crop) => app.dock.lines.hint("hintPaint"),
        _ => {}
    }
}

/// Has the engine take the picture apart for clicks.
fn prepare(app: &Rc<App>) {
    app.dock.lines.hint(if has_coarse_pointer() { "hintSelectTouch" } else { "hintSelect" });
    if !app.can_paint() {
        return;
    }
    hover(app, pointed_at(app));
    let app = Rc::clone(app);
    spawn_local(async move {
        // What could not be prepared is prepared by the first click.
        if let Err(failure) = app.engine.look(vec![]).await {
            complain(&failure);
        }
    });
}

/// Where the keyboard's brush is, or else the pointer, image pixels.
fn pointed_at(app: &App) -> Option<Point> {
    let (cursor, pointer) = {
        let hand = app.stage.hand.borrow();
        (hand.cursor, hand.pointer)
    };
    cursor.or_else(|| app.stage.image_point(pointer?))
}

/// Finds and paints what was pointed at. `outline` is in image pixels.
pub(super) fn select(app: &Rc<App>, outline: Vec<Point>, wish: Wish) {
    touched(app);
    hover(app, None);
    let scale = app.stage.scene.borrow().view().map_or(1.0, |view| view.map().scale());
    let outline = simplified(outline, STILL / scale.max(1e-6));
    let how = taking(app, &outline, wish);
    let app = Rc::clone(app);
    spawn_local(async move {
        let found = find(&app, outline).await;
        if !app.can_mark() {
            return;
        }
        // What another tool has painted meanwhile stays.
        let selects = app.stage.hand.borrow().tool.drag == Drag::Select;
        let how = if how == Taking::Instead && !selects { Taking::Along } else { how };
        match found {
            Ok(Some((rect, coverage))) => paint(&app, MaskOp::selected(rect, &coverage, how), how),
            Ok(None) => app.dock.lines.say("hintNoThing", &[]),
            Err(failure) => complain(&failure),
        }
        app.stage.frames.request();
    });
}

fn taking(app: &App, outline: &[Point], wish: Wish) -> Taking {
    let is_painted = |at: &Point| app.edit.borrow().mask().is_painted(at.x.floor() as i64, at.y.floor() as i64);
    match (wish, outline) {
        (Wish::Only(how), _) => how,
        (Wish::Toggle, [place]) if is_painted(place) => Taking::Away,
        (Wish::Toggle, _) => Taking::Along,
    }
}

/// One place where the pointer stayed where it was, and the outline elsewhere.
fn simplified(outline: Vec<Point>, still: f64) -> Vec<Point> {
    let Some(first) = outline.first().copied() else { return outline };
    let stayed = outline.iter().all(|point| (point.x - first.x).hypot(point.y - first.y) <= still);
    if stayed { vec![first] } else { outline }
}

async fn find(app: &App, outline: Vec<Point>) -> Result<Option<(Rect, Vec<u8>)>, Failure> {
    match app.engine.select(&app.edit, outline).await? {
        Some((rect, blob)) => Ok(Some((rect, bytes::read(&blob).await?))),
        None => Ok(None),
    }
}

/// It never begins a fill, whatever is set: see [`super::erasing::erase_after_rest`].
fn paint(app: &Rc<App>, op: MaskOp, how: Taking) {
    touched(app);
    app.edit.borrow_mut().paint(op);
    match how {
        Taking::Away => app.dock.lines.say("hintUnselected", &[]),
        _ => app.dock.lines.say("hintSelected", &[&i18n::text("erase", &[])]),
    }
    app.settle();
    app.stage.mask_changed();
}
