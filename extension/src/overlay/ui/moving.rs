//! The way from the page into a tab. A page can take the overlay's frame away at any moment, so the engine is given everything that it
//! takes to go on in a tab after each change of the edit: what was painted and filled as text, the file and the results as blobs.

use super::app::App;
use super::bitmaps::bitmap;
use super::failing::complain;
use super::handover::{Handover, Origin};
use super::pixels::Obtained;
use super::screen::{Edit, Pixels};
use super::stepping::show_edit;
use crate::overlay::host::Host;
use crate::overlay::phase::Phase;
use crate::protocol::Failure;
use std::rc::Rc;
use web_sys::Blob;

/// The picture is there.
pub(super) fn opened(app: &App, obtained: &Obtained) {
    let Obtained { drawn, part, fixed, .. } = *obtained;
    *app.handover.origin.borrow_mut() = Some(Origin { drawn, part, fixed, source: obtained.source.clone() });
}

/// Gives the engine the edit as it is now, where a page could take the overlay away.
pub(super) fn keep(app: &App, phase: Phase) {
    let home = app.stage.scene.borrow().host;
    let changes = !matches!(phase, Phase::Opening | Phase::Asking(_) | Phase::Closing);
    if home == Host::Shim && changes && app.stage.screen.is_open() {
        let written = app.handover.write(&app.edit.borrow());
        if let Some((keep, results)) = written {
            app.engine.keep(keep, results);
        }
    }
}

/// An edit that comes from the page.
pub(super) struct Moved {
    edit: String,
    results: Vec<Blob>,
}

/// What was kept when the overlay had to leave the page; none where it never was there, or had no picture yet.
pub(super) async fn arrived(app: &App) -> Option<(Obtained, Moved)> {
    if app.stage.scene.borrow().host != Host::Tab {
        return None;
    }
    let session = app.handover.session.borrow().clone();
    let (text, mut blobs) = app.engine.take(session).await?;
    let (Origin { drawn, part, fixed, source }, edit) = Handover::read(&text)?;
    if blobs.is_empty() {
        return None;
    }
    let results = blobs.split_off(1);
    let blob = blobs.pop()?;
    Some((Obtained { blob, drawn, part, fixed, source }, Moved { edit, results }))
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
    app.dock.lines.hint("hintMoved");
    show_edit(app).await
}
