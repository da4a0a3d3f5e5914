//! The file that settings are exported to and imported from: JSON, for another computer or another browser of the same user.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version that this program writes, and the newest that it reads.
const VERSION: u32 = 1;
/// Longest time that a model stays on the GPU, minutes.
const MOST_MINUTES: u32 = 24 * 60;

/// See the module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SettingsFile {
    /// Version of the format. Its name tells the file from others.
    #[serde(rename = "rubout-settings")]
    pub version: u32,
    /// What the browser's storage holds, by its keys.
    #[serde(default)]
    pub stored: BTreeMap<String, Setting>,
    /// Minutes that a model stays on the GPU after it was last needed.
    #[serde(default)]
    pub warm_minutes: Option<u32>,
    /// The model to erase with.
    #[serde(default)]
    pub preferred: Option<String>,
    /// Scheme and host of a mirror of the hub; empty for none.
    #[serde(default)]
    pub mirror: Option<String>,
}

/// A stored value. Its own reader decides whether it makes sense, as with every value in the storage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Setting {
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(f64),
    /// A name.
    Text(String),
    /// Values by their names; some are not set.
    Group(BTreeMap<String, Option<Setting>>),
}

/// Why a file is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is something else, or damaged.
    NoSettings,
    /// A newer version of the extension wrote it.
    Newer,
}

impl SettingsFile {
    /// The settings as this version writes them.
    pub fn new(
        stored: BTreeMap<String, Setting>,
        warm_minutes: u32,
        preferred: Option<String>,
        mirror: String,
    ) -> Self {
        Self { version: VERSION, stored, warm_minutes: Some(warm_minutes), preferred, mirror: Some(mirror) }
    }

    /// What may be taken over of a file that somebody gave: only settings, which `keys` names, with possible values.
    ///
    /// # Errors
    /// When another version wrote it.
    pub fn checked(mut self, keys: &[&str]) -> Result<Self, Refusal> {
        match self.version {
            0 => return Err(Refusal::NoSettings),
            1..=VERSION => {}
            _ => return Err(Refusal::Newer),
        }
        self.stored.retain(|key, _| keys.contains(&key.as_str()));
        self.warm_minutes = self.warm_minutes.filter(|minutes| (1..=MOST_MINUTES).contains(minutes));
        let is_web =
            |origin: &String| origin.is_empty() || origin.starts_with("https://") || origin.starts_with("http://");
        self.mirror = self.mirror.filter(is_web);
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [&str; 2] = ["method", "eraseOnRelease"];

    fn read(text: &str) -> Option<SettingsFile> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn what_was_written_is_read_again() {
        let method = BTreeMap::from([
            ("engine".to_owned(), Some(Setting::Text("ft_places2".into()))),
            ("seed".to_owned(), Some(Setting::Number(7.0))),
            ("model".to_owned(), None),
        ]);
        let stored = BTreeMap::from([
            ("method".to_owned(), Setting::Group(method)),
            ("eraseOnRelease".to_owned(), Setting::Flag(true)),
        ]);
        let file = SettingsFile::new(stored, 15, Some("ft_places2".into()), "https://mirror.example".into());
        let text = serde_json::to_string(&file).expect("JSON");
        assert_eq!(read(&text).expect("the file").checked(&KEYS), Ok(file));
    }

    #[test]
    fn only_settings_with_possible_values_are_taken() {
        let text = r#"{"rubout-settings":1,"stored":{"method":{"seed":2},"session:1":true},"warm_minutes":0,"mirror":"file:///etc"}"#;
        let file = read(text).expect("a file").checked(&KEYS).expect("settings");
        assert_eq!(file.stored.keys().collect::<Vec<_>>(), ["method"]);
        assert_eq!((file.warm_minutes, file.mirror), (None, None));
    }

    #[test]
    fn other_files_are_refused() {
        assert_eq!(read(r#"{"some":"thing"}"#), None);
        assert_eq!(read("[1, 2]"), None);
        assert_eq!(read(r#"{"rubout-settings":1,"stored":{"method":[1]}}"#), None, "there are no lists among settings");
        let of = |version| SettingsFile { version, ..SettingsFile::new(BTreeMap::new(), 5, None, String::new()) };
        assert_eq!(of(0).checked(&KEYS), Err(Refusal::NoSettings));
        assert_eq!(of(2).checked(&KEYS), Err(Refusal::Newer));
    }
}
