//! Messages between the extension's contexts.

use super::{object, refused};
use crate::protocol::Failure;
use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["chrome", "runtime"], js_name = connect)]
    fn connect_js(info: &JsValue) -> Result<Port, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["chrome", "runtime"], js_name = sendMessage)]
    fn send_message_js(message: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, js_namespace = ["chrome", "runtime"], js_name = openOptionsPage)]
    fn open_options_page_js() -> Result<Promise, JsValue>;
    #[wasm_bindgen(js_namespace = ["chrome", "runtime"], js_name = getURL)]
    fn get_url(path: &str) -> String;
    #[wasm_bindgen(js_namespace = ["chrome", "runtime"], js_name = getManifest)]
    fn get_manifest() -> JsValue;

    /// A two-way channel to another context.
    pub type Port;
    /// Sends a message.
    #[wasm_bindgen(catch, method, js_name = postMessage)]
    pub fn post_message(this: &Port, message: &JsValue) -> Result<(), JsValue>;
    /// Closes it; the other side is told.
    #[wasm_bindgen(method)]
    pub fn disconnect(this: &Port);
    #[wasm_bindgen(method, getter, js_name = onMessage)]
    fn on_message(this: &Port) -> ChromeEvent;
    #[wasm_bindgen(method, getter, js_name = onDisconnect)]
    fn on_disconnect(this: &Port) -> ChromeEvent;

    type ChromeEvent;
    #[wasm_bindgen(method, js_name = addListener)]
    fn add_listener(this: &ChromeEvent, listener: &Function);
}

/// Opens the extension's options, the models page, in a tab.
///
/// # Errors
/// When the extension was reloaded underneath this page.
pub fn open_options_page() -> Result<(), Failure> {
    open_options_page_js().map(drop).map_err(refused)
}

/// The address of a page of the extension.
pub fn address(path: &str) -> String {
    get_url(path)
}

/// The extension's version.
pub fn version() -> String {
    super::field(&get_manifest(), "version").as_string().unwrap_or_default()
}

impl Port {
    /// Calls back for every message and when the other side closes. The port keeps the closures as long as it lives.
    pub fn listen(&self, message: impl FnMut(JsValue) + 'static, closed: impl FnMut() + 'static) {
        let message = Closure::<dyn FnMut(JsValue)>::new(message).into_js_value();
        self.on_message().add_listener(message.unchecked_ref());
        let closed = Closure::<dyn FnMut()>::new(closed).into_js_value();
        self.on_disconnect().add_listener(closed.unchecked_ref());
    }
}

/// Opens a channel that the context serving `name` answers.
///
/// # Errors
/// When the extension was reloaded underneath this page.
pub fn connect(name: &str) -> Result<Port, Failure> {
    connect_js(&object(&[("name", name.into())])).map_err(refused)
}

/// Sends one message and waits for the answer.
///
/// # Errors
/// When nobody answers.
pub async fn send_message(message: &JsValue) -> Result<JsValue, Failure> {
    JsFuture::from(send_message_js(message).map_err(refused)?).await.map_err(refused)
}
