//! Requests to the background service worker, by `runtime.sendMessage`.
//!
//! It only injects, and opens the engine's page and the overlay's tab; it holds nothing that a running job needs.

use super::call::calls;
use super::page::FrameId;
use serde::{Deserialize, Serialize};

calls! {
    /// What the background does for the shim and for the overlay.
    #[cfg_attr(test, derive(ts_rs::TS))]
    pub enum ToBackground {
        EnsureEngine with [B; 0] => (),
        OpenInTab with [B; 0] => (),
        PickEnded with [B; 0] => (),
        StartInFrame with [B; 0] => (),
        PickIn with [B; 0] => (),
        EditOffered with [B; 0] => (),
        FindInFrame with [B; 0] => (),
    }
}

/// Make sure that the engine's page exists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "unknown"))]
pub struct EnsureEngine;

/// The page does not let our frame live: open the overlay of this session in a tab beside it. Or the user wants to go on in the editor. From the
/// shim.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct OpenInTab {
    /// The session.
    pub token: String,
    /// Whether in the editor.
    pub editor: bool,
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
    #[cfg_attr(test, ts(type = "number"))]
    pub frame_id: FrameId,
    /// The picture in it, where known.
    pub src_url: Option<String>,
}

/// Have the user pick a picture in a tab, as the keyboard command does. From the popup of the toolbar, which was opened over that tab.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PickIn {
    /// The tab.
    pub tab_id: i32,
}

/// The user wants to edit what was just chosen in a field, whose page waits for it: open the editor. From the script that offers that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "unknown"))]
pub struct EditOffered;

/// The user granted the site of a frame: find the upload field there that the menu was opened on. From the editor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct FindInFrame {
    /// The session of the frame; that of the field from then on.
    pub token: String,
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
    pub frame_id: FrameId,
    /// Origin of that frame's document, where the overlay is in a tab of its own: the browser told it with the shim's request.
    pub origin: Option<String>,
}

/// Key of a [`Session`] in `storage.session`.
pub fn session_key(token: &str) -> String {
    format!("session:{token}")
}
