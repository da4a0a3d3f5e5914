//! The connection to the shim in the page.

use crate::browser::runtime::Port;
use crate::browser::{field, refused, tabs};
use crate::overlay::consent::Audience;
use crate::overlay::host::Host;
use crate::protocol::background::Session;
use crate::protocol::errand::PRIVATE;
use crate::protocol::page::{Bytes, Compare, Compared, Hide, IsOnTop, Measured, PageEvent, Seen, TAB_PORT, ToPage};
use crate::protocol::{Call, Done, Failure, Geometry};
use crate::ui::dom::window;
use crate::wire::{Answered, Caller, Incoming};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, MessageEvent, MessagePort};

/// See the module.
pub(super) struct Page {
    caller: Rc<Caller<ToPage>>,
    /// Whom the user's consents are for. From the browser, not from what the shim says.
    pub audience: Audience,
}

impl Page {
    /// Reaches the shim of this session. `handover` resolves to `{ token, port, origin }` once the shim hands its port to our frame; in
    /// a tab of our own it is never looked at.
    pub(super) async fn connect(
        host: Host,
        session: Option<&Session>,
        token: &str,
        handover: js_sys::Promise,
        on_event: impl Fn(PageEvent) + 'static,
    ) -> Result<Self, Failure> {
        let (session, incognito) = match session {
            Some(session) => (session, tabs::is_incognito(session.tab_id).await?),
            None => return Self::of_editor(token, handover, on_event).await,
        };
        match host {
            Host::Editor => Err(Failure::ForbiddenPage),
            Host::Tab => {
                let audience = Audience { origin: session.origin.clone(), incognito };
                let port = tabs::connect(session.tab_id, session.frame_id, &format!("{TAB_PORT}:{token}"))?;
                Ok(Self { caller: over_runtime_port(port, on_event), audience })
            }
            Host::Shim => {
                if tabs::current().await? != session.tab_id {
                    return Err(Failure::ForbiddenPage);
                }
                let handed = JsFuture::from(handover).await.map_err(refused)?;
                if field(&handed, "token").as_string().as_deref() != Some(token) {
                    return Err(Failure::ForbiddenPage);
                }
                let audience = Audience { origin: field(&handed, "origin").as_string(), incognito };
                let caller = over_message_port(field(&handed, "port").unchecked_into(), on_event);
                Ok(Self { caller, audience })
            }
        }
    }

    /// Reaches the editor around our frame. Nobody else is answered, though a web page may find a way to frame us.
    async fn of_editor(
        token: &str,
        handover: js_sys::Promise,
        on_event: impl Fn(PageEvent) + 'static,
    ) -> Result<Self, Failure> {
        let own = window().location().origin().map_err(refused)?;
        let handed = JsFuture::from(handover).await.map_err(refused)?;
        let is_ours = |key: &str, value: &str| field(&handed, key).as_string().as_deref() == Some(value);
        if !is_ours("origin", &own) || !is_ours("token", token) {
            return Err(Failure::ForbiddenPage);
        }
        let caller = over_message_port(field(&handed, "port").unchecked_into(), on_event);
        // It is ours, and its address says where it was opened from.
        let around = window().parent().ok().flatten().map(|editor| editor.location().search().unwrap_or_default());
        let incognito = around.is_none_or(|query| query == PRIVATE);
        Ok(Self { caller, audience: Audience { origin: None, incognito } })
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

    /// Has whoever holds the overlay do something with any number of blobs.
    pub(super) async fn tell_all<C>(&self, call: C, blobs: Vec<Blob>) -> Result<(), Failure>
    where
        C: Call<Request = ToPage, Reply = Done, Blobs<Blob> = Vec<Blob>>,
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

    /// Whether the element shows what is in a file, as far as the page can say.
    pub(super) async fn shows(&self, file: &Blob) -> bool {
        let answer = self.call(Compare, [file.clone()]).await;
        answer.is_ok_and(|(Compared { same }, [])| same)
    }

    /// Whether the overlay is on top of the page at this moment.
    pub(super) async fn has_on_top(&self) -> bool {
        self.call(IsOnTop, []).await.is_ok_and(|(Seen { on_top }, [])| on_top)
    }

    /// Hides everything of ours in the page, or shows it again.
    pub(super) async fn hide(&self, hidden: bool) -> Result<Geometry, Failure> {
        self.call(Hide { hidden }, []).await.map(|(Measured { geometry }, [])| geometry)
    }
}

/// Over the port that the shim handed to our frame.
fn over_message_port(port: MessagePort, on_event: impl Fn(PageEvent) + 'static) -> Rc<Caller<ToPage>> {
    let out = port.clone();
    let caller = Rc::new(Caller::new(move |message| out.post_message(message)));
    let receiver = Rc::clone(&caller);
    let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        hand_on(receiver.receive(&event.data()), &on_event);
    });
    port.set_onmessage(Some(listener.into_js_value().unchecked_ref()));
    caller
}

/// Over a runtime port, from a tab of our own.
fn over_runtime_port(port: Port, on_event: impl Fn(PageEvent) + 'static) -> Rc<Caller<ToPage>> {
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
    caller
}

fn hand_on(event: Option<Incoming>, on_event: &impl Fn(PageEvent)) {
    // Events that this overlay does not know come from a newer shim and are ignored.
    if let Some(Ok(event)) = event.map(|e| e.body()) {
        on_event(event);
    }
}
