//! The popup of the toolbar: the ways in that begin at a tab, and those that begin at nothing.
//!
//! Only one action can be one click away. Of what the user can want of the page that shows, the context menu has it where a picture is
//! clicked, and the keyboard command where one cannot be; both stay as they are. The popup is for whoever does not know these, and for what
//! has no place in a page: it costs one more click than picking at once did, and in return nothing that Rubout does is out of sight.
//!
//! Below them are the upload fields of the page that shows, and a switch for its site. Opening the popup is the user's wish to look at the page:
//! the browser grants it for that, and for that page. After an update, one line tells what is new.

#[cfg(target_arch = "wasm32")]
mod fields;
#[cfg(target_arch = "wasm32")]
mod news;

use crate::browser::{commands, tabs, waiting};
use crate::protocol::Failure;
use crate::protocol::background::PickIn;
use crate::protocol::errand::Errand;
use crate::ui::dom::{by_id, each, has_focus, root, show_text, window};
use crate::ui::listen::on;
use crate::ui::offer_switch::show_offer_switch;
use crate::ui::sentences;
use crate::ui::translation::translate_page;
use crate::wire::ask_background;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlElement, KeyboardEvent, MouseEvent, Url};

/// The buttons that are always there, from above.
const BUTTONS: [&str; 5] = ["pick", "editor", "paste", "capture", "whole"];

/// Starts the popup.
pub fn start() {
    translate_page();
    for id in BUTTONS {
        on(&by_id::<HtmlElement>(id), "click", move |_: &MouseEvent| {
            spawn_local(async move { conclude(act(id).await) });
        });
    }
    on(&window(), "keydown", |event: &KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowDown" => 1,
            "ArrowUp" => -1,
            _ => return,
        };
        event.prevent_default();
        move_focus(by);
    });
    move_focus(0);
    spawn_local(async {
        if let Ok(Some(keys)) = commands::keys_of("pick").await {
            show_text(&by_id::<HtmlElement>("pick-key"), &keys);
        }
    });
    spawn_local(async {
        if let Err(failure) = news::show().await {
            web_sys::console::warn_1(&failure.to_string().into());
        }
    });
    spawn_local(async {
        if let Err(failure) = show_page().await {
            // A page that no extension may enter: the buttons say so when they are pressed.
            web_sys::console::warn_1(&failure.to_string().into());
        }
    });
}

/// Shows what there is in the page: its upload fields, and the switch of its site.
async fn show_page() -> Result<(), Failure> {
    let tab_id = tabs::shown().await?;
    let Some(address) = tabs::address(tab_id).await? else { return Ok(()) };
    show_offer_switch(&address, tab_id).await;
    let host = Url::new(&address).map(|url| url.host()).unwrap_or_default();
    fields::show(tab_id, &host, move |errand| {
        spawn_local(async move { conclude(tabs::open_editor(&errand, tab_id, true).await) });
    })
    .await
}

/// The popup ends with what was begun, or says why that was not.
fn conclude(result: Result<(), Failure>) {
    match result {
        Ok(()) => _ = window().close(),
        Err(failure) => show_text(&by_id::<HtmlElement>("alert"), &sentences::failure(&failure)),
    }
}

/// Moves the focus to the control that is `by` places further, round and round.
fn move_focus(by: isize) {
    let mut controls: Vec<HtmlElement> = vec![];
    each(&root(), "button, input", |control| {
        let control: &HtmlElement = control.unchecked_ref();
        // What does not show has no box.
        if control.offset_parent().is_some() {
            controls.push(control.clone());
        }
    });
    let focused = controls.iter().position(|control| has_focus(control));
    let count = controls.len() as isize;
    let next = focused.map_or(0, |place| (place as isize + by).rem_euclid(count.max(1)));
    if let Some(next) = controls.get(next as usize) {
        let _ = next.focus();
    }
}

async fn act(id: &str) -> Result<(), Failure> {
    let tab_id = tabs::shown().await?;
    match id {
        "pick" => ask_background(PickIn { tab_id }).await,
        "paste" => tabs::open_editor(&Errand::Paste, tab_id, true).await,
        "whole" => capture(Errand::CaptureWhole { tab_id }, tab_id).await,
        "capture" => capture(Errand::Capture { tab_id }, tab_id).await,
        _ => tabs::open_editor(&Errand::Open, tab_id, true).await,
    }
}

/// Captures for the upload field that an editor is open for, else for a new editor.
async fn capture(errand: Errand, tab_id: i32) -> Result<(), Failure> {
    let private = tabs::is_incognito(tab_id).await?;
    if waiting::give(&errand, private).await {
        return Ok(());
    }
    tabs::open_editor(&errand, tab_id, false).await
}
