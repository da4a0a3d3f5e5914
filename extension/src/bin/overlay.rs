//! Entry of the overlay's page. `overlay.js` receives the shim's port, because the port may arrive before this module is ready.

#[cfg(target_arch = "wasm32")]
#[expect(unreachable_pub, reason = "wasm-bindgen exports it")]
mod page {
    use wasm_bindgen::prelude::*;

    /// Starts the overlay. `handover` resolves to `{ token, port }` when the shim has handed its port over.
    #[wasm_bindgen]
    pub fn start(handover: js_sys::Promise) {
        extension::overlay::ui::start(handover);
    }
}

fn main() {
    #[cfg(target_arch = "wasm32")]
    console_error_panic_hook::set_once();
}
