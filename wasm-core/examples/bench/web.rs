//! The benchmark as a module, for Dawn in Node: `cargo xtask bench gpu --dawn`. Elsewhere it is empty.
#![cfg_attr(target_arch = "wasm32", expect(unreachable_pub, reason = "wasm-bindgen exports it"))]

#[cfg(target_arch = "wasm32")]
#[cfg(target_arch = "wasm32")]
mod measure;
#[cfg(target_arch = "wasm32")]
mod say;
#[cfg(target_arch = "wasm32")]
mod table;

#[cfg(target_arch = "wasm32")]
mod module {
    use wasm_bindgen::prelude::wasm_bindgen;

    /// Measures everything, and gives it as JSON; `words` are the options of the native program.
    #[wasm_bindgen]
    pub async fn run(words: Vec<String>) -> Result<String, String> {
        console_error_panic_hook::set_once();
        crate::measure::run(&words).await.map(|report| report.to_string()).map_err(|e| e.to_string())
    }
}

fn main() {}
