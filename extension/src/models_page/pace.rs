//! How often progress is announced. A screen reader that reads every event would read nothing else.

use crate::protocol::models::Work;

/// Shortest time between two announcements about the same work, milliseconds.
const REST: f64 = 2000.0;
/// How many steps the progress of a whole job is announced in.
const STEPS: f64 = 10.0;

/// The last announcement about one model.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    said: Option<(f64, Work, f64)>,
}

impl Pace {
    /// Whether to announce progress at `now` (milliseconds): there is other work or a further step, and the last announcement is long enough
    /// ago.
    pub fn due(&mut self, now: f64, work: Work, fraction: f64) -> bool {
        let step = (fraction * STEPS).floor();
        let due = self.said.is_none_or(|(time, said, before)| now - time >= REST && (said != work || step != before));
        if due {
            self.said = Some((now, work, step));
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaks_of_steps_and_never_twice_at_once() {
        let mut pace = Pace::default();
        assert!(pace.due(0.0, Work::Downloading, 0.0));
        assert!(!pace.due(1000.0, Work::Downloading, 0.3), "too soon");
        assert!(pace.due(2000.0, Work::Downloading, 0.35));
        assert!(!pace.due(9000.0, Work::Downloading, 0.39), "no step further");
        assert!(pace.due(9500.0, Work::Verifying, 0.39), "other work");
        assert!(!pace.due(10_000.0, Work::Preparing, 0.0), "too soon");
        assert!(pace.due(11_500.0, Work::Preparing, 0.0));
    }
}
