//! The sites on which the user wants to be offered to edit pictures as they are chosen for an upload. Each has a permission and a registered script
//! of its own, which come and go together.

use super::{field, permissions, refused, scripting, storage};
use crate::protocol::Failure;
use js_sys::{Array, Promise};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = ["chrome", "scripting"], js_name = getRegisteredContentScripts)]
    fn registered_js() -> Result<Promise, JsValue>;
}

/// The script that offers it.
const SCRIPT: &str = "offer.js";
/// Where the match patterns of these sites are kept. The script follows it, so that one in an open page knows when it is not wanted any more.
const SITES: &str = "offerSites";
/// Where it is kept for which site the user is just being asked: the question of the browser may close the popup that has asked for it.
const WISH: &str = "offerWish";
/// Milliseconds for which that counts.
const WISH_LASTS: f64 = 120_000.0;

/// See [`WISH`].
#[derive(Serialize, Deserialize)]
struct Wish {
    pattern: String,
    tab_id: i32,
    since: f64,
}

/// What the names of the registered scripts begin with; the match pattern follows.
const KIND: &str = "offer:";

fn script_of(pattern: &str) -> String {
    format!("{KIND}{pattern}")
}

/// The match patterns for which a script is registered.
async fn registered() -> Result<Vec<String>, Failure> {
    let scripts = JsFuture::from(registered_js().map_err(refused)?).await.map_err(refused)?;
    let id = |script: JsValue| field(&script, "id").as_string();
    let ids = Array::from(&scripts).iter().filter_map(id).collect::<Vec<_>>();
    Ok(ids.iter().filter_map(|id| id.strip_prefix(KIND)).map(String::from).collect())
}

/// Asks the user for the sites of a match pattern for another reason than this; true when they are granted.
///
/// # Errors
/// When it is called without a click or a key press of the user's.
pub async fn request_otherwise(pattern: &str) -> Result<bool, Failure> {
    // Firefox takes a request only as long as it handles the click: nothing is waited for before that.
    futures::join!(forget_wish(), permissions::request(pattern)).1
}

/// Forgets for which site the user was asked. It is called before the user is asked for a site for another reason: an answer that the popup did not
/// live to hear would make the grant look like the one that it had asked for.
pub async fn forget_wish() {
    // Without an answer, it is forgotten soon all the same.
    let _ = storage::remove_session(WISH).await;
}

async fn sites() -> Vec<String> {
    storage::local(SITES).await.ok().flatten().unwrap_or_default()
}

/// Whether it is offered on the sites of a match pattern.
pub async fn is_on(pattern: &str) -> bool {
    sites().await.iter().any(|site| site == pattern)
}

/// Asks the user for access to the sites of a match pattern, which the browser allows only in answer to a click or a key press, and offers it there
/// from then on, in the tab that is open there at once. False where the user declines.
///
/// # Errors
/// When the browser refuses.
pub async fn switch_on(pattern: &str, tab_id: i32) -> Result<bool, Failure> {
    let wish = Wish { pattern: pattern.into(), tab_id, since: js_sys::Date::now() };
    // Firefox takes a request only as long as it handles the click: nothing is waited for before that.
    let (noted, granted) = futures::join!(storage::set_session(WISH, &wish), permissions::request(pattern));
    noted?;
    if !granted? {
        storage::remove_session(WISH).await?;
        return Ok(false);
    }
    begin(pattern, tab_id).await?;
    Ok(true)
}

/// Sites were granted: where the user has asked for that here, the rest is done, whether the page that asked is still there or not.
///
/// # Errors
/// When the browser refuses.
pub async fn granted() -> Result<(), Failure> {
    let Some(Wish { pattern, tab_id, since }) = storage::session(WISH).await? else { return Ok(()) };
    if js_sys::Date::now() - since > WISH_LASTS || !permissions::contains(&pattern).await? {
        return Ok(());
    }
    begin(&pattern, tab_id).await
}

async fn begin(pattern: &str, tab_id: i32) -> Result<(), Failure> {
    let mut sites = sites().await;
    if !sites.iter().any(|site| site == pattern) {
        sites.push(pattern.into());
        storage::set_local(SITES, &sites).await?;
    }
    storage::remove_session(WISH).await?;
    if let Err(failure) = scripting::register(&script_of(pattern), SCRIPT, pattern).await {
        // The page that asked, and the background, may do this at the same time.
        if !scripting::is_duplicate(&failure) {
            switch_off(pattern).await?;
            return Err(failure);
        }
    }
    // A page that has just gone needs nothing.
    let _ = scripting::inject(SCRIPT, tab_id, None).await;
    Ok(())
}

/// Ends it for the sites of a match pattern, and gives the permission back.
///
/// # Errors
/// When the browser refuses.
pub async fn switch_off(pattern: &str) -> Result<(), Failure> {
    end(pattern).await?;
    permissions::remove(pattern).await
}

async fn end(pattern: &str) -> Result<(), Failure> {
    let mut sites = sites().await;
    sites.retain(|site| site != pattern);
    storage::set_local(SITES, &sites).await?;
    // The browser may have ended it already.
    let _ = scripting::unregister(&script_of(pattern)).await;
    Ok(())
}

/// Ends it where the user has taken the permission away, or where nothing says any more that it is wanted.
///
/// # Errors
/// When the browser refuses.
pub async fn tidy() -> Result<(), Failure> {
    for pattern in sites().await {
        if !permissions::contains(&pattern).await? {
            end(&pattern).await?;
        }
    }
    let (registered, sites) = (registered().await?, sites().await);
    for pattern in registered.iter().filter(|pattern| !sites.contains(pattern)) {
        // The browser may have ended it already.
        let _ = scripting::unregister(&script_of(pattern)).await;
    }
    Ok(())
}

/// Ends it everywhere. The permissions stay.
///
/// # Errors
/// When the browser refuses.
pub async fn forget_all() -> Result<(), Failure> {
    forget_wish().await;
    storage::set_local(SITES, &Vec::<String>::new()).await?;
    for pattern in registered().await? {
        // The browser may have ended it already.
        let _ = scripting::unregister(&script_of(&pattern)).await;
    }
    Ok(())
}

/// Registers the scripts again, which the browser forgets when the extension is updated.
///
/// # Errors
/// When the browser refuses.
pub async fn renew() -> Result<(), Failure> {
    tidy().await?;
    for pattern in sites().await {
        scripting::register(&script_of(&pattern), SCRIPT, &pattern).await?;
    }
    Ok(())
}
