//! The list of keys of the editor itself. Where a picture shows and has the keyboard, its overlay lists these and its own.

use crate::ui::dom::{by_id, window};
use crate::ui::listen::on;
use crate::ui::own_keys;
use crate::ui::sheet::Sheet;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlElement, KeyboardEvent, MouseEvent};

/// Listens to the button and to the key that open the list.
pub(super) fn start() {
    let sheet = Rc::new(Sheet::find("help"));
    let opened = Rc::clone(&sheet);
    on(&by_id::<HtmlElement>("help"), "click", move |_: &MouseEvent| opened.show());
    on(&window(), "keydown", move |event: &KeyboardEvent| {
        if event.key() == "?" {
            event.prevent_default();
            sheet.show();
        }
    });
    spawn_local(own_keys::show());
}
