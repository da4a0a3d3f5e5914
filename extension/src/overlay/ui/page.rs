//! The line to the shim in the page.

use crate::browser::runtime::Port;
use crate::protocol::page::{PageEvent, PageReply, ToPage};
use crate::protocol::{Failure, Geometry};
use crate::wire::{Caller, Incoming};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{Blob, MessageEvent, MessagePort};

/// See the module.
pub(super) struct Page {
    caller: Rc<Caller>,
}

impl Page {
    /// Over the port that the shim handed to our frame.
    pub(super) fn over_message_port(port: MessagePort, on_event: impl Fn(PageEvent) + 'static) -> Self {
        let out = port.clone();
        let caller = Rc::new(Caller::new(move |message| out.post_message(message)));
        let receiver = Rc::clone(&caller);
        let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            hand_on(receiver.receive(&event.data()), &on_event);
        });
        port.set_onmessage(Some(listener.into_js_value().unchecked_ref()));
        Self { caller }
    }

    /// Over a runtime port, from a tab of our own.
    pub(super) fn over_runtime_port(port: Port, on_event: impl Fn(PageEvent) + 'static) -> Self {
        let port = Rc::new(port);
        let out = Rc::clone(&port);
        let caller = Rc::new(Caller::new(move |message| out.post_message(message)));
        let (receiver, loser) = (Rc::clone(&caller), Rc::clone(&caller));
        let on_event = Rc::new(on_event);
        let gone = Rc::clone(&on_event);
        port.listen(
            move |message| hand_on(receiver.receive(&message), &*on_event),
            move || {
                loser.lose(Failure::Gone);
                gone(PageEvent::Gone);
            },
        );
        Self { caller }
    }

    /// Asks the shim.
    pub(super) async fn call(&self, call: &ToPage, blobs: &[Blob]) -> Result<(PageReply, Option<Blob>), Failure> {
        let (reply, blobs) = self.caller.call(call, blobs).await?;
        Ok((reply, blobs.into_iter().next()))
    }

    /// Asks for bytes; the flag says whether they are drawn pixels.
    pub(super) async fn bytes(&self, call: &ToPage) -> Result<(Blob, bool), Failure> {
        match self.call(call, &[]).await? {
            (PageReply::Bytes { drawn }, Some(blob)) => Ok((blob, drawn)),
            (other, _) => Err(unexpected(&other)),
        }
    }

    /// Hides everything of ours in the page, or shows it again.
    pub(super) async fn hide(&self, hidden: bool) -> Result<Geometry, Failure> {
        match self.call(&ToPage::Hide { hidden }, &[]).await? {
            (PageReply::Geometry { geometry }, _) => Ok(geometry),
            (other, _) => Err(unexpected(&other)),
        }
    }
}

fn hand_on(event: Option<Incoming>, on_event: &impl Fn(PageEvent)) {
    // An event of a newer shim that this overlay does not know changes nothing.
    if let Some(Ok(event)) = event.map(|e| e.body()) {
        on_event(event);
    }
}

/// The shim answered something else than it was asked for.
pub(super) fn unexpected(reply: &PageReply) -> Failure {
    Failure::Internal { detail: format!("unexpected reply {reply:?}") }
}
