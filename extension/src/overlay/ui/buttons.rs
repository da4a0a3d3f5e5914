//! Which control does what.

use super::app::App;
use super::cropping::turn;
use super::erasing::{erase, try_again};
use super::guarded::act;
use super::keeping::{copy, done, revert, save};
use super::laying::{same_again, save as save_mask};
use super::leaving::{close, escape};
use super::moving::to_editor;
use super::painting::{paint, size_changed};
use super::proposing::accept;
use super::results::clicked;
use super::selecting::choose_tool;
use super::stage::ZOOM_STEP;
use super::stepping::{choose_result, compare, neighbour_result, redo, undo};
use crate::masks::mask::MaskOp;
use crate::overlay::tool::TOOLS;
use crate::ui::dom::by_id;
use crate::ui::listen::on;
use std::rc::Rc;
use web_sys::{Event, HtmlElement, KeyboardEvent, MouseEvent, PointerEvent};

/// Listens to the buttons of the toolbar and of the notice, to the slider and to the row of results.
pub(super) fn bind(app: &Rc<App>) {
    let click = |id: &str, action: fn(&Rc<App>)| {
        let it = Rc::clone(app);
        on(&by_id::<HtmlElement>(id), "click", move |_: &MouseEvent| action(&it));
    };
    click("clear", |app| paint(app, MaskOp::Clear));
    click("invert", |app| paint(app, MaskOp::Invert));
    click("rotate-left", |app| turn(app, false));
    click("rotate-right", |app| turn(app, true));
    click("same-place", same_again);
    click("save-mask", save_mask);
    click("accept", accept);
    click("undo", undo);
    click("redo", redo);
    click("erase", erase);
    click("again", try_again);
    click("cancel", escape);
    click("save", save);
    click("copy", copy);
    click("revert", revert);
    click("done", |app| act(app, done));
    click("to-editor", to_editor);
    click("close", close);
    click("zoom-out", |app| app.stage.zoom(1.0 / ZOOM_STEP));
    click("zoom-in", |app| app.stage.zoom(ZOOM_STEP));
    click("zoom-actual", |app| app.stage.actual_size());
    click("zoom-fit", |app| app.stage.whole_picture());
    click("help", |app| app.dock.help.show());
    click("notice-yes", |app| act(app, |app| _ = app.answer(true)));
    click("notice-no", |app| act(app, |app| _ = app.answer(false)));
    for tool in TOOLS {
        let it = Rc::clone(app);
        on(&by_id::<HtmlElement>(tool.id), "click", move |_: &MouseEvent| choose_tool(&it, tool));
    }
    let it = Rc::clone(app);
    on(&app.dock.size, "input", move |_: &Event| {
        let along = it.dock.size.value_as_number();
        it.stage.hand.borrow_mut().set_radius_along(along);
        size_changed(&it);
    });
    bind_compare(app);
    bind_results(app);
}

/// The original shows while the button is held.
fn bind_compare(app: &Rc<App>) {
    let button: HtmlElement = by_id("compare");
    for (name, showing) in
        [("pointerdown", true), ("pointerup", false), ("pointerleave", false), ("pointercancel", false)]
    {
        let it = Rc::clone(app);
        on(&button, name, move |_: &PointerEvent| compare(&it, showing));
    }
    for (name, showing) in [("keydown", true), ("keyup", false)] {
        let it = Rc::clone(app);
        on(&button, name, move |event: &KeyboardEvent| {
            if matches!(event.key().as_str(), " " | "Enter") {
                compare(&it, showing);
            }
        });
    }
}

fn bind_results(app: &Rc<App>) {
    let row = &app.dock.results.row;
    let it = Rc::clone(app);
    on(row, "click", move |event: &MouseEvent| {
        if let Some(number) = clicked(event) {
            choose_result(&it, number);
        }
    });
    let it = Rc::clone(app);
    on(row, "keydown", move |event: &KeyboardEvent| {
        let forward = match event.key().as_str() {
            "ArrowRight" | "ArrowDown" => true,
            "ArrowLeft" | "ArrowUp" => false,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        neighbour_result(&it, forward);
    });
}
