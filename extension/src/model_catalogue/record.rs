//! The record of each file: what has to be known to go on after the browser was closed at any moment.

use super::listing::LONGEST;
use super::ranges::Range;
use crate::protocol::models::Precision;
use serde::{Deserialize, Serialize};

/// How far a file has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Its published form is being downloaded, or was when the browser closed.
    Downloading,
    /// The user stopped the download, and may go on.
    Paused,
    /// Its published form is complete and verified. Its pack is not written yet.
    Downloaded,
    /// Its pack is written and verified. Its published form is gone.
    Installed,
}

/// The record of a file. Another version of the extension may have written more fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Name of the file in the store.
    pub id: String,
    /// Name that the user sees.
    pub name: String,
    /// Where it comes from: an address, or the name of a file that the user chose.
    pub source: String,
    /// SPDX identifier, where known.
    pub licence: Option<String>,
    /// Length of the published form, bytes; 0 while it is unknown.
    pub bytes: u64,
    /// The missing ranges of the published form. Bytes that arrive after the record was written are downloaded again after a restart.
    pub missing: Vec<Range>,
    /// SHA-256 of the published form, where it is known.
    pub sha256: Option<String>,
    /// What the server calls the version that is being downloaded, where no hash is known ([`version`](super::hub::version)).
    #[serde(default)]
    pub version: Option<String>,
    /// Precision that the pack is to have.
    pub precision: Precision,
    /// How far the published form has come.
    pub state: State,
    /// The pack, once there is one. While a newer published form is being downloaded, this is the pack of the older one.
    pub pack: Option<PackRecord>,
}

/// What the record says about a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PackRecord {
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
    /// Which network it is, as the engine's `ModelFile::network` has it.
    pub network: String,
    /// Its precision.
    pub precision: Precision,
    /// Version of its layout. Other versions of the extension may not be able to load it.
    pub layout: u32,
    /// SHA-256 of the published form that it was made of, where it is known.
    pub source_sha256: Option<String>,
}

/// How a download ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DownloadEnd {
    /// The file is complete and verified.
    Complete,
    /// The bytes differ from what was published.
    Wrong,
    /// The user paused it.
    Paused,
    /// It failed. It can be resumed, if what has come is of use.
    Broken,
    /// There is no more room.
    Full,
}

impl Record {
    /// Reads the record of the file `id`; none if it is empty, cut short, that of another file, or says what cannot be.
    pub fn read(id: &str, json: &[u8]) -> Option<Self> {
        let record: Self = serde_json::from_slice(json).ok()?;
        let end = if record.bytes == 0 { u64::MAX } else { record.bytes };
        let fits = record.missing.iter().all(|range| range.from < range.to && range.to <= end);
        let is_whole = record.bytes <= LONGEST && (record.state != State::Installed || record.pack.is_some());
        (record.id == id && fits && is_whole).then_some(record)
    }

    /// The record of a pack whose own cannot be read, as far as the pack says it.
    pub fn recovered(id: &str, name: String, source: String, licence: Option<String>, pack: PackRecord) -> Self {
        Self {
            id: id.to_owned(),
            name,
            source,
            licence,
            bytes: 0,
            missing: vec![],
            sha256: pack.source_sha256.clone(),
            version: None,
            precision: pack.precision,
            state: State::Installed,
            pack: Some(pack),
        }
    }

    /// The record after a download has ended; none when nothing of the file can be used.
    pub fn after_download(self, end: DownloadEnd) -> Option<Self> {
        match end {
            DownloadEnd::Complete => Some(Self { state: State::Downloaded, ..self }),
            DownloadEnd::Paused => Some(Self { state: State::Paused, ..self }),
            // A body of unknown length may be endless: it would fill the disk again.
            DownloadEnd::Full if self.bytes == 0 => self.without_published_form(),
            DownloadEnd::Broken | DownloadEnd::Full if self.is_resumable() => Some(self),
            DownloadEnd::Broken | DownloadEnd::Full | DownloadEnd::Wrong => self.without_published_form(),
        }
    }

    /// Whether it would show if the rest of the bytes did not belong to those that have come.
    pub fn is_sound(&self) -> bool {
        self.sha256.is_some() || self.version.is_some()
    }

    /// Whether there are bytes of the published form with which a download can go on.
    pub fn is_resumable(&self) -> bool {
        self.is_sound() && self.missing != [Range::whole(self.bytes)]
    }

    /// The record once the published form is gone; none when there is no pack either.
    pub fn without_published_form(self) -> Option<Self> {
        self.pack.is_some().then_some(Self { state: State::Installed, missing: vec![], ..self })
    }

    /// The record once this pack is verified.
    pub fn installed(self, pack: PackRecord) -> Self {
        Self { state: State::Installed, precision: pack.precision, pack: Some(pack), ..self }
    }
}

/// A name in the store for a file of the user's: the letters, digits and hyphens of its own name, so that it can name nothing outside of the
/// store, and a number that makes it unique.
pub fn own_id(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let stem = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = stem.split(['.', '?']).next().unwrap_or(stem);
    let plain: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let plain: String = plain.trim_matches('-').chars().take(40).collect();
    let first = format!("own-{}", if plain.is_empty() { "model" } else { &plain });
    let numbered = (2..).map(|n| format!("{first}-{n}"));
    std::iter::once(first.clone()).chain(numbered).find(|id| !taken(id)).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_download_leaves_only_what_can_be_gone_on_with() {
        let some = vec![Range { from: 40, to: 100 }];
        let record = |bytes, missing: &[Range], sha256: Option<&str>, version: Option<&str>| Record {
            id: "own-x".into(),
            name: "x".into(),
            source: "https://host.example/x".into(),
            licence: None,
            bytes,
            missing: missing.to_vec(),
            sha256: sha256.map(str::to_owned),
            version: version.map(str::to_owned),
            precision: Precision::F16,
            state: State::Downloading,
            pack: None,
        };
        let kept = |record: Record, end| record.after_download(end).is_some();
        for end in [DownloadEnd::Broken, DownloadEnd::Full] {
            assert!(kept(record(100, &some, Some("hash"), None), end));
            assert!(kept(record(100, &some, None, Some("\"tag\"")), end));
            assert!(
                !kept(record(100, &some, None, None), end),
                "nothing would show that the rest is of another version"
            );
            assert!(!kept(record(100, &[Range::whole(100)], Some("hash"), None), end), "nothing has come");
        }
        let endless = [Range { from: 40, to: u64::MAX }];
        assert!(kept(record(0, &endless, None, Some("\"tag\"")), DownloadEnd::Broken));
        assert!(!kept(record(0, &endless, None, Some("\"tag\"")), DownloadEnd::Full), "it may never end");
        assert!(kept(record(100, &some, None, None), DownloadEnd::Paused), "the user wants to go on with it");
    }

    #[test]
    fn names_of_the_users_files_are_harmless_and_unique() {
        let free = |_: &str| false;
        assert_eq!(own_id("My Model.v2.bin", free), "own-my-model");
        assert_eq!(own_id("https://host/a/b/../x?y=z", free), "own-x");
        assert_eq!(own_id("../../", free), "own-model");
        assert_eq!(own_id("a.bin", |id| id == "own-a" || id == "own-a-2"), "own-a-3");
    }
}
