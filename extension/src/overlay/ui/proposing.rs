//! Proposes to paint what loose paint leaves out of a thing. Nothing is painted unless the user accepts it.

use super::app::App;
use super::erasing::erase_after_rest;
use super::failing::complain;
use super::painting::touched;
use crate::browser::bytes;
use crate::masks::mask::MaskOp;
use crate::overlay::phase::Phase;
use crate::protocol::{Failure, Rect};
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;

/// Looks for what is left out, unless the user goes on meanwhile.
pub(super) fn propose(app: &Rc<App>) {
    if !app.can_paint() {
        return;
    }
    let (app, touches) = (Rc::clone(app), app.jobs.touches());
    spawn_local(async move {
        let proposed = look(&app).await;
        let goes_on = app.jobs.touches() != touches || !matches!(app.phase(), Phase::Painting | Phase::Done);
        let shown = proposed.and_then(|proposed| match proposed.filter(|_| !goes_on) {
            Some((rect, coverage)) => app.proposal.show(rect, coverage).map(|()| true),
            None => Ok(false),
        });
        match shown {
            Ok(true) => {
                app.dock.lines.say("hintLeftover", &[]);
                app.stage.frames.request();
            }
            Ok(false) => {}
            // It is an offer: without it, nothing is lost.
            Err(failure) => complain(&failure),
        }
    });
}

async fn look(app: &App) -> Result<Option<(Rect, Vec<u8>)>, Failure> {
    let Some((rect, coverage)) = app.edit.borrow_mut().painted() else { return Ok(None) };
    let mask = bytes::blob(&coverage, "application/octet-stream")?;
    match app.engine.propose(&app.edit, rect, &mask).await? {
        Some((rect, blob)) => Ok(Some((rect, bytes::read(&blob).await?))),
        None => Ok(None),
    }
}

/// Paints what is proposed.
pub(super) fn accept(app: &Rc<App>) {
    let Some((rect, coverage)) = app.proposal.take().filter(|_| app.can_paint()) else { return };
    touched(app);
    app.edit.borrow_mut().paint(MaskOp::region(rect, &coverage));
    app.dock.lines.hint("hintPaint");
    app.settle();
    app.stage.mask_changed();
    erase_after_rest(app);
}
