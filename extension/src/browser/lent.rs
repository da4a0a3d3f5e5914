//! Permissions for single sites that are granted for one read only. A note about each is kept in `storage.session`, so that the background gives
//! back those whose overlay ended before it could. The browser empties that when it ends, and keeps the permissions: what is lent then is in
//! `storage.local` as well.

use super::{offers, permissions, storage};

/// What the keys of the notes begin with; the match pattern follows.
const KEY: &str = "lent:";
/// How long (milliseconds) a permission is needed at most. The browser asks for it when a read begins, and not while the bytes arrive.
const LONGEST: f64 = 120_000.0;
/// Where the match patterns are kept in `storage.local`.
const LENT: &str = "lent";

fn key(pattern: &str) -> String {
    format!("{KEY}{pattern}")
}

/// Notes that the sites of a match pattern were granted just now, for one read.
pub async fn note(pattern: &str) {
    keep(|lent| lent.push(pattern.into())).await;
    // Without the note, only an overlay that ends meanwhile leaves the permission behind.
    let _ = storage::set_session(&key(pattern), &js_sys::Date::now()).await;
}

/// Gives the sites of a match pattern back, unless the user wants more of them. It is no failure when the user has taken them away already.
pub async fn give_back(pattern: &str) {
    if !offers::is_on(pattern).await {
        let _ = permissions::remove(pattern).await;
    }
    let _ = storage::remove_session(&key(pattern)).await;
    keep(|lent| lent.retain(|one| one != pattern)).await;
}

/// Gives the sites of a match pattern back where they were granted for one read that has been done by now.
pub async fn give_back_lent(pattern: &str) {
    if storage::session::<f64>(&key(pattern)).await.ok().flatten().is_some() {
        give_back(pattern).await;
    }
}

/// Gives back what was lent when the browser ended.
pub async fn give_back_all() {
    for pattern in lent().await {
        give_back(&pattern).await;
    }
}

async fn lent() -> Vec<String> {
    storage::local(LENT).await.ok().flatten().unwrap_or_default()
}

/// Changes what is kept in `storage.local`. Where that fails, only a browser that ends meanwhile leaves the permission behind.
async fn keep(change: impl FnOnce(&mut Vec<String>)) {
    let before = lent().await;
    let mut after = before.clone();
    change(&mut after);
    if after != before {
        let _ = storage::set_local(LENT, &after).await;
    }
}

/// Gives back what overlays that have ended left behind.
pub async fn give_back_forgotten() {
    let Ok(keys) = storage::session_keys().await else { return };
    for pattern in keys.iter().filter_map(|key| key.strip_prefix(KEY)) {
        let since: Option<f64> = storage::session(&key(pattern)).await.ok().flatten();
        if since.is_some_and(|since| js_sys::Date::now() - since > LONGEST) {
            give_back(pattern).await;
        }
    }
}
