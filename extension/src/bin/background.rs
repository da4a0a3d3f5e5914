//! Entry of the background service worker. `background.js` registers the listeners, and calls these functions once the module is ready.

#[cfg(target_arch = "wasm32")]
#[expect(unreachable_pub, reason = "wasm-bindgen exports them")]
mod worker {
    use extension::background;
    use wasm_bindgen::prelude::*;

    /// Serves `runtime.onInstalled`: the extension was installed, or updated from the version `from`.
    #[wasm_bindgen(js_name = onInstalled)]
    pub async fn on_installed(reason: String, from: Option<String>) {
        background::installed(reason, from).await;
    }

    /// Serves `runtime.onStartup`: the browser was started.
    #[wasm_bindgen(js_name = onStartup)]
    pub async fn on_startup() {
        background::started().await;
    }

    /// Serves `permissions.onAdded`.
    #[wasm_bindgen(js_name = onGranted)]
    pub async fn on_granted() {
        background::granted().await;
    }

    /// Serves `permissions.onRemoved`.
    #[wasm_bindgen(js_name = onWithdrawn)]
    pub async fn on_withdrawn() {
        background::withdrawn().await;
    }

    /// Serves `contextMenus.onClicked`.
    #[wasm_bindgen(js_name = onMenu)]
    pub async fn on_menu(info: JsValue, tab: JsValue) {
        background::menu_clicked(info, tab).await;
    }

    /// Serves the keyboard command.
    #[wasm_bindgen(js_name = onPick)]
    pub async fn on_pick(tab: JsValue) {
        background::pick(tab).await;
    }

    /// Serves `runtime.onMessage`.
    ///
    /// # Errors
    /// When the answer cannot be written.
    #[wasm_bindgen(js_name = onMessage)]
    pub async fn on_message(message: JsValue, sender: JsValue) -> Result<JsValue, JsValue> {
        background::message(message, sender).await
    }
}

fn main() {
    #[cfg(target_arch = "wasm32")]
    console_error_panic_hook::set_once();
}
