//! The toolbar: which tools stand in its rows, and which are in the menu because they have no room there.

use super::painter::viewport;
use crate::overlay::rows::{Item, ONE_ROW, surplus};
use crate::ui::dom::{attribute, by_id, document, each};
use crate::ui::listen::on;
use std::cell::Cell;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, EventTarget, HtmlElement, MouseEvent};

/// CSS pixels between two items, and what dock, window and the line between the two parts of one row need; as in the style sheet.
const GAP: f64 = 2.0;
const SURROUNDINGS: f64 = 30.0;
const LINE: f64 = 5.0;
/// CSS pixels that the slider needs; it grows where there is more.
const SLIDER: f64 = 72.0;

/// See the module.
pub(super) struct Toolbar {
    element: HtmlElement,
    menu: Menu,
    surplus: HtmlElement,
    /// Everything in the rows, with the element that comes after it and its row.
    items: Vec<(HtmlElement, Option<Element>, usize)>,
    rows: Vec<HtmlElement>,
    /// Width of the window at the last arrangement, CSS pixels.
    arranged: Cell<f64>,
}

impl Toolbar {
    pub(super) fn find() -> Self {
        let element: HtmlElement = by_id("toolbar");
        let (mut rows, mut items) = (vec![], vec![]);
        each(&element, ".row", |row| rows.push(row.clone().unchecked_into::<HtmlElement>()));
        for (number, row) in rows.iter().enumerate() {
            each(row, ":scope > *", |item| {
                items.push((item.clone().unchecked_into(), item.next_element_sibling(), number));
            });
        }
        let menu = Menu { list: by_id("more-menu"), button: by_id("more") };
        menu.listen();
        Self { element, menu, surplus: by_id("more-surplus"), items, rows, arranged: Cell::default() }
    }

    /// Closes the menu. False where it is not open.
    pub(super) fn close_menu(&self) -> bool {
        self.menu.close()
    }

    /// Arranges the tools anew if the window became wider or narrower, or they have no room any more.
    pub(super) fn fit(&self) {
        let width = viewport().width;
        let crowded = self.element.scroll_width() > self.element.client_width()
            || self.rows.iter().any(|row| row.scroll_width() > row.client_width());
        // Without a picture there is no toolbar yet.
        if self.element.client_width() > 0 && (crowded || self.arranged.get() != width) {
            self.arranged.set(width);
            self.arrange(width);
        }
    }

    fn arrange(&self, width: f64) {
        let focus = document().active_element();
        for (item, next, row) in self.items.iter().rev() {
            // It was there before, so that it can be there again.
            let _ = self.rows[*row].insert_before(item, next.as_ref().map(AsRef::as_ref));
        }
        let items: Vec<Item> = self.items.iter().map(|(item, _, row)| Item { row: *row, ..measured(item) }).collect();
        let one_row = width >= ONE_ROW;
        let room = width - SURROUNDINGS - if one_row { LINE } else { 0.0 };
        let gone = surplus(&items, one_row, room, GAP);
        for ((item, ..), _) in self.items.iter().zip(gone).filter(|(_, gone)| *gone) {
            let _ = self.surplus.append_child(item);
        }
        // What is moved loses the focus.
        if let Some(focus) = focus.filter(|focus| self.element.contains(Some(focus))) {
            let _ = focus.unchecked_into::<HtmlElement>().focus();
        }
    }
}

fn measured(item: &HtmlElement) -> Item {
    let rank = item.get_attribute("data-rank").and_then(|rank| rank.parse().ok()).unwrap_or(0);
    let width = if item.class_list().contains("size") { SLIDER } else { item.get_bounding_client_rect().width() };
    Item { width, rank, row: 0 }
}

/// The menu, and the button that opens it.
#[derive(Clone)]
struct Menu {
    list: HtmlElement,
    button: HtmlElement,
}

impl Menu {
    fn show(&self, open: bool) {
        self.list.set_hidden(!open);
        attribute(&self.button, "aria-expanded", if open { "true" } else { "false" });
    }

    fn close(&self) -> bool {
        let open = !self.list.hidden();
        if open {
            let inside = self.list.contains(document().active_element().as_ref().map(AsRef::as_ref));
            self.show(false);
            if inside {
                let _ = self.button.focus();
            }
        }
        open
    }

    fn listen(&self) {
        let menu = self.clone();
        on(&self.button, "click", move |_: &MouseEvent| menu.show(menu.list.hidden()));
        // What does something at once closes the menu; what sets something does not.
        let menu = self.clone();
        on(&self.list, "click", move |event: &MouseEvent| {
            let button = element(event.target()).and_then(|pressed| pressed.closest("button").ok().flatten());
            let stays = |button: &Element| button.matches("#auto, #compare, #zoom *, #undo, #redo").unwrap_or(true);
            if button.is_some_and(|button| !stays(&button)) {
                menu.close();
            }
        });
        // A press elsewhere in the dock closes it, and so does the focus that goes there. The stage sees to itself.
        for name in ["pointerdown", "focusin"] {
            let menu = self.clone();
            on(&by_id::<HtmlElement>("dock"), name, move |event: &Event| {
                let at = element(event.target());
                let own = |part: &HtmlElement| part.contains(at.as_ref().map(AsRef::as_ref));
                if !own(&menu.list) && !own(&menu.button) && !menu.list.hidden() {
                    menu.show(false);
                }
            });
        }
    }
}

fn element(target: Option<EventTarget>) -> Option<Element> {
    target.and_then(|target| target.dyn_into().ok())
}
