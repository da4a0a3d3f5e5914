//! An editor with an upload field waits for pictures: what the popup is to capture goes there, and not into an editor of its own.

use super::{field, object, random_uuid, refused, storage};
use crate::protocol::Failure;
use crate::protocol::errand::Errand;
use futures::channel::oneshot;
use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use std::cell::Cell;
use wasm_bindgen::prelude::*;

/// On which channel our pages hear of it.
const CHANNEL: &str = "captures";
/// Where the name of the editor stands that waits, in the area `session`.
const WAITING: &str = "waiting";
/// Milliseconds within which an editor answers that is still there.
const ANSWER: u32 = 500;

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    type BroadcastChannel;
    #[wasm_bindgen(constructor, catch)]
    fn new(name: &str) -> Result<BroadcastChannel, JsValue>;
    #[wasm_bindgen(method, catch, js_name = postMessage)]
    fn post_message(this: &BroadcastChannel, message: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, setter, js_name = onmessage)]
    fn set_onmessage(this: &BroadcastChannel, listener: &JsValue);
    #[wasm_bindgen(method)]
    fn close(this: &BroadcastChannel);
}

/// The text of a message, under a name.
fn said(event: &JsValue, name: &str) -> Option<String> {
    field(&field(event, "data"), name).as_string()
}

/// From now on, this page waits, until another one does. `take` gets what is to be captured. Nothing comes from an incognito window into an editor
/// that keeps its pictures, and nothing else into one that does not.
///
/// # Errors
/// When the browser refuses.
pub async fn wait(private: bool, take: impl Fn(Errand) + 'static) -> Result<(), Failure> {
    let name = random_uuid();
    let channel = BroadcastChannel::new(CHANNEL).map_err(refused)?;
    // A channel that is listened to stays as long as the page.
    let (answers, own) = (channel.clone(), name.clone());
    let listener = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
        let is_private = field(&field(&event, "data"), "private").is_truthy();
        let (Some(to), Some(errand)) = (said(&event, "to"), said(&event, "errand")) else { return };
        if to == own && is_private == private {
            // The popup may be gone by now.
            let _ = answers.post_message(&object(&[("taken", to.into())]));
            take(Errand::of(&errand));
        }
    });
    channel.set_onmessage(&listener.into_js_value());
    storage::set_session(WAITING, &name).await
}

/// Gives an errand to the editor that waits. False where there is none.
pub async fn give(errand: &Errand, private: bool) -> bool {
    given(errand, private).await.unwrap_or(false)
}

async fn given(errand: &Errand, private: bool) -> Result<bool, Failure> {
    let Some(name) = storage::session::<String>(WAITING).await? else { return Ok(false) };
    let channel = BroadcastChannel::new(CHANNEL).map_err(refused)?;
    let (taken, answer) = oneshot::channel();
    let (taken, to) = (Cell::new(Some(taken)), name.clone());
    let listener = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
        if said(&event, "taken").as_ref() == Some(&to)
            && let Some(taken) = taken.take()
        {
            // Nobody may wait any more.
            let _ = taken.send(());
        }
    });
    channel.set_onmessage(listener.as_ref());
    let message = [("to", name.into()), ("errand", errand.fragment().into()), ("private", private.into())];
    channel.post_message(&object(&message)).map_err(refused)?;
    let is_taken = matches!(select(answer, TimeoutFuture::new(ANSWER)).await, Either::Left((Ok(()), _)));
    channel.close();
    Ok(is_taken)
}
