//! The models that are offered: `catalogue.json`, in which everything is data.

use serde::Deserialize;

/// A file on the hub.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Name of the file here; also of the record and the pack.
    pub id: String,
    /// For people.
    pub name: String,
    /// Owner and name of the repository.
    pub repository: String,
    /// Branch, tag or commit.
    pub revision: String,
    /// Path in the repository.
    pub path: String,
    /// SPDX identifier.
    pub licence: String,
}

/// What there is, and where.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Origin of the hub; a mirror can stand in for it.
    pub hub: String,
    /// The decoder and encoder that all models share.
    pub vae: Entry,
    /// The U-Nets, the one to begin with first.
    pub models: Vec<Entry>,
}

impl Catalogue {
    /// The one that is built in.
    ///
    /// # Panics
    /// Never: a test reads it.
    #[expect(clippy::expect_used, reason = "a test reads it")]
    pub fn built_in() -> Self {
        serde_json::from_str(include_str!("catalogue.json")).expect("the built-in catalogue")
    }

    /// The file of this name.
    pub fn entry(&self, id: &str) -> Option<&Entry> {
        self.models.iter().chain([&self.vae]).find(|entry| entry.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_catalogue_is_whole() {
        let catalogue = Catalogue::built_in();
        assert_eq!(catalogue.models.len(), 4);
        let mut ids: Vec<&str> = catalogue.models.iter().map(|entry| entry.id.as_str()).collect();
        ids.push(&catalogue.vae.id);
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 5, "two files of one name");
        assert_eq!(catalogue.entry("ft_places2"), catalogue.models.first());
        assert!(catalogue.hub.starts_with("https://"));
    }
}
