//! Permissions for single sites that are granted for one read only. A note about each is kept in `storage.session`, so that the background gives
//! back those whose overlay ended before it could.

use super::{permissions, storage};

/// What the keys of the notes begin with; the match pattern follows.
const KEY: &str = "lent:";
/// How long (milliseconds) a permission is needed at most. The browser asks for it when a read begins, and not while the bytes arrive.
const LONGEST: f64 = 120_000.0;

fn key(pattern: &str) -> String {
    format!("{KEY}{pattern}")
}

/// Notes that the sites of a match pattern were granted just now, for one read.
pub async fn note(pattern: &str) {
    // Without the note, only an overlay that ends meanwhile leaves the permission behind.
    let _ = storage::set_session(&key(pattern), &js_sys::Date::now()).await;
}

/// Gives the sites of a match pattern back. It is no failure when the user has taken them away already.
pub async fn give_back(pattern: &str) {
    let _ = permissions::remove(pattern).await;
    let _ = storage::remove_session(&key(pattern)).await;
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
