//! The models that are offered. Everything about them is data, in `catalogue.json`.

use super::listing::Listing;
use crate::protocol::models::Precision;
use serde::Deserialize;

/// A file on the hub.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Name of the file in the store, and of its record and pack.
    pub id: String,
    /// Name that the user sees.
    pub name: String,
    /// Which model of the engine it is, by its `Model::name`; empty for a part.
    #[serde(default)]
    pub model: String,
    /// The parts without which it is of no use, in the order in which the model wants them.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Precision of its weights on the disk, where the user has no choice.
    #[serde(default)]
    pub precision: Option<Precision>,
    /// Owner and name of the repository.
    pub repository: String,
    /// Branch or tag that it is published on.
    pub revision: String,
    /// Path in the repository.
    pub path: String,
    /// The commit whose file this version of the extension was made for. Without one, it is what `revision` has on the day of the download.
    /// `cargo xtask catalogue` fills in this and the next two.
    #[serde(default)]
    pub commit: Option<String>,
    /// Length of that file, bytes.
    #[serde(default)]
    pub bytes: Option<u64>,
    /// SHA-256 of that file in lower-case hexadecimal; none where the hub does not say it, as of small files.
    #[serde(default)]
    pub sha256: Option<String>,
    /// SPDX identifier.
    pub licence: String,
}

impl Entry {
    /// What the hub is asked for: the commit that is known, or else the branch or tag.
    pub fn at(&self) -> &str {
        self.commit.as_ref().unwrap_or(&self.revision)
    }

    /// Whether a listing is of the file that this version of the extension was made for, as far as that is known.
    pub fn allows(&self, listed: &Listing) -> bool {
        let hash = self.sha256.is_none() || self.sha256 == listed.sha256;
        hash && self.bytes.is_none_or(|bytes| bytes == listed.bytes)
    }

    /// The listing, where all of it is known without asking anybody.
    pub fn pinned(&self) -> Option<Listing> {
        self.commit.as_ref()?;
        Some(Listing { bytes: self.bytes?, sha256: Some(self.sha256.clone()?) })
    }
}

/// The published models, and the hub that has them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Origin of the hub. The user may set a mirror instead.
    pub hub: String,
    /// The models, the recommended one first.
    pub models: Vec<Entry>,
    /// Files that several models need. They are installed with the first of these models and removed with the last.
    pub parts: Vec<Entry>,
}

impl Catalogue {
    /// Reads `catalogue.json`; none if it is no catalogue.
    pub fn read(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// The catalogue that the package is built with.
    #[cfg(test)]
    pub fn built_in() -> Self {
        Self::read(include_bytes!("catalogue.json")).expect("the built-in catalogue")
    }

    /// All files, in the order to be shown.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.models.iter().chain(&self.parts)
    }

    /// The file of this name.
    pub fn entry(&self, id: &str) -> Option<&Entry> {
        self.entries().find(|entry| entry.id == id)
    }

    /// Whether a file is only a part: it cannot erase without the files that need it.
    pub fn is_part(&self, id: &str) -> bool {
        self.parts.iter().any(|entry| entry.id == id)
    }

    /// The file of this name, and after it the parts that it needs. None if there is no such file.
    pub fn with_needs(&self, id: &str) -> Option<Vec<&Entry>> {
        let entry = self.entry(id)?;
        let mut needed: Vec<&Entry> = vec![entry];
        needed.extend(entry.needs.iter().filter_map(|id| self.entry(id)));
        Some(needed)
    }

    /// The parts that a file needs; none if that is unknown. A file that is not in the catalogue needs what the first file of the same
    /// architecture needs: `model` is the architecture that the engine recognised in it.
    pub fn needs(&self, id: &str, model: Option<&str>) -> Option<&[String]> {
        if let Some(entry) = self.entry(id) {
            return Some(&entry.needs);
        }
        let alike = self.models.iter().find(|entry| Some(entry.model.as_str()) == model);
        model.map(|_| alike.map_or(&[][..], |entry| &entry.needs))
    }

