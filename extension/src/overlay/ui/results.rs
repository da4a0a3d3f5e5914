//! The row of results of the newest fill, to choose one of.

use super::screen::{Edit, Pixels, Screen};
use crate::browser::{i18n, refused};
use crate::overlay::document::FillResult;
use crate::protocol::Failure;
use crate::ui::dom::{attribute, by_id, document};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, MouseEvent};

/// See the module.
pub(super) struct Results {
    pub row: HtmlElement,
}

impl Results {
    pub(super) fn find() -> Self {
        Self { row: by_id("variations") }
    }

    /// Shows the results of the newest fill, where there is a choice. `describe` gives a result's name, from that of its number, and how it was
    /// made.
    pub(super) fn show(
        &self,
        edit: &Edit,
        screen: &Screen,
        describe: impl Fn(String, &FillResult<Pixels>) -> [String; 2],
    ) {
        if self.list(edit, screen, describe).is_err() {
            self.row.set_hidden(true);
        }
    }

    fn list(
        &self,
        edit: &Edit,
        screen: &Screen,
        describe: impl Fn(String, &FillResult<Pixels>) -> [String; 2],
    ) -> Result<(), Failure> {
        self.row.set_text_content(None);
        let Some(fill) = edit.last_fill().filter(|fill| fill.results().len() > 1) else {
            self.row.set_hidden(true);
            return Ok(());
        };
        self.row.set_hidden(false);
        for (number, result) in fill.results().iter().enumerate() {
            let button: HtmlElement = document().create_element("button").map_err(refused)?.unchecked_into();
            let [label, tip] = describe(i18n::text("variation", &[&(number + 1).to_string()]), result);
            for (name, value) in [
                ("type", "button"),
                ("role", "radio"),
                ("data-variation", &number.to_string()),
                ("data-key", &(number + 1).to_string()),
                ("data-tip", &tip),
                ("aria-label", &label),
            ] {
                attribute(&button, name, value);
            }
            if let Some(thumbnail) = screen.thumbnail(edit, result)? {
                button.append_child(&thumbnail).map_err(refused)?;
            }
            self.row.append_child(&button).map_err(refused)?;
        }
        self.mark(fill.number());
        Ok(())
    }

    /// Shows which result is chosen.
    pub(super) fn mark(&self, chosen: usize) {
        let Ok(buttons) = self.row.query_selector_all("[data-variation]") else { return };
        for number in 0..buttons.length() {
            let Some(button) = buttons.get(number).and_then(|button| button.dyn_into::<HtmlElement>().ok()) else {
                continue;
            };
            let is_chosen = number as usize == chosen;
            attribute(&button, "aria-checked", if is_chosen { "true" } else { "false" });
            button.set_tab_index(if is_chosen { 0 } else { -1 });
        }
    }

    /// Puts the keyboard's focus on a result.
    pub(super) fn focus(&self, number: usize) {
        let selector = format!("[data-variation='{number}']");
        if let Some(button) = self.row.query_selector(&selector).ok().flatten() {
            let _ = button.unchecked_into::<HtmlElement>().focus();
        }
    }
}

/// The number of the result that was clicked.
pub(super) fn clicked(event: &MouseEvent) -> Option<usize> {
    let pressed = event.target()?.dyn_into::<Element>().ok()?;
    pressed.closest("[data-variation]").ok()??.get_attribute("data-variation")?.parse().ok()
}
