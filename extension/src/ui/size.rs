//! Tells of changes of an element's size, whatever made them: <https://www.w3.org/TR/resize-observer/>.

use wasm_bindgen::prelude::*;
use web_sys::Element;

#[wasm_bindgen]
extern "C" {
    type ResizeObserver;
    #[wasm_bindgen(constructor, catch)]
    fn new(callback: &JsValue) -> Result<ResizeObserver, JsValue>;
    #[wasm_bindgen(method)]
    fn observe(this: &ResizeObserver, target: &Element);
}

/// Calls `told` after the element's size has changed, for as long as the page lives.
pub(crate) fn watch(element: &Element, told: impl Fn() + 'static) {
    let callback = Closure::<dyn Fn()>::new(told).into_js_value();
    // Every browser that runs us has it.
    if let Ok(observer) = ResizeObserver::new(&callback) {
        observer.observe(element);
    }
}
