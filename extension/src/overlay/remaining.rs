//! How long a model still takes, from how long its steps took.

/// Measures the steps of a job. Times are milliseconds since any fixed moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Remaining {
    /// The first step that was seen: when it ended, and its number.
    first: Option<(f64, u32)>,
}

impl Remaining {
    /// How long (milliseconds) the remaining steps will take, now that `step` of `steps` has ended. None after the first step that is
    /// seen, since that may have waited for something else.
    pub fn after(&mut self, now: f64, step: u32, steps: u32) -> Option<f64> {
        let (began, first) = *self.first.get_or_insert((now, step));
        let seen = step.checked_sub(first).filter(|seen| *seen > 0)?;
        Some((now - began) / f64::from(seen) * f64::from(steps.saturating_sub(step)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_equal_length_are_foreseen_whatever_came_before_them() {
        let mut remaining = Remaining::default();
        assert_eq!(remaining.after(9000.0, 1, 5), None);
        assert_eq!(remaining.after(9100.0, 2, 5), Some(300.0));
        assert_eq!(remaining.after(9200.0, 3, 5), Some(200.0));
        assert_eq!(remaining.after(9400.0, 5, 5), Some(0.0));
    }

    #[test]
    fn work_that_is_taken_up_again_counts_from_there() {
        let mut remaining = Remaining::default();
        assert_eq!(remaining.after(50.0, 7, 10), None);
        assert_eq!(remaining.after(60.0, 8, 10), Some(20.0));
        assert_eq!(remaining.after(70.0, 3, 10), None, "a step from before is no news");
    }
}
