//! The results of one fill, side by side: one of them shows, the others can be chosen.

use serde::{Deserialize, Serialize};

/// How many results of one fill are kept.
pub const MAX_RESULTS: usize = 4;

/// See the module.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Variations<T> {
    results: Vec<T>,
    chosen: usize,
    /// How many results were ever made, including those that are no longer kept.
    made: u32,
}

impl<T> Variations<T> {
    /// A fill with its first result, which is chosen.
    pub fn new(first: T) -> Self {
        Self { results: vec![first], chosen: 0, made: 1 }
    }

    /// Adds a result and chooses it. When there are [`MAX_RESULTS`] already, the oldest is dropped.
    pub fn add(&mut self, result: T) {
        if self.results.len() == MAX_RESULTS {
            self.results.remove(0);
        }
        self.results.push(result);
        self.chosen = self.results.len() - 1;
        self.made += 1;
    }

    /// Chooses another result. False where there is no such result, or where it is chosen already.
    pub fn choose(&mut self, number: usize) -> bool {
        let other = number < self.results.len() && number != self.chosen;
        if other {
            self.chosen = number;
        }
        other
    }

    /// The same with other results. None where `what` gives none, or where the chosen result does not exist.
    pub fn try_map<U>(self, what: impl FnMut(T) -> Option<U>) -> Option<Variations<U>> {
        let results: Vec<U> = self.results.into_iter().map(what).collect::<Option<_>>()?;
        (self.chosen < results.len()).then_some(Variations { results, chosen: self.chosen, made: self.made })
    }

    /// All results, oldest first.
    pub fn results(&self) -> &[T] {
        &self.results
    }

    /// The number of the chosen result among [`Self::results`].
    pub fn number(&self) -> usize {
        self.chosen
    }

    /// The result that is chosen.
    pub fn chosen(&self) -> &T {
        &self.results[self.chosen]
    }

    /// How many results were ever made.
    pub fn made(&self) -> u32 {
        self.made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_side_by_side_and_the_newest_shows() {
        let mut variations = Variations::new("a");
        variations.add("b");
        assert_eq!((variations.results(), *variations.chosen()), (&["a", "b"][..], "b"));
        assert!(variations.choose(0));
        assert!(!variations.choose(0), "it shows already");
        assert!(!variations.choose(2), "there is no such result");
        assert_eq!((*variations.chosen(), variations.number()), ("a", 0));
    }

    #[test]
    fn the_oldest_makes_room() {
        let mut variations = Variations::new(0);
        for i in 1..=MAX_RESULTS {
            variations.add(i);
        }
        assert_eq!((variations.results(), variations.number()), (&[1, 2, 3, 4][..], 3));
        assert_eq!(variations.made(), 5, "dropped results count, so that no seed is used twice");
    }
}
