//! Entry of the engine's worker: hands each message to the [hub](extension::engine_host::Hub) or to the
//! [model store](extension::engine_host::ModelStore), by the name of its port.

#[cfg(target_arch = "wasm32")]
mod worker {
    use extension::browser::{field, object};
    use extension::engine_host::{Hub, ModelStore};
    use extension::protocol::models::MODELS_PORT;
    use std::rc::Rc;
    use wasm_bindgen::prelude::*;
    use wasm_bindgen_futures::spawn_local;
    use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

    /// Listens to the document's script (`engine.js`).
    ///
    /// It sends `{ port, name, message }` for each message and `{ port, closed: true }` when a port has closed. The worker sends one empty
    /// object once it listens, `{ port, message }` for each message of its own, and `{ busy }` when work begins or ends that must go on
    /// although no port is open.
    pub(super) fn start() {
        console_error_panic_hook::set_once();
        let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
        // Posting cannot fail in a way that matters: the worker ends together with the document.
        let out = scope.clone();
        let post = move |port: u32, message: &JsValue| {
            let _ = out.post_message(&object(&[("port", port.into()), ("message", message.clone())]));
        };
        let out = scope.clone();
        let busy = move |busy: bool| {
            let _ = out.post_message(&object(&[("busy", busy.into())]));
        };
        let store = Rc::new(ModelStore::new(post.clone(), busy));
        let hub = Rc::new(Hub::new(Rc::clone(store.cache()), post));
        let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let data = event.data();
            let Some(port) = field(&data, "port").as_f64() else { return };
            let port = port as u32;
            let message = field(&data, "message");
            if field(&data, "closed").is_truthy() {
                hub.close(port);
                store.close(port);
            } else if field(&data, "name").as_string().as_deref() == Some(MODELS_PORT) {
                let store = Rc::clone(&store);
                spawn_local(async move { store.serve(port, message).await });
            } else {
                let hub = Rc::clone(&hub);
                spawn_local(async move { hub.serve(port, message).await });
            }
        });
        scope.set_onmessage(Some(listener.into_js_value().unchecked_ref()));
        let _ = scope.post_message(&object(&[]));
    }
}

fn main() {
    #[cfg(target_arch = "wasm32")]
    worker::start();
}
