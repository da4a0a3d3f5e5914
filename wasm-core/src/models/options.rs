//! What the user may set about a model, described as data.

use crate::{Error, Result};

/// One thing that the user may set: a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptionSpec {
    /// Its name in messages and stored settings. Models whose options mean the same share the name, so that what was set for one is kept
    /// for the other.
    pub id: &'static str,
    /// Key of its label in `_locales`.
    pub label: &'static str,
    /// Key of a sentence that explains it; empty if there is none.
    pub help: &'static str,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Distance between two values that a slider offers. 1 if only whole numbers make sense.
    pub step: f64,
    /// What it is until the user sets it.
    pub default: f64,
    /// Values to choose among; none if the user chooses from the whole range.
    pub presets: &'static [Preset],
    /// How the note in a saved file says it, with `{}` in the place of the number.
    pub phrase: &'static str,
}

/// A value to choose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Preset {
    /// The value.
    pub value: f64,
    /// Key of its label in `_locales`.
    pub label: &'static str,
}

/// A value for each option of a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values(Vec<(&'static str, f64)>);

impl Values {
    /// What the options are until the user sets them.
    pub fn defaults(options: &[OptionSpec]) -> Self {
        Self(options.iter().map(|option| (option.id, option.default)).collect())
    }

    /// The values that are `given`, by the options' names; the defaults for those that are not.
    ///
    /// # Errors
    /// [`Error::Argument`] for an option that the model does not have, and for a value outside of its option's range.
    pub fn checked<'a>(options: &[OptionSpec], given: impl IntoIterator<Item = (&'a str, f64)>) -> Result<Self> {
        let mut values = Self::defaults(options);
        for (id, value) in given {
            let place = options.iter().position(|option| option.id == id);
            let place = place.ok_or_else(|| Error::Argument(format!("this model has no option {id:?}")))?;
            let OptionSpec { min, max, step, .. } = options[place];
            if !(min..=max).contains(&value) || (step == 1.0 && value.fract() != 0.0) {
                return Err(Error::Argument(format!("{id} lies between {min} and {max}, not at {value}")));
            }
            values.0[place].1 = value;
        }
        Ok(values)
    }

    /// The value of an option; its default if these are another model's values.
    pub fn get(&self, option: &OptionSpec) -> f64 {
        self.0.iter().find(|(id, _)| *id == option.id).map_or(option.default, |(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: OptionSpec = OptionSpec {
        id: "steps",
        label: "quality",
        help: "",
        min: 2.0,
        max: 1000.0,
        step: 1.0,
        default: 20.0,
        presets: &[],
        phrase: "{} steps",
    };
    const GUIDANCE: OptionSpec = OptionSpec { id: "guidance", min: 1.0, max: 6.0, step: 0.5, default: 2.5, ..STEPS };

    #[test]
    fn what_is_not_given_is_the_default() {
        let values = Values::checked(&[STEPS, GUIDANCE], [("guidance", 3.3)]).unwrap();
        assert_eq!((values.get(&STEPS), values.get(&GUIDANCE)), (20.0, 3.3));
        assert_eq!(Values::default().get(&STEPS), 20.0);
    }

    #[test]
    fn unknown_options_and_values_out_of_range_are_refused() {
        for given in [("strength", 1.0), ("steps", 1.0), ("steps", 2.5), ("steps", 1001.0), ("guidance", f64::NAN)] {
            let refused = Values::checked(&[STEPS, GUIDANCE], [given]);
            assert!(matches!(&refused, Err(Error::Argument(what)) if what.contains(given.0)), "{refused:?}");
        }
    }
}
