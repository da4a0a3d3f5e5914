//! The line after an update: what is new, once, until the user has seen enough of it.

use crate::browser::{i18n, storage};
use crate::protocol::Failure;
use crate::releases::RELEASES;
use crate::ui::dom::{by_id, has_focus};
use crate::ui::listen::on;
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlElement, MouseEvent};

/// Shows the line, if an update has left something to tell.
///
/// # Errors
/// When the browser does not say.
pub(super) async fn show() -> Result<(), Failure> {
    let Some(version) = storage::local::<String>(storage::NEWS).await? else { return Ok(()) };
    // What an older version has left may be unknown to this one.
    let Some(release) = RELEASES.iter().find(|release| release.version == version) else { return Ok(()) };
    let put = |id: &str, text: &str| by_id::<HtmlElement>(id).set_text_content(Some(text));
    put("news-title", &i18n::text("changesUpdated", &[release.version]));
    put("news-words", &i18n::text(release.words, &[]));
    by_id::<HtmlElement>("news").set_hidden(false);
    on(&by_id::<HtmlElement>("news-close"), "click", |_: &MouseEvent| spawn_local(close()));
    Ok(())
}

async fn close() {
    if has_focus(&by_id::<HtmlElement>("news-close")) {
        // What is hidden loses the focus.
        let _ = by_id::<HtmlElement>("pick").focus();
    }
    by_id::<HtmlElement>("news").set_hidden(true);
    if let Err(failure) = storage::remove_local(storage::NEWS).await {
        web_sys::console::warn_1(&failure.to_string().into());
    }
}
