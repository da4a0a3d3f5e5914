//! Entry of the editor's page, of the popup of the toolbar and of the page after installing, which share one program: the others are small parts of it.

#[cfg(target_arch = "wasm32")]
#[expect(unreachable_pub, reason = "wasm-bindgen exports them")]
mod page {
    use wasm_bindgen::prelude::*;

    /// Starts the editor.
    #[wasm_bindgen]
    pub fn start() {
        extension::editor::start();
    }

    /// Starts the popup.
    #[wasm_bindgen(js_name = startPopup)]
    pub fn start_popup() {
        extension::popup::start();
    }

    /// Starts the page after installing.
    #[wasm_bindgen(js_name = startWelcome)]
    pub fn start_welcome() {
        extension::welcome::start();
    }
}

fn main() {
    #[cfg(target_arch = "wasm32")]
    console_error_panic_hook::set_once();
}
