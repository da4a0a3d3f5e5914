//! The engine's worker: forwards its messages to the [hub](extension::engine_host::Hub).

#[cfg(target_arch = "wasm32")]
mod worker {
    use extension::browser::{field, object};
    use extension::engine_host::{Hub, ModelStore};
    use extension::protocol::models::MODELS_PORT;
    use std::rc::Rc;
    use wasm_bindgen::prelude::*;
    use wasm_bindgen_futures::spawn_local;
    use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

    /// Messages of the document's script: `{ port, name, message }` or `{ port, closed: true }`; ours: `{ port, message }`,
    /// `{ busy }` while a model is worked on without anybody watching, and one empty object once we listen.
    pub(super) fn start() {
        console_error_panic_hook::set_once();
        let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
        // The document is our owner: when it is gone, so are we.
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
