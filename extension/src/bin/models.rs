//! Entry of the models page.

#[cfg(target_arch = "wasm32")]
#[expect(unreachable_pub, reason = "wasm-bindgen exports it")]
mod page {
    use wasm_bindgen::prelude::*;

    /// Starts the page.
    #[wasm_bindgen]
    pub fn start() {
        extension::models_page::start();
    }
}

fn main() {
    #[cfg(target_arch = "wasm32")]
    console_error_panic_hook::set_once();
}
