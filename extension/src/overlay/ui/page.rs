//! The connection to the shim in the page.

use crate::browser::runtime::Port;
use crate::browser::{field, refused, tabs};
use crate::overlay::host::Host;
use crate::protocol::background::Session;
use crate::protocol::page::{Bytes, Hide, Measured, PageEvent, TAB_PORT, ToPage};
use crate::protocol::{Call, Done, Failure, Geometry};
use crate::wire::{Answered, Caller, Incoming};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, MessageEvent, MessagePort};

/// See the module.
pub(super) struct Page {
    caller: Rc<Caller<ToPage>>,
}

impl Page {
    /// Reaches the shim of this session. `handover` resolves to `{ token, port }` once the shim hands its port to our frame; in
    /// a tab of our own it is never looked at.
    pub(super) async fn connect(
        host: Host,
        session: &Session,
        token: &str,
        handover: js_sys::Promise,
        on_event: impl Fn(PageEvent) + 'static,
    ) -> Result<Self, Failure> {
        match host {
            Host::Tab => {
                let port = tabs::connect(session.tab_id, session.frame_id, &format!("{TAB_PORT}:{token}"))?;
                Ok(Self::over_runtime_port(port, on_event))
            }
            Host::Shim => {
                if tabs::current().await? != session.tab_id {
                    return Err(Failure::ForbiddenPage);
                }
                let handed = JsFuture::from(handover).await.map_err(refused)?;
                if field(&handed, "token").as_string().as_deref() != Some(token) {
                    return Err(Failure::ForbiddenPage);
                }
                Ok(Self::over_message_port(field(&handed, "port").unchecked_into(), on_event))
            }
        }
    }

    /// Over the port that the shim handed to our frame.
    fn over_message_port(port: MessagePort, on_event: impl Fn(PageEvent) + 'static) -> Self {
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
    fn over_runtime_port(port: Port, on_event: impl Fn(PageEvent) + 'static) -> Self {
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
    pub(super) async fn call<C: Call<Request = ToPage>>(&self, call: C, blobs: C::Blobs<Blob>) -> Answered<C> {
        self.caller.call(call, blobs).await
    }

    /// Has the shim do something.
    pub(super) async fn tell<C>(&self, call: C, blobs: C::Blobs<Blob>) -> Result<(), Failure>
    where
        C: Call<Request = ToPage, Reply = Done>,
    {
        self.call(call, blobs).await.map(|(Done {}, [])| ())
    }

    /// Asks for bytes; the flag says whether they are drawn pixels.
    pub(super) async fn bytes<C>(&self, call: C) -> Result<(Blob, bool), Failure>
    where
        C: Call<Request = ToPage, Reply = Bytes, Blobs<Blob> = [Blob; 0]>,
    {
        self.call(call, []).await.map(|(Bytes { drawn }, [blob])| (blob, drawn))
    }

    /// Hides everything of ours in the page, or shows it again.
    pub(super) async fn hide(&self, hidden: bool) -> Result<Geometry, Failure> {
        self.call(Hide { hidden }, []).await.map(|(Measured { geometry }, [])| geometry)
    }
}

fn hand_on(event: Option<Incoming>, on_event: &impl Fn(PageEvent)) {
    // Events that this overlay does not know come from a newer shim and are ignored.
    if let Some(Ok(event)) = event.map(|e| e.body()) {
        on_event(event);
    }
}
