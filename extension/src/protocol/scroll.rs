//! Messages between the editor and the script that scrolls a page, so that all of it can be captured. The end of the port puts the page back as it was.

use super::call::{calls, replies};
use serde::{Deserialize, Serialize};

/// Name of the port on which the editor reaches that script.
pub const SCROLL_PORT: &str = "scroll";

calls! {
    /// What the editor asks of it.
    #[cfg_attr(test, derive(ts_rs::TS))]
    pub enum ToScroller {
        Survey with [B; 0] => Surveyed,
        ScrollTo with [B; 0] => Scrolled,
    }
}

replies! {
    Surveyed with [B; 0],
    Scrolled with [B; 0],
}

/// How large is the page? It is scrolled through once, so that everything is there that it loads on the way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "unknown"))]
pub struct Survey;

/// The page, in CSS pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "surveyed", rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Surveyed {
    /// Width of what shows of it, without scrollbars.
    pub width: f64,
    /// Height of all of it.
    pub height: f64,
    /// Height of what shows of it.
    pub view: f64,
    /// Device pixels for each of its pixels.
    pub dpr: f64,
    /// Whether a large part of it scrolls by itself.
    pub inner: bool,
    /// Whether more of it can be scrolled to at its side.
    pub wide: bool,
}

/// Scroll there, and wait until everything shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ScrollTo {
    /// What stands at the upper edge of the window then, CSS pixels.
    pub top: f64,
    /// Whether this is the last place: what is pinned to the lower edge of the window shows there only.
    pub last: bool,
}

/// Everything shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "scrolled", rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Scrolled {
    /// What stands at the upper edge of the window now, CSS pixels.
    pub top: f64,
    /// Height of all of the page by now.
    pub height: f64,
}
