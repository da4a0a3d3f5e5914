//! The models that are offered. Everything about them is data, in `catalogue.json`.

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
    /// Branch, tag or commit.
    pub revision: String,
    /// Path in the repository.
    pub path: String,
    /// SPDX identifier.
    pub licence: String,
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
    /// The catalogue that the extension was built with.
    ///
    /// # Panics
    /// Never: a test reads it.
    #[expect(clippy::expect_used, reason = "a test reads it")]
    pub fn built_in() -> Self {
        serde_json::from_str(include_str!("catalogue.json")).expect("the built-in catalogue")
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
