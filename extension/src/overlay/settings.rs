//! What the user set in the overlay, as it is stored.

use crate::protocol::models::{ModelOption, OptionValue};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How to erase and to save. A value that is missing in the storage has its default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EditSettings {
    /// A model, or the built-in fill; none if the user never chose.
    pub engine: Option<String>,
    /// Seed of the first result of each fill.
    pub seed: u32,
    /// Saved files tell by which methods and from which seeds they were edited. Off by default, because users who clean up a picture
    /// do not expect new traces in it; users who have to disclose an edit can turn it on.
    pub note: bool,
    /// Saved files are named as their pictures are, without a word that they are edited.
    pub keep_name: bool,
    /// The values of the models' options that the user set, by the options' names. Each is stored under a key of its own.
    #[serde(flatten)]
    pub options: BTreeMap<String, f64>,
}

impl Default for EditSettings {
    fn default() -> Self {
        Self { engine: None, seed: 1, note: false, keep_name: false, options: BTreeMap::new() }
    }
}

impl EditSettings {
    /// The value of an option: what is set, or else the model's default.
    pub fn value(&self, option: &ModelOption) -> f64 {
        option.value(self.options.get(&option.id).copied())
    }

    /// The values of all options of a model.
    pub fn values(&self, options: &[ModelOption]) -> Vec<OptionValue> {
        options.iter().map(|option| OptionValue { id: option.id.clone(), value: self.value(option) }).collect()
    }
}

/// What a saved file's note says about the options that a fill was made with.
pub fn phrases(values: &[OptionValue], options: &[ModelOption]) -> String {
    let phrase = |OptionValue { id, value }: &OptionValue| match options.iter().find(|option| option.id == *id) {
        Some(option) => option.phrase.replace("{}", &value.to_string()),
        // The model is gone, and its words with it.
        None => format!("{id} {value}"),
    };
    values.iter().map(|value| format!(", {}", phrase(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(id: &str, [min, max, default]: [f64; 3], phrase: &str) -> ModelOption {
        ModelOption {
            id: id.into(),
            label: id.into(),
            help: String::new(),
            min,
            max,
            step: 1.0,
            default,
            presets: vec![],
            phrase: phrase.into(),
        }
    }

    fn two() -> [ModelOption; 2] {
        [option("steps", [2.0, 1000.0, 20.0], "{} steps"), option("guidance", [1.0, 6.0, 2.5], "guidance {}")]
    }

    /// As the extension stored it before models described their options.
    const STORED: &str = r#"{"engine":"ft_places2","steps":30,"guidance":3.5,"seed":7,"note":true}"#;

    #[test]
    fn what_was_stored_before_models_described_their_options_is_kept() {
        let settings: EditSettings = serde_json::from_str(STORED).expect("stored settings");
        assert_eq!((settings.engine.as_deref(), settings.seed, settings.note), (Some("ft_places2"), 7, true));
        assert_eq!(two().map(|option| settings.value(&option)), [30.0, 3.5]);
        let stored: serde_json::Value = serde_json::to_value(&settings).expect("plain data");
        let keys: Vec<&String> = stored.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["engine", "guidance", "keep_name", "note", "seed", "steps"]);
    }

    #[test]
    fn what_was_never_set_is_the_models_default() {
        for stored in ["{}", r#"{"engine":null}"#] {
            let settings: EditSettings = serde_json::from_str(stored).expect("stored settings");
            assert_eq!(settings, EditSettings::default());
            assert_eq!(two().map(|option| settings.value(&option)), [20.0, 2.5]);
        }
    }

    #[test]
    fn a_value_outside_of_the_models_range_is_not_asked_for() {
        let settings = EditSettings { options: [("steps".to_owned(), 5000.0)].into(), ..EditSettings::default() };
        let values = settings.values(&two());
        assert_eq!(values.iter().map(|option| option.value).collect::<Vec<_>>(), [20.0, 2.5]);
    }

    #[test]
    fn a_note_says_options_in_the_models_words() {
        let values = EditSettings::default().values(&two());
        assert_eq!(phrases(&values, &two()), ", 20 steps, guidance 2.5");
        assert_eq!(phrases(&values[..1], &[]), ", steps 20");
    }
}
