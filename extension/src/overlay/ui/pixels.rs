//! Climbing the ladder: asks the page, the network and the user for the pixels, in the ladder's order.

use super::app::App;
use super::bitmaps::{bitmap, cropped, rasterised};
use super::page::Page;
use crate::browser::{i18n, permissions, refused, tabs, words};
use crate::overlay::affine::Affine;
use crate::overlay::capture::crop;
use crate::overlay::disclosure::Source;
use crate::overlay::ladder::{Ladder, Step};
use crate::overlay::phase::Question;
use crate::overlay::placement::svg_size;
use crate::overlay::scene::Part;
use crate::protocol::Failure;
use crate::protocol::page::{Fetch, Picture, ReadDirect};
use crate::ui::dom::window;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Response};

/// What the ladder gave.
pub(super) struct Obtained {
    pub blob: Blob,
    /// Drawn pixels instead of the site's own file.
    pub drawn: bool,
    /// The part of the displayed picture that the blob shows.
    pub part: Part,
    /// Where it stands, when no part of the picture describes it.
    pub fixed: Option<Affine>,
    pub source: Source,
}

/// The pixels of `picture`; none when the user declines the last step.
pub(super) async fn obtain(app: &App, picture: &Picture) -> Result<Option<Obtained>, Failure> {
    let page = app.page.borrow().clone().ok_or(Failure::Gone)?;
    let top_frame = window().parent().ok().flatten() == window().top().ok().flatten();
    let can_capture = app.stage.scene.borrow().host.can_capture(top_frame);
    let mut last = Failure::Unreadable { detail: "no way to read it".into() };
    for step in Ladder::new(picture, can_capture) {
        let got = match step {
            Step::ReadDirect => page.bytes(ReadDirect).await,
            Step::PageFetch => page.bytes(Fetch).await,
            Step::ExtensionFetch { url, origin } => match permissions::contains(&origin).await {
                Ok(true) => fetch(&url).await.map(|blob| (blob, false)),
                _ => continue,
            },
            Step::AskOrigin { url, origin, host } => {
                if permissions::contains(&origin).await == Ok(true) {
                    continue;
                }
                let text = i18n::text("askSite", &[&host]);
                if !ask(app, &text, "askAllow").await || permissions::request(&origin).await != Ok(true) {
                    last = Failure::PermissionDenied;
                    continue;
                }
                fetch(&url).await.map(|blob| (blob, false))
            }
            Step::Capture => {
                // What the user has refused is not the site's fault.
                let refused = matches!(last, Failure::PermissionDenied);
                let question = if refused { "askCaptureRefused" } else { "askCapture" };
                if !ask(app, &i18n::text(question, &[]), "askCaptureYes").await {
                    return Ok(None);
                }
                return capture(&page).await.map(Some);
            }
        };
        match got {
            Ok((blob, drawn)) => {
                let blob = if is_svg(&blob) {
                    let (width, height) = svg_size(&picture.geometry);
                    rasterised(&blob, width, height).await?
                } else {
                    blob
                };
                return Ok(Some(Obtained { blob, drawn, part: Part::WHOLE, fixed: None, source: Source::Page }));
            }
            // Nothing that another step could change.
            Err(failure @ (Failure::EmptyImage | Failure::Gone)) => return Err(failure),
            Err(failure) => last = failure,
        }
    }
    Err(last)
}

/// Whether the browser draws a file as SVG. It goes by the type alone; whatever else the file holds is decoded by what it begins with.
fn is_svg(file: &Blob) -> bool {
    file.type_().split(';').next() == Some("image/svg+xml")
}

async fn ask(app: &App, text: &str, yes: &str) -> bool {
    app.dock.lines.progress_over();
    let agreed = app.ask(Question::Read, text, &i18n::text(yes, &[]), &i18n::text("askNotNow", &[])).await;
    app.dock.lines.progress(&i18n::text("progressOpening", &[]), None);
    agreed
}

/// The picture as the screen shows it, at device resolution.
async fn capture(page: &Page) -> Result<Obtained, Failure> {
    let geometry = page.hide(true).await?;
    let captured = tabs::capture().await;
    page.hide(false).await?;
    let url = captured.map_err(|e| Failure::Unreadable { detail: e.to_string() })?;
    let tab = bitmap(&fetch(&url).await?).await?;
    let out_of_sight = || Failure::Unreadable { detail: "the picture is out of sight".into() };
    let crop = crop(&geometry, tab.width(), tab.height()).ok_or_else(out_of_sight)?;
    let blob = cropped(&tab, crop.rect).await?;
    Ok(Obtained { blob, drawn: true, part: crop.part, fixed: crop.fixed, source: Source::Capture })
}

async fn fetch(url: &str) -> Result<Blob, Failure> {
    let unreadable = |detail: String| Failure::Unreadable { detail };
    let response = JsFuture::from(window().fetch_with_str(url)).await.map_err(|e| unreadable(words(&e)))?;
    let response: Response = response.unchecked_into();
    if !response.ok() {
        return Err(unreadable(format!("the site answered {}", response.status())));
    }
    let blob: Blob =
        JsFuture::from(response.blob().map_err(refused)?).await.map_err(|e| unreadable(words(&e)))?.unchecked_into();
    if blob.size() == 0.0 || blob.type_().starts_with("text/") {
        return Err(unreadable(format!("the site answered with {}", blob.type_())));
    }
    Ok(blob)
}
