//! Whether this page is truly visible, wherever it is framed: in sight, not covered, and without effects that hide it.
//!
//! The browser knows: `IntersectionObserver` with `trackVisibility`, <https://w3c.github.io/IntersectionObserver/v2/>.

use super::dom::root;
use crate::browser::{field, object};
use gloo_timers::callback::Interval;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// How soon the browser tells of a change, milliseconds; the least that it allows.
const DELAY: u32 = 100;
/// Pause between two questions while the page is not visible, milliseconds. A change in the page around a frame does not always
/// reach an observer that is there already, but a new one always asks anew.
const AGAIN: u32 = 200;

#[wasm_bindgen]
extern "C" {
    type IntersectionObserver;
    #[wasm_bindgen(constructor, catch)]
    fn new(callback: &JsValue, options: &JsValue) -> Result<IntersectionObserver, JsValue>;
    #[wasm_bindgen(method)]
    fn observe(this: &IntersectionObserver, target: &web_sys::Element);
    #[wasm_bindgen(method)]
    fn disconnect(this: &IntersectionObserver);
}

/// Calls `told` with what the browser says, for as long as the page lives; with none where it cannot tell.
pub(crate) fn watch(told: impl Fn(Option<bool>) + 'static) {
    let seen = Rc::new(Cell::new(None));
    let latest = Rc::clone(&seen);
    let told = Rc::new(told);
    let tell = Rc::clone(&told);
    let callback = Closure::<dyn Fn(js_sys::Array)>::new(move |entries: js_sys::Array| {
        let visible = field(&entries.at(-1), "isVisible").as_bool();
        latest.set(visible);
        tell(visible);
    });
    let callback = callback.into_js_value();
    let options = object(&[("trackVisibility", true.into()), ("delay", DELAY.into())]);
    let Ok(observer) = IntersectionObserver::new(&callback, &options) else { return told(None) };
    observer.observe(&root());
    Interval::new(AGAIN, move || {
        if seen.get() == Some(false) {
            observer.disconnect();
            observer.observe(&root());
        }
    })
    .forget();
}
