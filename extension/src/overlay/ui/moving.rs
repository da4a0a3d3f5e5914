//! The way from one home into another. A page can take the overlay's frame away at any moment, so the engine is given everything that it
//! takes to go on in a tab after each change of the edit: what was painted and filled as text, the file and the results as blobs. The editor
//! is given the same, because it puts pictures away that are not looked at.

use super::app::App;
use super::bitmaps::bitmap;
use super::failing::{complain, fail};
use super::handover::{Handover, Origin};
use super::pixels::{Obtained, drawing, is_svg};
use super::screen::{Edit, Pixels};
use super::stepping::show_edit;
use crate::overlay::disclosure::Terms;
use crate::overlay::host::Host;
use crate::overlay::phase::Phase;
use crate::protocol::Failure;
use crate::protocol::page::{Entrust, MoveToEditor, Preserve, Recall, Recalled};
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;

/// The picture is there.
pub(super) fn opened(app: &App, obtained: &Obtained) {
    let Obtained { drawn, part, fixed, .. } = *obtained;
    *app.handover.origin.borrow_mut() = Some(Origin { drawn, part, fixed, source: obtained.source.clone() });
}

/// Gives the edit as it is now to whoever keeps it: the engine, where a page could take the overlay away; the editor, of which it is a part.
pub(super) fn keep(app: &App, phase: Phase) {
    let home = app.stage.scene.borrow().host;
    let changes = !matches!(phase, Phase::Opening | Phase::Asking(_) | Phase::Closing);
    if home == Host::Tab || !changes || !app.stage.screen.is_open() {
        return;
    }
    let written = app.handover.write(&app.edit.borrow());
    let Some((keep, results)) = written else { return };
    let Host::Editor = home else {
        entrust(app);
        return app.engine.keep(keep, results);
    };
    let edit = app.edit.borrow();
    let (fills, unsaved, hidden) = (edit.changes() as u32, edit.is_unsaved(), edit.is_hiding());
    let preserve = Preserve { edit: keep.edit, fills, unsaved, hidden, begun: edit.is_begun() };
    drop(edit);
    if app.handover.is_news(&preserve)
        && let Some(page) = app.page.borrow().clone()
    {
        // What cannot be kept now is kept after the next change.
        spawn_local(async move { _ = page.tell_all(preserve, results).await });
    }
}

/// Gives the results that show to the shim, which offers to save them should this process end: what the page can read by itself, and nothing else.
fn entrust(app: &App) {
    let edit = app.edit.borrow();
    let (size, page) = (app.stage.screen.size(), app.page.borrow().clone());
    let (Some((width, height)), Some(page)) = (size, page) else { return };
    if *app.stage.scene.borrow().terms() != Terms::Free || !app.handover.entrusts(edit.showing_ids()) {
        return;
    }
    let (rects, results): (Vec<_>, Vec<_>) =
        edit.showing().map(|result| (result.rect, result.pixels.patch.clone())).unzip();
    // What cannot be given now is given after the next change.
    spawn_local(async move { _ = page.tell_all(Entrust { rects, width, height }, results).await });
}

/// Goes on in the editor, which takes over what the engine keeps.
pub(super) fn to_editor(app: &Rc<App>) {
    if !app.can_paint() || app.stage.scene.borrow().host != Host::Shim {
        return;
    }
    let app = Rc::clone(app);
    spawn_local(async move {
        let page = app.page.borrow().clone();
        let asked = match page {
            Some(page) => page.tell(MoveToEditor, []).await,
            None => Err(Failure::Gone),
        };
        if let Err(failure) = asked {
            fail(&app, failure, |_| {});
        }
    });
}

/// An edit that comes from the page.
pub(super) struct Moved {
    edit: String,
    results: Vec<Blob>,
}

/// What was kept when the overlay had to leave the page; none where it never was there, or had no picture yet.
pub(super) async fn arrived(app: &App) -> Option<(Obtained, Moved)> {
    let home = app.stage.scene.borrow().host;
    let (text, mut blobs) = match home {
        Host::Shim => return None,
        Host::Tab => {
            let session = app.handover.session.borrow().clone();
            app.engine.take(session).await?
        }
        Host::Editor => {
            let page = app.page.borrow().clone()?;
            let (Recalled { edit }, blobs) = page.call(Recall, []).await.ok()?;
            (edit?, blobs)
        }
    };
    let (Origin { drawn, part, fixed, source }, edit) = Handover::read(&text)?;
    if blobs.is_empty() {
        return None;
    }
    let results = blobs.split_off(1);
    let mut blob = blobs.pop()?;
    let picture = app.stage.scene.borrow().picture().cloned();
    if let Some(picture) = picture.filter(|_| is_svg(&blob)) {
        // The editor keeps the drawing itself, not the pixels that were made of it.
        blob = drawing(&picture, &blob).await.ok()?;
    }
    Some((Obtained { blob, drawn, part, fixed, source, turned: false }, Moved { edit, results }))
}

/// Goes on where the edit was in the page.
///
/// # Errors
/// When a result cannot be shown.
pub(super) async fn go_on(app: &Rc<App>, moved: Moved) -> Result<(), Failure> {
    let mut pixels = vec![];
    for patch in moved.results {
        let picture = Rc::new(bitmap(&patch).await?);
        pixels.push(Pixels { patch, picture });
    }
    let (width, height) = app.stage.screen.size().ok_or(Failure::Gone)?;
    match Edit::read(&moved.edit, pixels, width, height) {
        Some(edit) => *app.edit.borrow_mut() = edit,
        None => complain(&Failure::Internal { detail: "the edit cannot be read".into() }),
    }
    app.stage.mask_changed();
    if app.stage.scene.borrow().host == Host::Tab {
        app.dock.lines.hint("hintMoved");
    }
    show_edit(app).await
}