    /// The parts that none of `files` needs. Beside each file stands the architecture that the engine recognised in it, if that is known.
    pub fn unneeded<'a>(&self, files: &[(&'a str, Option<&'a str>)]) -> Vec<&Entry> {
        let needs = |part: &Entry, (id, model): &(&str, Option<&str>)| {
            // A file of unknown architecture may need any part.
            *id != part.id && self.needs(id, *model).is_none_or(|needs| needs.contains(&part.id))
        };
        self.parts.iter().filter(|part| !files.iter().any(|file| needs(part, file))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::listing::is_length;
    use super::*;

    #[test]
    fn the_built_in_catalogue_is_whole() {
        let catalogue = Catalogue::built_in();
        assert_eq!((catalogue.models.len(), catalogue.parts.len()), (4, 1));
        let mut ids: Vec<&str> = catalogue.entries().map(|entry| entry.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 5, "two files of one name");
        assert_eq!(catalogue.entry("ft_places2"), catalogue.models.first());
        assert!(catalogue.hub.starts_with("https://"));
        for entry in catalogue.entries() {
            assert_eq!(entry.model.is_empty(), catalogue.is_part(&entry.id), "{} is a model or a part", entry.id);
            assert!(entry.needs.iter().all(|id| catalogue.is_part(id)), "{} needs what there is", entry.id);
        }
    }

    /// Whether a text is in lower-case hexadecimal, of this length.
    fn is_hexadecimal(text: &str, length: usize) -> bool {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }

    #[test]
    fn what_the_built_in_catalogue_pins_can_be() {
        for Entry { id, path, commit, bytes, sha256, .. } in Catalogue::built_in().entries() {
            assert!(commit.as_ref().is_none_or(|commit| is_hexadecimal(commit, 40)), "{id}: a commit has 40 digits");
            assert!(sha256.as_ref().is_none_or(|hash| is_hexadecimal(hash, 64)), "{id}: a SHA-256 has 64 digits");
            assert!(bytes.is_none_or(is_length), "{id}: no file is so long");
            assert_eq!(commit.is_some(), bytes.is_some(), "{id}: a commit comes with the length of its file");
            // Weights are so large that the hub knows their hash.
            assert_eq!(commit.is_some(), sha256.is_some(), "{id}: pinned in all three ways or in none");
            assert!(!path.split('/').any(|part| matches!(part, "" | "." | "..")), "{id}: {path} leads elsewhere");
        }
    }

    #[test]
    fn a_pinned_file_is_that_file_or_none() {
        let pinned = Entry {
            commit: Some("c".repeat(40)),
            bytes: Some(100),
            sha256: Some("a".repeat(64)),
            ..two_kinds().models.remove(0)
        };
        let listed = Listing { bytes: 100, sha256: pinned.sha256.clone() };
        assert_eq!((pinned.at(), pinned.pinned()), (&*"c".repeat(40), Some(listed.clone())));
        assert!(pinned.allows(&listed));
        for other in [
            Listing { bytes: 101, ..listed.clone() },
            Listing { sha256: Some("b".repeat(64)), ..listed.clone() },
            Listing { sha256: None, ..listed.clone() },
        ] {
            assert!(!pinned.allows(&other), "{other:?}");
        }
        // A small file has no hash on the hub: the hub is asked, and its length has to agree.
        let small = Entry { sha256: None, ..pinned.clone() };
        assert_eq!(small.pinned(), None);
        assert!(
            small.allows(&Listing { bytes: 100, sha256: None }) && !small.allows(&Listing { bytes: 1, sha256: None })
        );
        let published = Entry { commit: None, bytes: None, ..small };
        assert_eq!((published.at(), published.pinned()), ("main", None));
        assert!(published.allows(&listed));
    }

    /// Two models of two kinds; one needs two parts, the other none.
    fn two_kinds() -> Catalogue {
        let entry = |id: &str, model: &str, needs: &[&str]| Entry {
            id: id.into(),
            name: id.to_uppercase(),
            model: model.into(),
            needs: needs.iter().map(|id| (*id).to_owned()).collect(),
            precision: None,
            repository: "owner/name".into(),
            revision: "main".into(),
            path: format!("{id}.bin"),
            commit: None,
            bytes: None,
            sha256: None,
            licence: "Apache-2.0".into(),
        };
        let models = vec![entry("large", "latent", &["second", "first"]), entry("small", "mean", &[])];
        Catalogue {
            hub: "https://hub.example".into(),
            models,
            parts: vec![entry("first", "", &[]), entry("second", "", &[])],
        }
    }

    #[test]
    fn a_model_comes_with_all_that_it_needs_and_with_nothing_else() {
        let catalogue = two_kinds();
        let with = |id| {
            let needed = catalogue.with_needs(id)?;
            Some(needed.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>())
        };
        assert_eq!(with("large").as_deref(), Some(&["large", "second", "first"][..]));
        assert_eq!(with("small").as_deref(), Some(&["small"][..]));
        assert_eq!(with("first").as_deref(), Some(&["first"][..]));
        assert_eq!(with("own-file"), None);
    }

    #[test]
    fn a_file_of_the_users_needs_what_its_kind_needs() {
        let catalogue = two_kinds();
        let both = ["second".to_owned(), "first".to_owned()];
        assert_eq!(catalogue.needs("own-file", Some("latent")), Some(&both[..]));
        assert_eq!(catalogue.needs("own-file", Some("mean")), Some(&[][..]));
        assert_eq!(catalogue.needs("own-file", Some("unheard of")), Some(&[][..]));
        assert_eq!(catalogue.needs("own-file", None), None);
    }

    #[test]
    fn parts_go_with_the_last_model_that_needs_them() {
        let catalogue = two_kinds();
        let unneeded = |files: &[(&'static str, Option<&'static str>)]| -> Vec<String> {
            catalogue.unneeded(files).iter().map(|entry| entry.id.clone()).collect()
        };
        assert_eq!(unneeded(&[("first", None), ("second", None)]), ["first", "second"]);
        assert_eq!(unneeded(&[("small", None), ("first", None)]), ["first", "second"]);
        assert_eq!(unneeded(&[("large", None)]), [""; 0]);
        assert_eq!(unneeded(&[("own-file", Some("latent"))]), [""; 0]);
        assert_eq!(unneeded(&[("own-file", Some("mean"))]), ["first", "second"]);
        // Its download has not ended: it may be of any kind.
        assert_eq!(unneeded(&[("own-file", None)]), [""; 0]);
    }
}
