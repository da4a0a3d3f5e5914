//! The wasm-bindgen edge: how the engine breathes in a browser's worker.

use crate::{Error, Pacer, Result, Stage};
use js_sys::{Function, Promise, Reflect};
use std::cell::Cell;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
}

/// Milliseconds since the worker began.
pub fn milliseconds() -> f64 {
    now()
}

/// Lets the worker's other tasks run: incoming messages, above all.
///
/// A message through a `MessageChannel` comes back after the messages that are already waiting and, unlike a
/// timer, is never held back in a hidden document.
pub async fn give_way() -> std::result::Result<(), JsValue> {
    let promise = Promise::new(&mut |resolve: Function, reject: Function| {
        if let Err(error) = ping(&resolve) {
            // A rejected promise is the only way out of this closure.
            let _ = reject.call1(&JsValue::NULL, &error);
        }
    });
    JsFuture::from(promise).await.map(drop)
}

fn ping(resolve: &Function) -> std::result::Result<(), JsValue> {
    let constructor: Function = Reflect::get(&js_sys::global(), &"MessageChannel".into())?.dyn_into()?;
    let channel = Reflect::construct(&constructor, &js_sys::Array::new())?;
    let (one, two) = (Reflect::get(&channel, &"port1".into())?, Reflect::get(&channel, &"port2".into())?);
    Reflect::set(&one, &"onmessage".into(), resolve)?;
    let post: Function = Reflect::get(&two, &"postMessage".into())?.dyn_into()?;
    post.call1(&two, &JsValue::NULL)?;
    Ok(())
}

/// Longest stretch of work between two looks at the messages, milliseconds.
const STRETCH: f64 = 30.0;

/// Paces a job in a worker: reports through a closure, asks another whether to stop.
pub struct WorkerPacer<Report, Cancelled> {
    report: Report,
    cancelled: Cancelled,
    last: Cell<f64>,
}

impl<Report: Fn(Stage, f32), Cancelled: Fn() -> bool> WorkerPacer<Report, Cancelled> {
    /// `report` is called on progress, `cancelled` after every look at the messages.
    pub fn new(report: Report, cancelled: Cancelled) -> Self {
        Self { report, cancelled, last: Cell::new(milliseconds()) }
    }
}

impl<Report: Fn(Stage, f32), Cancelled: Fn() -> bool> Pacer for WorkerPacer<Report, Cancelled> {
    fn progress(&self, stage: Stage, done: f32) {
        (self.report)(stage, done);
    }

    async fn checkpoint(&self) -> Result<()> {
        if milliseconds() - self.last.get() < STRETCH {
            return Ok(());
        }
        // Without a MessageChannel there is no worker to give way to.
        let _ = give_way().await;
        self.last.set(milliseconds());
        if (self.cancelled)() { Err(Error::Cancelled) } else { Ok(()) }
    }
}
