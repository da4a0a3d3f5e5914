//! What is noted about the upload field that the editor is for, so that a page that is loaded anew in this tab still knows it.

use super::keeper::noted as noted_drafts;
use crate::protocol::upload::HandedFile;
use crate::ui::dom::window;
use serde::{Deserialize, Serialize};

/// Where the note stands: it survives a reload and a crash, and ends with the tab.
const TARGET: &str = "target";

/// A file that the field held, and the draft that its picture is kept as.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct NotedFile {
    pub name: String,
    pub last_modified: Option<f64>,
    pub draft: Option<String>,
    /// Whether the field holds something else than the picture was made of: what was handed over is edited, or cleaned.
    #[serde(default)]
    pub is_changed: bool,
    /// Whether the user had closed its picture when a page before this one ended, which left no draft.
    #[serde(default)]
    pub is_closed: bool,
}

/// See the module.
#[derive(Serialize, Deserialize)]
pub(super) struct Target {
    /// Names the field.
    pub token: String,
    /// What it held, in order.
    pub files: Vec<NotedFile>,
    /// The drafts that were open when the page ended.
    #[serde(skip)]
    pub open: Vec<String>,
}

impl Target {
    /// The target of the page that was in this tab before. Read before anything is opened.
    pub(super) fn noted() -> Option<Self> {
        let session = window().session_storage().ok().flatten()?;
        let text = session.get_item(TARGET).ok().flatten()?;
        let target: Self = serde_wasm_bindgen::from_value(js_sys::JSON::parse(&text).ok()?).ok()?;
        Some(Self { open: noted_drafts(), ..target })
    }

    /// Notes it. Without room, a page that is loaded anew does not know it.
    pub(super) fn note(&self) {
        let text = serde_wasm_bindgen::to_value(self).ok().and_then(|value| js_sys::JSON::stringify(&value).ok());
        if let (Some(text), Ok(Some(session))) = (text, window().session_storage()) {
            let _ = session.set_item(TARGET, &String::from(text));
        }
    }

    /// There is none any more.
    pub(super) fn forget() {
        if let Ok(Some(session)) = window().session_storage() {
            let _ = session.remove_item(TARGET);
        }
    }

    /// Whether a field that holds `files` holds what it did, or nothing: many pages take what they got out of it.
    pub(super) fn fits(&self, files: &[HandedFile]) -> bool {
        let same = |(now, before): (&HandedFile, &NotedFile)| {
            now.name == before.name && (before.last_modified.is_none() || before.last_modified == now.last_modified)
        };
        files.is_empty() || files.len() == self.files.len() && files.iter().zip(&self.files).all(same)
    }

    /// What is known of the file at this place.
    pub(super) fn file(&self, place: usize) -> Known<'_> {
        match self.files.get(place) {
            Some(NotedFile { is_closed: true, .. }) => Known::Closed,
            Some(NotedFile { draft: Some(draft), is_changed, .. }) if self.open.contains(draft) => {
                Known::Kept { draft, is_changed: *is_changed }
            }
            Some(NotedFile { draft: Some(_), .. }) => Known::Closed,
            Some(NotedFile { draft: None, .. }) | None => Known::Fresh,
        }
    }
}

/// What became of the picture of a file.
pub(super) enum Known<'a> {
    /// Nothing is known.
    Fresh,
    /// It was open, and kept as this draft; `is_changed` as in [`NotedFile`].
    Kept { draft: &'a str, is_changed: bool },
    /// The user has closed it: it is not to be handed over.
    Closed,
}
