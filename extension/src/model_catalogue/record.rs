//! The record beside each file. It holds enough to go on after the browser was closed at any moment.

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
    /// Its published form is here and verified; its pack is not yet.
    Downloaded,
    /// Its pack is here and verified, and it is not needed any more.
    Installed,
}

/// The record of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Record {
    /// Name of the file here.
    pub id: String,
    /// For people.
    pub name: String,
    /// Where it comes from: an address, or the name of a file that the user chose.
    pub source: String,
    /// SPDX identifier, where known.
    pub licence: Option<String>,
    /// Length of the published form; 0 while nobody knows it.
    pub bytes: u64,
    /// What of it has not come. Bytes that came after this was written down last come again.
    pub missing: Vec<Range>,
    /// SHA-256 of the published form, where it is known.
    pub sha256: Option<String>,
    /// In what the pack is to keep weights.
    pub precision: Precision,
    /// How far the published form has come.
    pub state: State,
    /// The pack, once there is one. While a newer published form is on its way, that of the older one.
    pub pack: Option<PackRecord>,
}

/// What is known of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PackRecord {
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
    /// Which network it is, as the engine's `ModelFile::network` has it.
    pub network: String,
    /// In what it keeps weights.
    pub precision: Precision,
    /// Version of its layout: another version of the extension may not understand it.
    pub layout: u32,
    /// SHA-256 of the published form that it was made of, where it is known.
    pub source_sha256: Option<String>,
}

/// How a download ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DownloadEnd {
    /// Everything is here and verified.
    Complete,
    /// What came is not what was published.
    Wrong,
    /// The user stopped it and may go on.
    Paused,
    /// It failed, and may go on.
    Broken,
}

impl Record {
    /// The record of a file whose download has ended; none when nothing of the file is of any use.
    pub fn after_download(self, end: DownloadEnd) -> Option<Self> {
        match end {
            DownloadEnd::Complete => Some(Self { state: State::Downloaded, ..self }),
            DownloadEnd::Paused => Some(Self { state: State::Paused, ..self }),
            DownloadEnd::Broken => Some(self),
            DownloadEnd::Wrong => self.without_published_form(),
        }
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

/// A file name for something of the user's: letters, digits and hyphens of its own name, so that nothing else can be
/// meant, and told apart by a number.
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
    fn names_of_the_users_files_are_harmless_and_unique() {
        let free = |_: &str| false;
        assert_eq!(own_id("My Model.v2.bin", free), "own-my-model");
        assert_eq!(own_id("https://host/a/b/../x?y=z", free), "own-x");
        assert_eq!(own_id("../../", free), "own-model");
        assert_eq!(own_id("a.bin", |id| id == "own-a" || id == "own-a-2"), "own-a-3");
    }
}
