//! What the page was opened for.

use super::capture::{Captured, whole_page};
use super::guest::Guest;
use super::intake::{from_clipboard, from_url};
use super::target::Target;
use super::upload;
use super::workspace::Workspace;
use crate::browser::{i18n, lent, offers, permissions, storage, tabs, waiting};
use crate::protocol::Failure;
use crate::protocol::background::{FindInFrame, Session, session_key};
use crate::protocol::errand::Errand;
use crate::ui::dom::{by_id, show_text, window};
use crate::ui::listen::on;
use crate::wire::ask_background;
use std::rc::Rc;
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlElement, MouseEvent, Url};

/// The picture to try.
const TRY: &str = "try.jpg";

/// Does it. `before` is the upload field that the page was for which was in this tab before.
pub(super) async fn run(editor: &Rc<Workspace>, errand: Errand, before: Option<Target>) {
    match errand {
        Errand::Open => resume(editor, before).await,
        Errand::Forbidden => explain("editorForbidden"),
        Errand::Unanswered => explain("editorUnanswered"),
        Errand::NoField => explain("uploadNone"),
        Errand::Upload { token } => begin(editor, &token).await,
        Errand::Frame { token } => grant(editor, token).await,
        Errand::Try => attempt(editor).await,
        Errand::Page { token } => match Guest::take(&token).await {
            Ok((guest, luggage)) => editor.put_guest(guest, luggage),
            Err(failure) => {
                web_sys::console::warn_1(&failure.to_string().into());
                explain("editorPageGone");
            }
        },
        Errand::Paste => paste(editor).await,
        Errand::Capture { tab_id } => capture(editor, tab_id).await,
        Errand::CaptureWhole { tab_id } => {
            if !capture_whole(editor, tab_id).await {
                // There is nothing else to show.
                let _ = window().close();
            }
        }
    }
}

/// Says above the ways in why the user is here.
fn explain(key: &str) {
    show_text(&by_id::<HtmlElement>("why"), &i18n::text(key, &[]));
}

/// Says it where the user looks: above the ways in while nothing is open, else above the picture.
fn complain(editor: &Workspace, key: &str) {
    if editor.all().is_empty() { explain(key) } else { editor.refuse(key) }
}

/// The editor has an upload field: until one is opened for another field, what the popup captures comes here.
async fn wait_for_captures(editor: &Rc<Workspace>) {
    show_text(&by_id::<HtmlElement>("invitation"), &i18n::text("uploadEmpty", &[]));
    let taker = Rc::clone(editor);
    let take = move |errand: Errand| {
        let editor = Rc::clone(&taker);
        spawn_local(async move {
            match errand {
                Errand::Capture { tab_id } => capture(&editor, tab_id).await,
                Errand::CaptureWhole { tab_id } => _ = capture_whole(&editor, tab_id).await,
                _ => {}
            }
        });
    };
    if let Err(failure) = waiting::wait(editor.is_private(), take).await {
        // The popup opens an editor of its own then.
        web_sys::console::warn_1(&failure.to_string().into());
    }
}

/// Opens what an upload field holds.
async fn begin(editor: &Rc<Workspace>, token: &str) {
    match upload::begin(editor, token).await {
        Ok(()) => wait_for_captures(editor).await,
        Err(failure) => {
            web_sys::console::warn_1(&failure.to_string().into());
            Target::forget();
            explain("uploadGone");
        }
    }
}

/// Goes on with an upload field, as far as it is still there.
async fn resume(editor: &Rc<Workspace>, before: Option<Target>) {
    let Some(target) = before else { return };
    let lost = match upload::resume(editor, &target).await {
        Ok(true) => return wait_for_captures(editor).await,
        Ok(false) => "uploadChanged",
        Err(failure) => {
            web_sys::console::warn_1(&failure.to_string().into());
            "uploadGone"
        }
    };
    Target::forget();
    complain(editor, lost);
}

