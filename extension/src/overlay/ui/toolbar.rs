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
/// CSS pixels that the slider and the list of methods need; they grow where there is more. As in the style sheet.
const SLIDER: f64 = 72.0;
const LIST: f64 = 100.0;

/// The tool that is chosen.
const CHOSEN: &str = "[role=radio][aria-checked=true]";

/// See the module.
pub(super) struct Toolbar {
    element: HtmlElement,
    menu: Menu,
    surplus: HtmlElement,
    items: Vec<Part>,
    rows: Vec<HtmlElement>,
    /// Width of the window at the last arrangement, and what the tools in the rows took after it, CSS pixels.
    arranged: Cell<(f64, f64)>,
}

/// Something in the rows that goes into the menu as one, or never goes.
struct Part {
    element: HtmlElement,
    /// Where it stands: in a row, or in a group there.
    within: Element,
    /// What comes after it there.
    next: Option<Element>,
    row: usize,
}

/// The parts of a row. The tools of a group go one by one.
fn parts(row: &HtmlElement, number: usize) -> Vec<Part> {
    let mut parts = vec![];
    each(row, ":scope > :not(:has(> [data-rank])), :scope > :has(> [data-rank]) > *", |element| {
        let within = element.parent_element().unwrap_or_else(|| row.clone().into());
        let next = element.next_element_sibling();
        parts.push(Part { element: element.clone().unchecked_into(), within, next, row: number });
    });
    parts
}

impl Toolbar {
    pub(super) fn find() -> Self {
        let element: HtmlElement = by_id("toolbar");
        let (mut rows, mut items) = (vec![], vec![]);
        each(&element, ".row", |row| rows.push(row.clone().unchecked_into::<HtmlElement>()));
        for (number, row) in rows.iter().enumerate() {
            items.extend(parts(row, number));
        }
        let menu = Menu { list: by_id("more-menu"), button: by_id("more") };
        menu.listen();
        Self { element, menu, surplus: by_id("more-surplus"), items, rows, arranged: Cell::default() }
    }

    /// Closes the menu. False where it is not open.
    pub(super) fn close_menu(&self) -> bool {
        self.menu.close()
    }

    /// Arranges the tools anew if the window or one of them became wider or narrower, as with another word on it, if they have no room any more, or if
    /// the one that is chosen is in the menu.
    pub(super) fn fit(&self) {
        let width = viewport().width;
        let crowded = self.element.scroll_width() > self.element.client_width()
            || self.rows.iter().any(|row| row.scroll_width() > row.client_width());
        let hides_chosen = self.surplus.query_selector(CHOSEN).is_ok_and(|found| found.is_some());
        // Without a picture there is no toolbar yet.
        if self.element.client_width() > 0 && (crowded || hides_chosen || self.arranged.get() != (width, self.taken()))
        {
            self.arrange(width);
            self.arranged.set((width, self.taken()));
        }
    }

    /// What the tools in the rows need, CSS pixels.
    fn taken(&self) -> f64 {
        let is_in_row = |part: &&Part| part.element.parent_element().as_ref() == Some(&part.within);
        self.items.iter().filter(is_in_row).map(|part| needed(&part.element).round()).sum()
    }

    fn arrange(&self, width: f64) {
        let focus = document().active_element();
        for Part { element, within, next, .. } in self.items.iter().rev() {
            // It was there before, so that it can be there again.
            let _ = within.insert_before(element, next.as_ref().map(AsRef::as_ref));
        }
        let items: Vec<Item> = self.items.iter().map(measured).collect();
        let one_row = width >= ONE_ROW;
        let room = width - SURROUNDINGS - if one_row { LINE } else { 0.0 };
        let gone = surplus(&items, one_row, room, GAP);
        for (part, _) in self.items.iter().zip(gone).filter(|(_, gone)| *gone) {
            let _ = self.surplus.append_child(&part.element);
        }
        // What is moved loses the focus.
        if let Some(focus) = focus.filter(|focus| self.element.contains(Some(focus))) {
            let _ = focus.unchecked_into::<HtmlElement>().focus();
        }
    }
}

/// CSS pixels that something in a row needs; 0 where it does not show at present.
fn needed(element: &Element) -> f64 {
    let width = element.get_bounding_client_rect().width();
    let classes = element.class_list();
    if classes.contains("size") {
        SLIDER
    } else if classes.contains("engine") {
        width.min(LIST)
    } else {
        width
    }
}

fn measured(Part { element, row, .. }: &Part) -> Item {
    let is_chosen = element.matches(CHOSEN).unwrap_or(false);
    let rank = element.get_attribute("data-rank").filter(|_| !is_chosen).and_then(|rank| rank.parse().ok());
    Item { width: needed(element), rank: rank.unwrap_or(0), row: *row }
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
