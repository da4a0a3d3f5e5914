//! Shows which thing a click would take, while the pointer or the keyboard's brush rests on it.

use super::app::App;
use super::failing::complain;
use crate::browser::bytes;
use crate::overlay::gesture::Gesture;
use crate::overlay::tool::Drag;
use crate::protocol::{Failure, Point, Rect};
use gloo_timers::future::TimeoutFuture;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;

/// A rest this long (milliseconds) asks what lies there: one answer takes the engine about as long.
const REST: u32 = 90;

/// The pointer or the keyboard's brush is here now, image pixels; none where it is nowhere, and where it is busy.
pub(super) fn hover(app: &Rc<App>, at: Option<Point>) {
    let at = at.filter(|at| wonders(app, *at));
    app.hover.point(at);
    if app.proposal.stop_pointing_out(at) {
        app.stage.frames.request();
    }
    if at.is_none() || app.hover.asks(true) {
        return;
    }
    let app = Rc::clone(app);
    spawn_local(async move {
        if let Err(failure) = seek(&app).await {
            // It is an offer: without it, nothing is lost.
            complain(&failure);
        }
        app.hover.asks(false);
    });
}

/// Whether it is worth asking what lies at a place: what is painted is taken already, and beside something that is offered there is no second offer.
fn wonders(app: &App, at: Point) -> bool {
    let selects = {
        let hand = app.stage.hand.borrow();
        hand.tool.drag == Drag::Select && hand.gesture == Gesture::None && !hand.space_held
    };
    let edit = app.edit.borrow();
    let mask = edit.mask();
    let (x, y) = (at.x.floor() as i64, at.y.floor() as i64);
    let is_inside = (0..i64::from(mask.width())).contains(&x) && (0..i64::from(mask.height())).contains(&y);
    selects && is_inside && app.can_paint() && !app.proposal.is_there() && !mask.is_painted(x, y)
}

/// Asks, as often as it takes until the pointer has rested for the whole of it.
async fn seek(app: &App) -> Result<(), Failure> {
    loop {
        let (_, before) = app.hover.at();
        TimeoutFuture::new(REST).await;
        let (at, moves) = app.hover.at();
        let Some(at) = at else { return Ok(()) };
        if moves != before {
            continue;
        }
        if app.proposal.points_at(at) {
            return Ok(());
        }
        let found = look(app, at).await?;
        if app.hover.at() != (Some(at), moves) {
            continue;
        }
        if let Some((rect, coverage)) = found.filter(|_| wonders(app, at)) {
            let scale = app.stage.scene.borrow().view().map_or(1.0, |view| view.map().scale());
            app.proposal.point_out(rect, coverage, scale)?;
            app.stage.frames.request();
        }
        return Ok(());
    }
}

async fn look(app: &App, at: Point) -> Result<Option<(Rect, Vec<u8>)>, Failure> {
    // A fill that begins meanwhile stops this.
    app.engine.look(vec![]).await?;
    if !wonders(app, at) {
        return Ok(None);
    }
    match app.engine.look(vec![at]).await? {
        Some((rect, blob)) => Ok(Some((rect, bytes::read(&blob).await?))),
        None => Ok(None),
    }
}
