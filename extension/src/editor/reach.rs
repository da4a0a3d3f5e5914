//! Reaches a script of ours in the page of another tab.

use crate::browser::runtime::Port;
use crate::browser::tabs;
use crate::protocol::Failure;
use crate::protocol::page::FrameId;
use crate::wire::Caller;
use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use serde::Serialize;
use std::pin::pin;
use std::rc::Rc;

/// Opens a port called `name` to the script in a frame, and what asks it. Once the page is gone, each request fails with [`Failure::Gone`].
///
/// # Errors
/// When the extension was reloaded underneath this page.
pub(super) fn reach<Q: Serialize + 'static>(
    tab_id: i32,
    frame_id: FrameId,
    name: &str,
) -> Result<(Rc<Port>, Rc<Caller<Q>>), Failure> {
    let port = Rc::new(tabs::connect(tab_id, frame_id, name)?);
    let out = Rc::clone(&port);
    let caller = Rc::new(Caller::new(move |message| out.post_message(message)));
    let (receiver, loser) = (Rc::clone(&caller), Rc::clone(&caller));
    port.listen(move |message| _ = receiver.receive(&message), move || loser.lose(Failure::Gone));
    Ok((port, caller))
}

/// What a page gives within `ms` milliseconds.
///
/// # Errors
/// Its own, and [`Failure::Unanswered`] when nothing comes.
pub(super) async fn within<T>(ms: u32, answer: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    match select(pin!(answer), TimeoutFuture::new(ms)).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => Err(Failure::Unanswered { detail: format!("nothing came within {ms} ms") }),
    }
}
