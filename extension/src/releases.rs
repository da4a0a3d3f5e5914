//! What each version brings, in a sentence or two: the one place that the page of changes and the line after an update have it from.

/// A version that brings something worth a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// As in the manifest.
    pub version: &'static str,
    /// Key of its sentences in `_locales`.
    pub words: &'static str,
}

/// The oldest first. The last one may be the next version, which is not out yet. A version that only mends things needs none.
pub const RELEASES: [Release; 2] =
    [Release { version: "0.1.0", words: "release0_1_0" }, Release { version: "0.2.0", words: "release0_2_0" }];

/// A version as numbers, which are compared one after the other. What is no number counts as 0.
fn numbers(version: &str) -> Vec<u32> {
    let mut numbers: Vec<u32> = version.split('.').map(|number| number.parse().unwrap_or(0)).collect();
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    numbers
}

/// Those that this version of the extension has, the newest first.
pub fn until(version: &str) -> impl Iterator<Item = Release> {
    let now = numbers(version);
    RELEASES.into_iter().rev().filter(move |release| numbers(release.version) <= now)
}

/// The newest one that an update from the version `from` to the version `to` has brought, if any.
pub fn brought(from: &str, to: &str) -> Option<Release> {
    let from = numbers(from);
    until(to).next().filter(|release| numbers(release.version) > from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_brings_the_newest_version_that_it_passes() {
        let of = |from, to| brought(from, to).map(|release| release.version);
        assert_eq!(of("0.0.9", "0.1.0"), Some("0.1.0"));
        assert_eq!(of("0.0.9", "0.1.0.1"), Some("0.1.0"));
        assert_eq!(of("0.0.9", "0.10"), Some("0.2.0"), "the newest of two");
        assert_eq!(of("0.1.0", "0.1.1"), None, "it only mends");
        assert_eq!(of("0.1", "0.1.0"), None);
        assert_eq!(of("0.2.0", "0.1.0"), None, "an older version was put in its place");
        assert_eq!(of("0.0.1", "0.0.2"), None);
    }

    #[test]
    fn versions_stand_in_their_order() {
        assert!(RELEASES.is_sorted_by_key(|release| numbers(release.version)));
        for Release { version, words } in RELEASES {
            assert_eq!(words, format!("release{}", version.replace('.', "_")));
        }
    }
}
