//! Listeners for events. They ignore events that a script dispatched, because only the user may control a page.

use gloo_events::{EventListener, EventListenerOptions};
use wasm_bindgen::JsCast;
use web_sys::{Event, EventTarget};

/// A listener, which is removed when this is dropped.
#[must_use = "a listener that is dropped at once hears nothing"]
pub(crate) struct Listener(EventListener);

/// Listens to trusted events called `name`, of type `E`, until the [`Listener`] is dropped.
pub(crate) fn listen<E: JsCast>(
    target: &EventTarget,
    name: &'static str,
    mut listener: impl FnMut(&E) + 'static,
) -> Listener {
    let options = EventListenerOptions::enable_prevent_default();
    Listener(EventListener::new_with_options(target, name, options, move |event: &Event| {
        if event.is_trusted() {
            listener(event.unchecked_ref());
        }
    }))
}

/// As [`listen`], for as long as the page lives.
pub(crate) fn on<E: JsCast>(target: &EventTarget, name: &'static str, listener: impl FnMut(&E) + 'static) {
    listen(target, name, listener).0.forget();
}
