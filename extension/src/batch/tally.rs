//! What became of each file, counted.

use crate::protocol::Failure;

/// What became of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Its result is kept under this name.
    Kept(String),
    /// The mark is not in it, or all of what was painted lies outside of it. It has no result.
    NothingFound,
    /// It has no result, because of this.
    Failed(Failure),
}

/// How many files came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// With a result.
    pub kept: u32,
    /// In which there was nothing to do.
    pub nothing_found: u32,
    /// Without a result for another reason.
    pub failed: u32,
}

impl Tally {
    /// Counts one more.
    pub fn add(&mut self, outcome: &Outcome) {
        *match outcome {
            Outcome::Kept(_) => &mut self.kept,
            Outcome::NothingFound => &mut self.nothing_found,
            Outcome::Failed(_) => &mut self.failed,
        } += 1;
    }

    /// How many there are.
    pub fn all(&self) -> u32 {
        self.kept + self.nothing_found + self.failed
    }
}

/// Milliseconds until the rest is done, where `done` of `all` files took `spent`. None before there is anything to go by.
pub fn time_left(done: u32, all: u32, spent: f64) -> Option<f64> {
    (done > 0 && done < all).then(|| spent / f64::from(done) * f64::from(all - done))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outcome_is_counted_once() {
        let mut tally = Tally::default();
        for outcome in [
            Outcome::Kept("a.png".into()),
            Outcome::NothingFound,
            Outcome::Failed(Failure::EmptyMask),
            Outcome::Kept("b.png".into()),
        ] {
            tally.add(&outcome);
        }
        assert_eq!(tally, Tally { kept: 2, nothing_found: 1, failed: 1 });
        assert_eq!(tally.all(), 4);
    }

    #[test]
    fn the_rest_takes_as_long_as_what_is_done_did() {
        assert_eq!(time_left(0, 10, 500.0), None);
        assert_eq!(time_left(4, 10, 400.0), Some(600.0));
        assert_eq!(time_left(10, 10, 400.0), None);
    }
}
