//! Messages between the editor and the script in a page that has found an upload field there.

use super::call::{calls, replies};
use serde::{Deserialize, Serialize};

/// The script that enters a page to find upload fields.
pub const UPLOAD_SCRIPT: &str = "upload.js";

/// Name of the port on which the editor reaches that script; `:` and the session's token follow.
pub const UPLOAD_PORT: &str = "upload";

/// Background or editor to that script, by `tabs.sendMessage`, right after injection: find the upload field that the user means. The answer says
/// whether there is one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindField {
    /// Names the field from then on.
    pub upload: String,
    /// Whether it is the one whose page waits for an answer, and not the one that was clicked.
    pub offered: bool,
}

/// Popup to that script, by `tabs.sendMessage`, right after injection: which upload fields does this document have? The answer is a [`FieldList`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListFields {
    /// Names the fields from then on, each with `-` and its number.
    pub list: String,
}

/// The upload fields of a document. One blob for each that holds a picture: its first one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct FieldList {
    /// Origin of the document.
    pub origin: String,
    /// In the order of the document.
    pub fields: Vec<ListedField>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ListedField {
    /// What the page calls it. Any text, or none.
    pub name: String,
    /// How many files it holds.
    pub files: u32,
    /// Whether a picture is among them.
    pub picture: bool,
}

calls! {
    /// What the editor asks of it.
    #[cfg_attr(test, derive(ts_rs::TS))]
    pub enum ToField {
        Held with [B; 0] => Field,
        HandOver with Vec<B> => Handed,
    }
}

replies! {
    Field with Vec<B>,
    Handed with [B; 0],
}

/// What does the field hold?
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "unknown"))]
pub struct Held;

/// The field, and what it holds. One blob for each file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "field", rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Field {
    /// Whether it takes several files.
    pub multiple: bool,
    /// The kinds of files that it asks for, as its page writes them; any, where it says nothing.
    pub accept: String,
    /// Its files, in order.
    pub files: Vec<HandedFile>,
}

/// Give the field these files, in place of those that it holds. One blob for each that is not kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct HandOver {
    /// In order.
    pub files: Vec<HandedFile>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct HandedFile {
    /// Its place among those that the field held, if it stays as it is.
    pub kept: Option<u32>,
    /// Its name.
    pub name: String,
    /// When it was changed last, in milliseconds since 1970; now, where that is not known.
    pub last_modified: Option<f64>,
}

/// The files were handed over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename = "handed", rename_all = "camelCase")]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Handed {
    /// False where the page showed no sign of taking them.
    pub taken: bool,
}
