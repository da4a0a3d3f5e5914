//! Requests to the background service worker, by `runtime.sendMessage`.
//!
//! It only injects, and opens the engine's page and the overlay's tab; it holds nothing that a running job needs.

use serde::{Deserialize, Serialize};

/// What the background does for the shim and for the overlay. Answered by [`Answer<()>`](super::Answer).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub enum ToBackground {
    /// Make sure that the engine's page exists.
    EnsureEngine,
    /// The page does not let our frame live: open the overlay of this session in a tab beside it. From the shim.
    OpenInTab {
        /// The session.
        token: String,
    },
    /// A picture was picked, or picking was left, in one frame: the tab's other frames stop picking. From the shim.
    PickEnded,
    /// The user granted the origin of a frame: begin there. From the overlay.
    StartInFrame {
        /// The browser's number of that frame.
        frame_id: i32,
        /// The picture in it, where known.
        src_url: Option<String>,
    },
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
}

/// Key of a [`Session`] in `storage.session`.
pub fn session_key(token: &str) -> String {
    format!("session:{token}")
}
