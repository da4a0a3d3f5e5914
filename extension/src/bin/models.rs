//! Entry of the models page, and of the pages on privacy and changes, which share its program: they are small, and it is the smallest of a page.

#[cfg(target_arch = "wasm32")]
#[expect(unreachable_pub, reason = "wasm-bindgen exports them")]
mod page {
    use wasm_bindgen::prelude::*;

    /// Starts the page.
    #[wasm_bindgen]
    pub fn start() {
        extension::models_page::start();
    }

    /// Starts the page on privacy.
    #[wasm_bindgen(js_name = startPrivacy)]
    pub fn start_privacy() {
        extension::privacy::start();
    }

    /// Starts the page that lists what each version brings.
    #[wasm_bindgen(js_name = startChanges)]
    pub fn start_changes() {
        extension::changes::start();
    }
}

fn main() {
    #[cfg(target_arch = "wasm32")]
    console_error_panic_hook::set_once();
}
