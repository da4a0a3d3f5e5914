//! Rounds bytes, rates and times for display. The words beside the numbers are in `_locales`.

/// A rounded number, and the key of the message that puts its unit beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measure {
    /// With the language's decimal separator.
    pub number: String,
    /// Key in `_locales`, with the number as its placeholder.
    pub unit: &'static str,
}

impl Measure {
    fn new(number: f64, decimals: usize, separator: &str, unit: &'static str) -> Self {
        Self { number: format!("{number:.decimals$}").replace('.', separator), unit }
    }
}

/// A number with one decimal.
pub fn decimal(number: f64, separator: &str) -> String {
    format!("{number:.1}").replace('.', separator)
}

/// Bytes in decimal units, as browsers and the hub count them, to three digits at most.
pub fn bytes(bytes: f64, separator: &str) -> Measure {
    const KILO: f64 = 1e3;
    const MEGA: f64 = 1e6;
    const GIGA: f64 = 1e9;
    // A number that would be rounded up to 1000 of a unit is 1 of the next unit.
    if bytes < 0.9995 * MEGA {
        // A few bytes must not read as 0.
        Measure::new((bytes / KILO).ceil(), 0, separator, "unitKilobytes")
    } else if bytes < 0.9995 * GIGA {
        let mega = bytes / MEGA;
        Measure::new(mega, usize::from(mega < 99.95), separator, "unitMegabytes")
    } else {
        let giga = bytes / GIGA;
        let decimals = if giga < 9.995 { 2 } else { usize::from(giga < 99.95) };
        Measure::new(giga, decimals, separator, "unitGigabytes")
    }
}

/// How long the rest takes at `rate` bytes a second; none while the rate is unknown.
///
/// It is rounded up to a few steps, so that it does not change with every event.
pub fn time_left(done: u64, total: u64, rate: f64, separator: &str) -> Option<Measure> {
    let seconds = total.checked_sub(done)? as f64 / rate;
    if !seconds.is_finite() || seconds < 0.0 {
        return None;
    }
    Some(if seconds <= 10.0 {
        Measure::new(seconds.ceil(), 0, separator, "unitSeconds")
    } else if seconds <= 55.0 {
        Measure::new((seconds / 5.0).ceil() * 5.0, 0, separator, "unitSeconds")
    } else if seconds <= 90.0 * 60.0 {
        Measure::new((seconds / 60.0).ceil(), 0, separator, "unitMinutes")
    } else {
        Measure::new(seconds / 3600.0, 1, separator, "unitHours")
    })
}

/// How long something took, rounded to two digits.
pub fn time(milliseconds: f64, separator: &str) -> Measure {
    let seconds = milliseconds / 1000.0;
    if milliseconds < 99.5 {
        Measure::new(milliseconds, usize::from(milliseconds < 9.95), separator, "unitMilliseconds")
    } else if seconds < 0.995 {
        Measure::new((milliseconds / 10.0).round() * 10.0, 0, separator, "unitMilliseconds")
    } else if seconds < 99.5 {
        Measure::new(seconds, usize::from(seconds < 9.95), separator, "unitSeconds")
    } else {
        Measure::new(seconds / 60.0, usize::from(seconds < 597.0), separator, "unitMinutes")
    }
}

/// The share that is done, from 0 to 1; none while the total is unknown.
pub fn fraction(done: u64, total: u64) -> Option<f64> {
    (total > 0).then(|| (done as f64 / total as f64).min(1.0))
}

/// The beginning of a hash, long enough to distinguish two by eye.
pub fn short_hash(hash: &str) -> String {
    const SHOWN: usize = 12;
    let start: String = hash.chars().take(SHOWN).collect();
    if start.len() < hash.len() { start + "…" } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(measure: Measure) -> String {
        format!("{} {}", measure.number, measure.unit)
    }

    #[test]
    fn times_have_two_digits() {
        for (milliseconds, expected) in [
            (0.44, "0.4 unitMilliseconds"),
            (29.04, "29 unitMilliseconds"),
            (689.0, "690 unitMilliseconds"),
            (994.9, "990 unitMilliseconds"),
            (996.0, "1.0 unitSeconds"),
            (20_400.0, "20 unitSeconds"),
            (150_000.0, "2.5 unitMinutes"),
        ] {
            assert_eq!(text(time(milliseconds, ".")), expected);
        }
    }

    #[test]
    fn sizes_have_three_digits_at_most() {
        for (size, expected) in [
            (0.0, "0 unitKilobytes"),
            (1.0, "1 unitKilobytes"),
            (999_400.0, "1000 unitKilobytes"),
            (999_500.0, "1.0 unitMegabytes"),
            (12_345_678.0, "12.3 unitMegabytes"),
            (99_960_000.0, "100 unitMegabytes"),
            (619_123_456.0, "619 unitMegabytes"),
            (999_600_000.0, "1.00 unitGigabytes"),
            (1_239_000_000.0, "1.24 unitGigabytes"),
            (45_670_000_000.0, "45.7 unitGigabytes"),
            (1_234_000_000_000.0, "1234 unitGigabytes"),
        ] {
            assert_eq!(text(bytes(size, ".")), expected, "{size}");
        }
    }

    #[test]
    fn the_separator_is_that_of_the_language() {
        assert_eq!(bytes(1_239_000_000.0, ",").number, "1,24");
    }

    #[test]
    fn times_are_rounded_up_in_steps() {
        let left = |seconds: u64| time_left(0, seconds * 1000, 1000.0, ".").map(text);
        for (seconds, expected) in [
            (0, "0 unitSeconds"),
            (7, "7 unitSeconds"),
            (11, "15 unitSeconds"),
            (55, "55 unitSeconds"),
            (56, "1 unitMinutes"),
            (61, "2 unitMinutes"),
            (5400, "90 unitMinutes"),
            (5401, "1.5 unitHours"),
        ] {
            assert_eq!(left(seconds).as_deref(), Some(expected));
        }
    }

    #[test]
    fn an_unknown_rate_gives_no_time() {
        assert_eq!(time_left(5, 10, 0.0, "."), None);
        assert_eq!(time_left(10, 10, 0.0, "."), None);
        assert_eq!(time_left(5, 10, f64::NAN, "."), None);
        assert_eq!(time_left(5, 10, -1.0, "."), None);
        assert_eq!(time_left(5, 0, 1.0, "."), None, "nor does an unknown total");
    }

    #[test]
    fn fractions_stay_in_bounds() {
        assert_eq!(fraction(1, 0), None);
        assert_eq!(fraction(1, 2), Some(0.5));
        assert_eq!(fraction(3, 2), Some(1.0));
    }

    #[test]
    fn hashes_are_cut() {
        assert_eq!(short_hash("0123456789abcdef"), "0123456789ab…");
        assert_eq!(short_hash("0123"), "0123");
    }
}
