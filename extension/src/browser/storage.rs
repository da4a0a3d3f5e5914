//! The two storage areas in use: `session`, which the browser empties when it ends, and `local`, which holds the settings.

use super::{field, object, refused};
use crate::protocol::Failure;
use js_sys::{Object, Promise};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// Keys of the settings in the area `local`: how to erase and to save, …
pub const METHOD: &str = "method";
/// … whether a stroke is erased when it ends, …
pub const ERASE_ON_RELEASE: &str = "eraseOnRelease";
/// … and for how many days drafts are kept.
pub const DRAFT_DAYS: &str = "draftDays";
/// Key in the area `local` of the version whose news the popup has to tell, until the user has seen it.
pub const NEWS: &str = "news";

#[wasm_bindgen]
extern "C" {
    type Area;
    #[wasm_bindgen(catch, method)]
    fn get(this: &Area, key: &str) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, method, js_name = get)]
    fn get_all(this: &Area) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, method)]
    fn remove(this: &Area, key: &str) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, method)]
    fn clear(this: &Area) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, method)]
    fn set(this: &Area, items: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(thread_local_v2, js_namespace = ["chrome", "storage"], js_name = session)]
    static SESSION: Area;
    #[wasm_bindgen(thread_local_v2, js_namespace = ["chrome", "storage"], js_name = local)]
    static LOCAL: Area;
}

async fn read<T: DeserializeOwned>(reading: Result<Promise, JsValue>, key: &str) -> Result<Option<T>, Failure> {
    let items = JsFuture::from(reading.map_err(refused)?).await.map_err(refused)?;
    // What an older version wrote and this one does not understand counts as absent.
    Ok(serde_wasm_bindgen::from_value(field(&items, key)).ok())
}

fn items<T: Serialize>(key: &str, value: &T) -> Result<JsValue, Failure> {
    let value = value
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .map_err(|e| Failure::Internal { detail: e.to_string() })?;
    Ok(object(&[(key, value)]))
}

/// Reads a value of the area `session`; none where there is none.
///
/// # Errors
/// When the browser refuses.
pub async fn session<T: DeserializeOwned>(key: &str) -> Result<Option<T>, Failure> {
    read(SESSION.with(|area| area.get(key)), key).await
}

/// Stores a value in the area `session`.
///
/// # Errors
/// When the browser refuses.
pub async fn set_session<T: Serialize>(key: &str, value: &T) -> Result<(), Failure> {
    let items = items(key, value)?;
    JsFuture::from(SESSION.with(|area| area.set(&items)).map_err(refused)?).await.map_err(refused)?;
    Ok(())
}

/// Removes a value of the area `session`, if there is one.
///
/// # Errors
/// When the browser refuses.
pub async fn remove_session(key: &str) -> Result<(), Failure> {
    JsFuture::from(SESSION.with(|area| area.remove(key)).map_err(refused)?).await.map(drop).map_err(refused)
}

/// The keys of all values of the area `session`.
///
/// # Errors
/// When the browser refuses.
pub async fn session_keys() -> Result<Vec<String>, Failure> {
    let items = JsFuture::from(SESSION.with(Area::get_all).map_err(refused)?).await.map_err(refused)?;
    Ok(Object::keys(items.unchecked_ref::<Object>()).iter().filter_map(|key| key.as_string()).collect())
}

/// Reads a value of the area `local`; none where there is none.
///
/// # Errors
/// When the browser refuses.
pub async fn local<T: DeserializeOwned>(key: &str) -> Result<Option<T>, Failure> {
    read(LOCAL.with(|area| area.get(key)), key).await
}

/// Stores a value in the area `local`.
///
/// # Errors
/// When the browser refuses.
pub async fn set_local<T: Serialize>(key: &str, value: &T) -> Result<(), Failure> {
    let items = items(key, value)?;
    JsFuture::from(LOCAL.with(|area| area.set(&items)).map_err(refused)?).await.map_err(refused)?;
    Ok(())
}

/// Removes a value of the area `local`, if there is one.
///
/// # Errors
/// When the browser refuses.
pub async fn remove_local(key: &str) -> Result<(), Failure> {
    JsFuture::from(LOCAL.with(|area| area.remove(key)).map_err(refused)?).await.map(drop).map_err(refused)
}

/// Removes all values of the area `local`.
///
/// # Errors
/// When the browser refuses.
pub async fn clear_local() -> Result<(), Failure> {
    JsFuture::from(LOCAL.with(Area::clear).map_err(refused)?).await.map(drop).map_err(refused)
}
