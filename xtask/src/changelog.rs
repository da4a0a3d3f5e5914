//! The changelog: that it is in order, and what it says of a version.

use crate::shell::root;
use crate::{Result, build};

/// The part for what is not out yet.
const UNRELEASED: &str = "Unreleased";

/// One version, as `docs/CHANGELOG.md` has it.
#[derive(Debug, PartialEq, Eq)]
struct Section<'a> {
    /// Without brackets.
    version: &'a str,
    /// What stands below the heading.
    text: &'a str,
}

fn sections<'a>(changes: &'a str) -> Vec<Section<'a>> {
    let of = |part: &'a str| {
        let (version, rest) = part.split_once(']')?;
        let text = rest.split_once('\n').map_or("", |(_, text)| text).trim();
        Some(Section { version, text })
    };
    changes.split("\n## [").skip(1).filter_map(of).collect()
}

/// A version as numbers; none for what is no version.
fn numbers(version: &str) -> Option<Vec<u32>> {
    version.split('.').map(|number| number.parse().ok()).collect()
}

/// Whether there is anything in a section but headings.
fn is_empty(section: &Section<'_>) -> bool {
    section.text.lines().all(|line| line.trim().is_empty() || line.starts_with('#'))
}

/// What is wrong with the whole: what is not out comes first, then the versions, the newest first, the workspace's among them.
fn faults(changes: &str, version: &str) -> Vec<String> {
    let sections = sections(changes);
    let mut faults = vec![];
    let Some((first, versions)) = sections.split_first() else { return vec!["it has no sections".into()] };
    if first.version != UNRELEASED {
        faults.push(format!("its first section is not [{UNRELEASED}]"));
    }
    for section in versions {
        match numbers(section.version) {
            None => faults.push(format!("[{}] is no version", section.version)),
            Some(_) if is_empty(section) => faults.push(format!("[{}] says nothing", section.version)),
            Some(_) => {}
        }
    }
    if !versions.windows(2).all(|pair| numbers(pair[0].version) > numbers(pair[1].version)) {
        faults.push("the newest version does not stand first".into());
    }
    if !versions.iter().any(|section| section.version == version) {
        faults.push(format!("it has no section [{version}]: write down what changed"));
    }
    faults
}

/// What else is wrong when a version goes out now: it has to be the newest, and nothing may be left that is not out yet.
fn faults_of_release(changes: &str, version: &str) -> Vec<String> {
    let mut faults = faults(changes, version);
    let sections = sections(changes);
    if sections.first().is_some_and(|first| first.version == UNRELEASED && !is_empty(first)) {
        faults.push(format!("[{UNRELEASED}] is not empty: what goes out with {version} belongs into its section"));
    }
    if sections.get(1).is_some_and(|newest| newest.version != version) {
        faults.push(format!("[{version}] is not its newest version"));
    }
    faults
}

fn read() -> Result<String> {
    Ok(std::fs::read_to_string(root().join("docs/CHANGELOG.md"))?)
}

fn told(faults: &[String]) -> Result {
    if faults.is_empty() { Ok(()) } else { Err(format!("docs/CHANGELOG.md: {}", faults.join("; ")).into()) }
}

/// Fails where the changelog is out of order, or lacks the workspace's version.
pub fn check() -> Result {
    told(&faults(&read()?, build::VERSION))
}

/// Fails where the workspace's version cannot go out yet. Gives what the changelog says of it.
pub fn of_release() -> Result<String> {
    let changes = read()?;
    told(&faults_of_release(&changes, build::VERSION))?;
    let of = sections(&changes).into_iter().find(|section| section.version == build::VERSION);
    Ok(of.map(|section| format!("{}\n", section.text)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# Changelog\n\nKept.\n\n## [Unreleased]\n\n## [0.2.0] - 2027-01-02\n\n### Added\n\n- More.\n\n## [0.1.0]\n\n- All.\n";

    #[test]
    fn a_version_goes_out_with_its_section_only() {
        assert!(faults_of_release(GOOD, "0.2.0").is_empty());
        assert_eq!(faults_of_release(GOOD, "0.1.0"), ["[0.1.0] is not its newest version"]);
        assert_eq!(faults_of_release(GOOD, "0.3.0").len(), 2, "it has none, and another one is the newest");
        let unfinished = GOOD.replace("[Unreleased]\n", "[Unreleased]\n\n- Half.\n");
        assert!(faults(&unfinished, "0.2.0").is_empty());
        assert_eq!(faults_of_release(&unfinished, "0.2.0").len(), 1);
        assert_eq!(sections(GOOD)[1].text, "### Added\n\n- More.");
    }

    #[test]
    fn disorder_is_noticed() {
        for (bad, version) in [
            ("# Changelog\n", "0.1.0"),
            (&GOOD.replace("- All.", ""), "0.2.0"),
            (&GOOD.replace("[0.1.0]", "[0.3.0]"), "0.2.0"),
            (&GOOD.replace("[0.1.0]", "[first]"), "0.2.0"),
            (&GOOD.replace("## [Unreleased]\n", ""), "0.2.0"),
            (GOOD, "0.1.1"),
        ] {
            assert_eq!(faults(bad, version).len().min(1), 1, "{version}: {bad}");
        }
    }

    #[test]
    fn the_changelog_is_in_order() {
        check().expect("it is");
    }
}
