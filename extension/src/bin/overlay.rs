//! The overlay's page. `overlay.js` catches the shim's port, which arrives before this module is ready.

#[cfg(target_arch = "wasm32")]
#[expect(unreachable_pub, reason = "wasm-bindgen exports it")]
mod page {
    use wasm_bindgen::prelude::*;

    /// Starts with the promise of `{ token, port }`.
    #[wasm_bindgen]
    pub fn start(handover: js_sys::Promise) {
        extension::overlay::ui::start(handover);
    }
}

fn main() {
    #[cfg(target_arch = "wasm32")]
    console_error_panic_hook::set_once();
}
