//! Lines for whoever runs the benchmark.

/// Prints a line: on the terminal, or on the console of the JavaScript that runs it.
macro_rules! say {
    ($($words:tt)*) => {
        $crate::say::line(&format!($($words)*))
    };
}

pub(crate) use say;

/// See [`say!`].
#[cfg(not(target_arch = "wasm32"))]
#[expect(clippy::print_stdout, reason = "printing is what it is for")]
pub(crate) fn line(words: &str) {
    println!("{words}");
}

/// See [`say!`].
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = log)]
    pub(crate) fn line(words: &str);
}
