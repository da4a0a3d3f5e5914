//! Entry of the engine's worker: hands each message to the [hub](extension::engine_host::Hub) or to the
//! [model store](extension::engine_host::ModelStore), by the name of its port.

#[cfg(target_arch = "wasm32")]
mod worker {
    use extension::browser::{field, net, object};
    use extension::engine_host::{Hub, ModelStore};
    use extension::model_catalogue::catalogue::Catalogue;
    use extension::protocol::models::MODELS_PORT;
    use std::rc::Rc;
    use wasm_bindgen::prelude::*;
    use wasm_bindgen_futures::spawn_local;
    use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

    /// The package's file with the models that are offered, and the most bytes that it may have.
    const CATALOGUE: (&str, usize) = ("catalogue.json", 1 << 20);

    /// Reads the package's catalogue, and serves.
    ///
    /// # Panics
    /// When the package has none: the build puts it there, and a test reads it. The document then begins again with another worker.
    #[expect(clippy::expect_used, reason = "the build puts it there, and a test reads it")]
    pub(super) async fn start() {
        console_error_panic_hook::set_once();
        let (name, most) = CATALOGUE;
        let read = async { net::get(name, None).await?.body(most).await }.await;
        let catalogue = read.ok().and_then(|json| Catalogue::read(&json));
        serve(catalogue.expect("the package has a catalogue"));
    }

    /// Listens to the document's script (`engine.js`).
    ///
    /// It sends `{ port, name, incognito, message }` for each message and `{ port, closed: true }` when a port has closed. The worker sends
    /// one empty object once it listens, `{ port, message }` for each message of its own, and `{ busy }` when work begins or ends that must
    /// go on although no port is open.
    fn serve(catalogue: Catalogue) {
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
        let store = Rc::new(ModelStore::new(catalogue, post.clone(), busy));
        let hub = Rc::new(Hub::new(Rc::clone(store.cache()), post));
        let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let data = event.data();
            let Some(port) = field(&data, "port").as_f64() else { return };
            let port = port as u32;
            let message = field(&data, "message");
            if field(&data, "closed").is_truthy() {
                store.close(port);
                let hub = Rc::clone(&hub);
                spawn_local(async move { hub.close(port).await });
            } else if field(&data, "name").as_string().as_deref() == Some(MODELS_PORT) {
                let store = Rc::clone(&store);
                spawn_local(async move { store.serve(port, message).await });
            } else {
                let incognito = field(&data, "incognito").is_truthy();
                let hub = Rc::clone(&hub);
                spawn_local(async move { hub.serve(port, message, incognito).await });
            }
        });
        scope.set_onmessage(Some(listener.into_js_value().unchecked_ref()));
        let _ = scope.post_message(&object(&[]));
    }
}

fn main() {
    #[cfg(target_arch = "wasm32")]
    wasm_bindgen_futures::spawn_local(worker::start());
}
