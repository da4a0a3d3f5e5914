//! Requests to the background service worker, by `runtime.sendMessage`.
//!
//! It only injects, and opens the engine's page and the overlay's tab; it holds nothing that a running job needs.

use super::call::calls;
use serde::{Deserialize, Serialize};

calls! {
    /// What the background does for the shim and for the overlay.
    #[cfg_attr(test, derive(ts_rs::TS))]
    pub enum ToBackground {
        EnsureEngine with [B; 0] => (),
        OpenInTab with [B; 0] => (),
        PickEnded with [B; 0] => (),
        StartInFrame with [B; 0] => (),
    }
}

/// Make sure that the engine's page exists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "unknown"))]
pub struct EnsureEngine;

/// The page does not let our frame live: open the overlay of this session in a tab beside it. From the shim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct OpenInTab {
    /// The session.
    pub token: String,
}

/// A picture was picked, or picking was left, in one frame: the tab's other frames stop picking. From the shim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "unknown"))]
pub struct PickEnded;

/// The user granted the origin of a frame: begin there. From the overlay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct StartInFrame {
    /// The browser's number of that frame.
    pub frame_id: i32,
    /// The picture in it, where known.
    pub src_url: Option<String>,
}

/// What is kept about a session in `storage.session`, under `session:` and its token.
///
/// Content scripts cannot read that area, so that a page can neither learn a token nor open our frame itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Session {
    /// Tab of the picture.
    pub tab_id: i32,
    /// Frame of the picture.
    pub frame_id: i32,
    /// Origin of that frame's document, where the overlay is in a tab of its own: the browser told it with the shim's request.
    pub origin: Option<String>,
}

/// In the place of a session's token: there is no session, because the page did not answer.
pub const UNANSWERED: &str = "unanswered";

/// Key of a [`Session`] in `storage.session`.
pub fn session_key(token: &str) -> String {
    format!("session:{token}")
}
