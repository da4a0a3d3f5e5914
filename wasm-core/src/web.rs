//! The wasm-bindgen edge: how the engine breathes in a browser's worker.

use crate::{Checkpoint, Error, Pacer, Stage};
use js_sys::{Function, Promise};
use std::cell::Cell;
use std::future::ready;
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

/// Bytes that the module's memory has grown to. It never shrinks.
pub fn memory() -> f64 {
    const PAGE: f64 = 65536.0;
    core::arch::wasm32::memory_size::<0>() as f64 * PAGE
}

/// Lets the worker's other tasks run: incoming messages, above all.
///
/// A message through a `MessageChannel` comes back after the messages that are already waiting and, unlike a
/// timer, is never held back in a hidden document.
///
/// # Errors
/// Where there is no `MessageChannel`.
pub async fn give_way() -> std::result::Result<(), JsValue> {
    let channel = Channel::new()?;
    let port = channel.port1();
    let back = Promise::new(&mut |resolve, _| port.set_onmessage(&resolve));
    channel.port2().post_message(&JsValue::NULL);
    let result = JsFuture::from(back).await.map(drop);
    // An open port is never collected.
    port.close();
    result
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = MessageChannel)]
    type Channel;
    #[wasm_bindgen(constructor, catch, js_class = "MessageChannel")]
    fn new() -> std::result::Result<Channel, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn port1(this: &Channel) -> ChannelPort;
    #[wasm_bindgen(method, getter)]
    fn port2(this: &Channel) -> ChannelPort;

    type ChannelPort;
    #[wasm_bindgen(method, setter, js_name = onmessage)]
    fn set_onmessage(this: &ChannelPort, listener: &Function);
    #[wasm_bindgen(method, js_name = postMessage)]
    fn post_message(this: &ChannelPort, message: &JsValue);
    #[wasm_bindgen(method)]
    fn close(this: &ChannelPort);
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

    fn checkpoint(&self) -> Checkpoint<'_> {
        if milliseconds() - self.last.get() < STRETCH {
            return Box::pin(ready(Ok(())));
        }
        Box::pin(async {
            // Without a MessageChannel there is no worker to give way to.
            let _ = give_way().await;
            self.last.set(milliseconds());
            if (self.cancelled)() { Err(Error::Cancelled) } else { Ok(()) }
        })
    }
}