/// Asks for the site of a frame, and goes on with the field in it. The permission is for this one time.
async fn grant(editor: &Rc<Workspace>, token: String) {
    let session: Option<Session> = storage::session(&session_key(&token)).await.ok().flatten();
    let origin = session.as_ref().and_then(|session| Url::new(session.origin.as_deref()?).ok());
    let (Some(session), Some(origin)) = (session, origin) else { return explain("uploadGone") };
    let row: HtmlElement = by_id("grant");
    by_id::<HtmlElement>("grant-text").set_text_content(Some(&i18n::text("grantFrame", &[&origin.host()])));
    row.set_hidden(false);
    let editor = Rc::clone(editor);
    let button: HtmlElement = by_id("grant-yes");
    let _ = button.focus();
    on(&button, "click", move |_: &MouseEvent| {
        let (editor, token, row) = (Rc::clone(&editor), token.clone(), row.clone());
        let (pattern, tab_id) = (permissions::site(&origin), session.tab_id);
        spawn_local(async move {
            if offers::request_otherwise(&pattern).await != Ok(true) {
                return;
            }
            lent::note(&pattern).await;
            row.set_hidden(true);
            if ask_background(FindInFrame { token: token.clone() }).await.is_ok() {
                begin(&editor, &token).await;
                return lent::give_back(&pattern).await;
            }
            // Which one was clicked is known in the page only, as long as it shows.
            explain("grantAgain");
            let _ = tabs::show(tab_id).await;
        });
    });
}

/// Opens a picture of ours, to try what can be done with one.
async fn attempt(editor: &Rc<Workspace>) {
    match from_url(TRY, &i18n::text("welcomeTryPicture", &[])).await {
        Ok(given) => editor.add(vec![given]),
        Err(failure) => editor.fail(&failure),
    }
}

/// Pastes a picture. Where the browser or the user declines, the key still works.
pub(super) async fn paste(editor: &Rc<Workspace>) {
    match from_clipboard().await {
        Ok(Some(given)) => editor.add(vec![given]),
        Ok(None) => editor.refuse("editorNothing"),
        Err(_) => editor.refuse("editorPasteKey"),
    }
}

/// Takes all of the page in a tab, and comes to the front then. False where the user has stopped that, so that there is nothing to show.
async fn capture_whole(editor: &Rc<Workspace>, tab_id: i32) -> bool {
    let captured = whole_page(tab_id, |percent| show_progress(editor, Some(percent))).await;
    show_progress(editor, None);
    if let Err(Failure::Cancelled) = captured {
        return false;
    }
    if let Err(failure) = tabs::show_own().await {
        editor.fail(&failure);
    }
    let Captured { given, share, inner, wide, grown, ended } = match captured {
        Ok(captured) => captured,
        Err(failure) => {
            web_sys::console::warn_1(&failure.to_string().into());
            let silent = matches!(failure, Failure::Unanswered { .. });
            complain(editor, if silent { "editorUnanswered" } else { "editorNoCapture" });
            return true;
        }
    };
    editor.add(vec![given]);
    if let Some(failure) = ended {
        web_sys::console::warn_1(&failure.to_string().into());
        editor.refuse("captureEnded");
        return true;
    }
    let missing = [(inner, "captureInner"), (wide, "captureWide"), (grown && share >= 1.0, "captureGrows")];
    let share = (share < 1.0).then(|| i18n::text("captureShare", &[&percentage((share * 100.0).floor())]));
    let missing = missing.into_iter().filter(|(is_so, _)| *is_so).map(|(_, key)| i18n::text(key, &[]));
    let missing: Vec<String> = share.into_iter().chain(missing).collect();
    if !missing.is_empty() {
        editor.tell(&missing.join(" "));
    }
    true
}

fn percentage(percent: f64) -> String {
    i18n::text("zoomPercent", &[&percent.to_string()])
}

/// Shows how far a capture is, also in the tab's title: the page that is captured has to stay in front. None: it is over.
fn show_progress(editor: &Workspace, percent: Option<usize>) {
    let sentence = percent.map(|percent| i18n::text("captureRunning", &[&percentage(percent as f64)]));
    if editor.all().is_empty() {
        show_text(&by_id::<HtmlElement>("why"), &sentence.unwrap_or_default());
    }
    editor.title(percent.map(|percent| percentage(percent as f64)).as_deref());
}

/// Takes what a tab shows, and comes to the front then.
async fn capture(editor: &Rc<Workspace>, tab_id: i32) {
    let captured = async {
        let (url, title) = tabs::capture_of(tab_id).await?;
        from_url(&url, &title).await
    };
    let captured = captured.await;
    // A page that nobody sees has failed, whatever it says.
    if let Err(failure) = tabs::show_own().await {
        editor.fail(&failure);
    }
    match captured {
        Ok(given) => editor.add(vec![given]),
        Err(Failure::Unreadable { detail }) => {
            web_sys::console::warn_1(&detail.into());
            complain(editor, "editorNoCapture");
        }
        Err(failure) => editor.fail(&failure),
    }
}
