//! The list of what became of each file.

use super::tally::{Outcome, Tally};
use crate::browser::{i18n, refused};
use crate::protocol::Failure;
use crate::ui::dom::{by_id, document, show_text};
use crate::ui::sentences;
use std::cell::Cell;
use web_sys::{Element, HtmlElement};

/// See the module.
pub(super) struct List {
    list: Element,
    tally: Cell<Tally>,
}

impl List {
    pub(super) fn find() -> Self {
        Self { list: by_id("batch-list"), tally: Cell::default() }
    }

    /// Begins anew.
    pub(super) fn clear(&self) {
        self.list.replace_children_with_node_0();
        self.tally.set(Tally::default());
        show_text(&by_id::<HtmlElement>("batch-sum"), "");
    }

    /// Adds a file.
    ///
    /// # Errors
    /// When the browser makes no element.
    pub(super) fn add(&self, name: &str, outcome: &Outcome) -> Result<(), Failure> {
        let mut tally = self.tally.get();
        tally.add(outcome);
        self.tally.set(tally);
        let (kind, words) = match outcome {
            Outcome::Kept(kept) if kept == name => ("kept", "✓".into()),
            Outcome::Kept(kept) => ("kept", format!("✓ {kept}")),
            Outcome::NothingFound => ("nothing", i18n::text("batchNothing", &[])),
            Outcome::Failed(failure) => ("failed", sentences::failure(failure)),
        };
        let part = |tag: &str, text: &str| -> Result<Element, Failure> {
            let element = document().create_element(tag).map_err(refused)?;
            element.set_text_content(Some(text));
            Ok(element)
        };
        let item = part("li", "")?;
        item.set_class_name(kind);
        item.append_with_node_2(&*part("span", name)?, &*part("small", &words)?).map_err(refused)?;
        // What needs attention comes first.
        if kind == "kept" {
            self.list.append_with_node_1(&item).map_err(refused)?;
        } else {
            self.list.prepend_with_node_1(&item).map_err(refused)?;
        }
        let Tally { kept, nothing_found, failed } = tally;
        let numbers = [kept, nothing_found, failed].map(|number| number.to_string());
        let sum = i18n::text("batchSum", &[&numbers[0], &numbers[1], &numbers[2]]);
        show_text(&by_id::<HtmlElement>("batch-sum"), &sum);
        Ok(())
    }

    /// The counts so far.
    pub(super) fn tally(&self) -> Tally {
        self.tally.get()
    }
}
