//! Runtime ports as the worker knows them: the document's script holds the ports themselves.

use wasm_bindgen::JsValue;

/// Number of a port, given by the document's script.
pub(super) type PortId = u32;

/// Sends a message out on a port.
pub(super) type Post = Box<dyn Fn(PortId, &JsValue)>;
