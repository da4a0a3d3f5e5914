//! What is written about a draft, and which drafts are to go.

use crate::protocol::page::Preserve;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What the name of a record ends with, after the draft's id.
pub const RECORD: &str = ".json";
/// Length of an id: that of a UUID. Every file of a draft begins with its id.
const ID: usize = 36;
/// Milliseconds of a day.
const DAY: f64 = 86_400_000.0;

/// What is known of a draft.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Names the draft, also in other tabs.
    pub id: String,
    /// The picture's own name.
    pub name: String,
    /// Its MIME type, which private files do not have.
    pub kind: String,
    /// When its file was changed last, in milliseconds since 1970; none where it comes from no file.
    pub last_modified: Option<f64>,
    /// When the draft was written, in milliseconds since 1970.
    pub changed: f64,
    /// The edit; none before there was one.
    pub edit: Option<Preserve>,
    /// The files of the edit's results, in its order.
    pub results: Vec<String>,
    /// Width in pixels that the user has chosen for a drawing, which has none of its own.
    #[serde(default)]
    pub width: Option<u32>,
}

impl Record {
    /// Whether something of the picture was erased.
    pub fn is_edited(&self) -> bool {
        self.edit.as_ref().is_some_and(|edit| edit.fills > 0)
    }
}

/// Whether what was written at `written` is not older than `days` days, both times in milliseconds since 1970.
pub fn is_fresh(written: f64, now: f64, days: u32) -> bool {
    now - written < f64::from(days) * DAY
}

/// The id of the draft that a file belongs to.
pub fn owner(file: &str) -> &str {
    file.get(..ID).unwrap_or(file)
}

/// The ids of the drafts that go, of those that `files` belong to: they are not `fresh`, and nobody has them open.
pub fn outdated(files: &[String], fresh: &BTreeSet<String>, open: &BTreeSet<String>) -> BTreeSet<String> {
    let ids = files.iter().map(|file| owner(file));
    ids.filter(|id| !fresh.contains(*id) && !open.contains(*id)).map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(fills: u32) -> Record {
        let edit = Preserve { edit: "{}".into(), fills, unsaved: true, hidden: false, begun: true };
        Record {
            id: "0f8fad5b-d9cb-469f-a165-70867728950e".into(),
            name: "cat ä.jpg".into(),
            kind: "image/jpeg".into(),
            last_modified: Some(1.0),
            changed: 5.0,
            edit: Some(edit),
            results: vec!["0f8fad5b-d9cb-469f-a165-70867728950e-1".into()],
            width: None,
        }
    }

    #[test]
    fn a_draft_is_edited_once_something_was_erased() {
        assert!(record(1).is_edited() && !record(0).is_edited());
        assert!(!Record { edit: None, ..record(1) }.is_edited());
    }

    #[test]
    fn what_is_written_stays_for_the_days_that_are_wanted() {
        assert!(is_fresh(100.0, 100.0 + DAY - 1.0, 1) && !is_fresh(100.0, 100.0 + DAY, 1));
        assert!(!is_fresh(100.0, 100.0, 0), "no days keep nothing");
        assert!(is_fresh(100.0, 50.0, 7), "a clock that was put back does not lose anything");
    }

    #[test]
    fn what_nobody_needs_goes_with_all_its_files() {
        let [old, open, fresh] = ["a", "b", "c"].map(|letter| letter.repeat(ID));
        let files = [&old, &open, &fresh].map(|id| [id.clone(), format!("{id}-1"), format!("{id}{RECORD}")]).concat();
        let set = |ids: &[&String]| ids.iter().map(|id| (*id).clone()).collect::<BTreeSet<_>>();
        assert_eq!(outdated(&files, &set(&[&fresh]), &set(&[&open])), set(&[&old]));
        assert_eq!(owner("x"), "x");
    }
}
