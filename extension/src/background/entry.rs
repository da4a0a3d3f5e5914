//! Why a page cannot be entered: the browser's rule, or the moment.

use crate::protocol::Failure;

/// What the browser says where no extension may ever be.
const RULES: [&str; 6] =
    ["chrome://", "chrome-extension://", "devtools://", "gallery cannot be scripted", "policy", "view-source:"];
/// What it says where this one may not be now. It says the same when the page's process has not yet heard of the user's click.
const REFUSALS: [&str; 3] = ["must request permission", "Cannot access contents", "Missing host permission"];

/// What an attempt to enter a page that failed means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// It never succeeds.
    Forbidden,
    /// It may succeed a moment later; if it does not, the page is forbidden.
    Refused,
    /// It may succeed a moment later: the page was being loaded or left, or did not answer.
    Missed,
}

impl Entry {
    /// From what the browser said.
    pub fn of(failure: &Failure) -> Self {
        let said = failure.to_string();
        let any = |words: &[&str]| words.iter().any(|word| said.contains(word));
        if any(&RULES) {
            Self::Forbidden
        } else if any(&REFUSALS) {
            Self::Refused
        } else {
            Self::Missed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_browsers_rules_are_called_that() {
        for (said, entry) in [
            ("Cannot access a chrome:// URL", Entry::Forbidden),
            ("Cannot access contents of url \"devtools://devtools/a.html\".", Entry::Forbidden),
            ("The extensions gallery cannot be scripted.", Entry::Forbidden),
            ("This page cannot be scripted due to an ExtensionsSettings policy.", Entry::Forbidden),
            (
                "Cannot access contents of the page. Extension manifest must request permission to access the respective host.",
                Entry::Refused,
            ),
            ("Missing host permission for the tab", Entry::Refused),
            ("Frame with ID 0 was removed.", Entry::Missed),
            ("Could not establish connection. Receiving end does not exist.", Entry::Missed),
            ("The message port closed before a response was received.", Entry::Missed),
            ("No tab with id: 7.", Entry::Missed),
        ] {
            assert_eq!(Entry::of(&Failure::Internal { detail: said.into() }), entry, "{said}");
        }
    }
}
