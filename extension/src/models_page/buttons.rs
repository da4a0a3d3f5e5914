//! Which buttons a model's card offers.

use crate::protocol::models::{Model, Status};

/// Every button of a card, in order.
pub const ACTIONS: [&str; 7] = ["install", "pause", "prefer", "update", "verify", "export", "delete"];

/// The buttons for a model, in order. `preferred` says whether it is the chosen model already.
pub fn offered(model: &Model, preferred: bool) -> Vec<&'static str> {
    // A file from the user's own disk has no address from which it could be updated.
    let own = model.licence.is_none();
    let offered: &[&str] = match (model.status, model.part) {
        (Status::Available, false) => &["install"],
        (Status::Busy, false) => &["pause", "delete"],
        (Status::Outdated, false) if own => &["delete"],
        (Status::Paused | Status::Outdated, false) => &["install", "delete"],
        (Status::Paused | Status::Outdated, true) => &["delete"],
        (Status::Installed, true) => &["verify", "export", "delete"],
        (Status::Installed, false) if own => &["prefer", "verify", "export", "delete"],
        (Status::Installed, false) => &["prefer", "update", "verify", "export", "delete"],
        (Status::Available | Status::Busy, true) => &[],
    };
    offered.iter().copied().filter(|&action| !(action == "prefer" && preferred)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Status; 5] = [Status::Available, Status::Busy, Status::Paused, Status::Installed, Status::Outdated];

    fn model(status: Status, licence: Option<&str>, part: bool) -> Model {
        Model {
            id: "m".into(),
            name: "M".into(),
            source: String::new(),
            licence: licence.map(str::to_owned),
            pinned: None,
            part,
            status,
            precision: None,
            bytes: 0,
            sha256: None,
            estimate: None,
            used: None,
            options: vec![],
        }
    }

    #[test]
    fn offered_buttons_exist_and_keep_their_order() {
        for status in ALL {
            for (part, licence) in [(false, Some("MIT")), (false, None), (true, Some("MIT"))] {
                let places: Vec<_> = offered(&model(status, licence, part), false)
                    .iter()
                    .map(|button| ACTIONS.iter().position(|action| action == button).expect("a button"))
                    .collect();
                assert!(places.is_sorted(), "{status:?}");
            }
        }
    }

    #[test]
    fn what_is_here_can_always_be_deleted() {
        for status in ALL.into_iter().filter(|status| *status != Status::Available) {
            assert!(offered(&model(status, None, false), true).contains(&"delete"), "{status:?}");
        }
    }

    #[test]
    fn nobody_is_offered_what_makes_no_sense() {
        let installed = |licence, preferred| offered(&model(Status::Installed, licence, false), preferred);
        assert!(!installed(Some("MIT"), true).contains(&"prefer"), "it is the preferred one already");
        assert!(!installed(None, false).contains(&"update"), "an own model has no place to be updated from");
        let shared = ALL.map(|status| offered(&model(status, Some("MIT"), true), false));
        assert!(!shared.concat().contains(&"install"), "the shared part comes with the first model");
    }
}
