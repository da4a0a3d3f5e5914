//! The extension's own keys in a list of keys. They work in every page, and the user may have changed them in the browser.

use super::dom::by_id;
use crate::browser::commands;
use web_sys::HtmlElement;

/// The commands, each with the id of the element for its keys. Its row is hidden in the page.
const COMMANDS: [(&str, &str); 2] = [("pick", "keys-pick"), ("_execute_action", "keys-popup")];

/// Shows the row of each command that has keys.
pub(crate) async fn show() {
    for (command, id) in COMMANDS {
        // A browser that does not say has none to tell of.
        if let Ok(Some(keys)) = commands::keys_of(command).await {
            by_id::<HtmlElement>(id).set_text_content(Some(&keys));
            by_id::<HtmlElement>(&format!("{id}-row")).set_hidden(false);
        }
    }
}
