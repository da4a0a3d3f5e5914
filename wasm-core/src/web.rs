//! What the engine needs of a browser's worker: a clock, the size of its memory, and yielding to waiting messages.

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

/// Milliseconds since the worker started.
pub fn milliseconds() -> f64 {
    now()
}

/// Size of the module's memory in bytes. WebAssembly memory grows and never shrinks, so this is also its peak.
pub fn memory() -> f64 {
    const PAGE: f64 = 65536.0;
    core::arch::wasm32::memory_size::<0>() as f64 * PAGE
}

/// Lets the worker's other tasks run, incoming messages above all.
///
/// It sends itself a message through a `MessageChannel` and waits for it. Messages that are already waiting are delivered first, and
/// browsers do not delay such a message in a hidden document as they delay timers.
///
/// # Errors
/// Where there is no `MessageChannel`.
pub async fn yield_now() -> std::result::Result<(), JsValue> {
    let channel = Channel::new()?;
    let port = channel.port1();
    let back = Promise::new(&mut |resolve, _| port.set_onmessage(&resolve));
    channel.port2().post_message(&JsValue::NULL);
    let result = JsFuture::from(back).await.map(drop);
    // The browser frees a port only after it is closed.
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

/// Longest time that the engine works without letting messages in, milliseconds.
const STRETCH: f64 = 30.0;

/// Paces a job in a worker: one closure takes its progress, another says whether it is cancelled.
pub struct WorkerPacer<Report, Cancelled> {
    report: Report,
    cancelled: Cancelled,
    last: Cell<f64>,
}

impl<Report: Fn(Stage, f32), Cancelled: Fn() -> bool> WorkerPacer<Report, Cancelled> {
    /// `report` is called with each stage and the part of it that is done (0 to 1), `cancelled` each time messages were let in.
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
            // It fails only where there is no MessageChannel, which every worker has.
            let _ = yield_now().await;
            self.last.set(milliseconds());
            if (self.cancelled)() { Err(Error::Cancelled) } else { Ok(()) }
        })
    }
}
