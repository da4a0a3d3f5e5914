//! The progress and the rate of a job, reported a few times a second at most.

/// Shortest time between two reports, milliseconds.
const INTERVAL: f64 = 250.0;
/// Seconds that a job runs before its rate is reported: earlier, the rate would be guesswork.
const SETTLED: f64 = 0.5;

/// See the module. Times are in milliseconds, amounts in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Meter {
    /// How much there is in all; 0 while that is unknown.
    pub total: u64,
    begun: f64,
    first: u64,
    reported: f64,
}

impl Meter {
    /// A job that begins `now`, when `first` of `total` is done already.
    pub fn new(total: u64, first: u64, now: f64) -> Self {
        Self { total, begun: now, first, reported: f64::NEG_INFINITY }
    }

    /// Notes that `done` bytes are done. Gives the rate in bytes a second (0 while it is unknown) when a report is due, and none otherwise.
    /// A report is always due at the end.
    pub fn advance(&mut self, done: u64, now: f64) -> Option<f64> {
        if now - self.reported < INTERVAL && done < self.total {
            return None;
        }
        self.reported = now;
        let seconds = (now - self.begun) / 1000.0;
        Some(if seconds > SETTLED { done.saturating_sub(self.first) as f64 / seconds } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_rare_but_for_the_end() {
        let mut meter = Meter::new(1000, 0, 0.0);
        assert_eq!(meter.advance(1, 0.0), Some(0.0), "the beginning is reported");
        assert_eq!(meter.advance(2, 249.0), None);
        assert_eq!(meter.advance(3, 250.0), Some(0.0), "too early for a rate");
        assert_eq!(meter.advance(1000, 251.0), Some(0.0), "the end is reported at once");
    }

    #[test]
    fn the_rate_counts_what_came_since_the_beginning() {
        let mut meter = Meter::new(10_000, 4000, 5000.0);
        assert_eq!(meter.advance(6000, 6000.0), Some(2000.0));
        assert_eq!(meter.advance(3000, 7000.0), Some(0.0), "a download that begins again has no negative rate");
    }
}
