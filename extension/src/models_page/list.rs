//! The list of models, one card for each. Cards are changed in place, so that the focus stays where it is.

use super::row::Row;
use crate::browser::refused;
use crate::protocol::Failure;
use crate::protocol::models::{Model, Status};
use crate::ui::dom::by_id;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlTemplateElement};

/// See the module.
pub(super) struct List {
    element: HtmlElement,
    template: HtmlTemplateElement,
    rows: RefCell<Vec<Rc<Row>>>,
    /// How many cards were ever made: their numbers make ids unique in the document.
    made: Cell<u32>,
}

impl List {
    /// Finds the list `#models`, which is empty, and the template of cards, `#model-template`.
    pub(super) fn find() -> Self {
        Self {
            element: by_id("models"),
            template: by_id("model-template"),
            rows: RefCell::default(),
            made: Cell::new(0),
        }
    }

    /// The element that holds the cards.
    pub(super) fn element(&self) -> &HtmlElement {
        &self.element
    }

    /// The card of a model.
    pub(super) fn row(&self, id: &str) -> Option<Rc<Row>> {
        self.rows.borrow().iter().find(|row| row.model().id == id).cloned()
    }

    /// Id of the first model.
    pub(super) fn first(&self) -> Option<String> {
        self.rows.borrow().first().map(|row| row.model().id)
    }

    /// The installed models: those that can erase and be measured.
    pub(super) fn usable(&self) -> Vec<Model> {
        let rows = self.rows.borrow();
        let usable = rows.iter().filter(|row| !row.shared()).map(|row| row.model());
        usable.filter(|model| model.status == Status::Installed).collect()
    }

    /// All models of which at least a part is on this machine.
    pub(super) fn here(&self) -> Vec<Model> {
        let rows = self.rows.borrow();
        rows.iter().map(|row| row.model()).filter(|model| model.status != Status::Available).collect()
    }

    /// Shows these models, in this order. `preferred` is the chosen one.
    pub(super) fn show(&self, models: &[Model], preferred: Option<&str>) -> Result<(), Failure> {
        let rows = models.iter().map(|model| match self.row(&model.id) {
            Some(row) => Ok(row),
            None => self.make(model).map(Rc::new),
        });
        let rows: Vec<Rc<Row>> = rows.collect::<Result<_, _>>()?;
        for gone in self.rows.borrow().iter().filter(|old| !rows.iter().any(|row| Rc::ptr_eq(row, old))) {
            if gone.remove() {
                let _ = self.element.focus();
            }
        }
        let mut there = self.element.first_element_child();
        for (row, model) in rows.iter().zip(models) {
            match there {
                // Moving an element takes its focus away, so a card that is in its place already is not moved.
                Some(card) if card == *AsRef::<Element>::as_ref(row.element()) => there = card.next_element_sibling(),
                _ => _ = self.element.insert_before(row.element(), there.as_deref()).map_err(refused)?,
            }
            row.show(model, preferred == Some(model.id.as_str()));
        }
        *self.rows.borrow_mut() = rows;
        Ok(())
    }

    fn make(&self, model: &Model) -> Result<Row, Failure> {
        let broken = || Failure::Internal { detail: "the card's template is empty".into() };
        let card = self.template.content().first_element_child().ok_or_else(broken)?;
        let element: HtmlElement = card.clone_node_with_deep(true).map_err(refused)?.unchecked_into();
        self.made.set(self.made.get() + 1);
        Ok(Row::new(element, model, &format!("model-{}", self.made.get())))
    }
}
