//! Climbing the ladder: asks the page, the network and the user for the pixels, in the ladder's order.

use super::app::App;
use super::bitmaps::{bitmap, cropped, rasterised};
use super::consenting::Permission;
use super::page::Page;
use crate::browser::{i18n, object, refused, tabs, words};
use crate::overlay::affine::Affine;
use crate::overlay::capture::crop;
use crate::overlay::disclosure::Source;
use crate::overlay::ladder::{Ladder, Site, Step};
use crate::overlay::phase::Question;
use crate::overlay::placement::svg_size;
use crate::overlay::scene::Part;
use crate::protocol::Failure;
use crate::protocol::page::{Fetch, Picture, ReadDirect};
use crate::ui::dom::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Request, RequestInit, Response};

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
            Step::ReadDirect => page.bytes(ReadDirect).await.map(|(blob, drawn)| (blob, drawn, Source::Page)),
            Step::PageFetch => page.bytes(Fetch).await.map(|(blob, drawn)| (blob, drawn, Source::Page)),
            Step::ExtensionFetch { url, site } => {
                let read = read_foreign(app, &url, &site).await;
                read.map(|blob| (blob, false, Source::Foreign { origin: site.origin }))
            }
            Step::Capture => {
                let question = match last {
                    // What the user has refused is not the site's fault.
                    Failure::PermissionDenied => "askCaptureRefused",
                    Failure::LoginNeeded => "askCaptureLogin",
                    _ => "askCapture",
                };
                if !ask(app, &i18n::text(question, &[]), "askCaptureYes").await {
                    return Ok(None);
                }
                return capture(&page).await.map(Some);
            }
        };
        match got {
            Ok((blob, drawn, source)) => {
                let blob = if is_svg(&blob) {
                    let (width, height) = svg_size(&picture.geometry);
                    rasterised(&blob, width, height).await?
                } else {
                    blob
                };
                return Ok(Some(Obtained { blob, drawn, part: Part::WHOLE, fixed: None, source }));
            }
            // Nothing that another step could change.
            Err(failure @ (Failure::EmptyImage | Failure::NotLoaded | Failure::Undecodable { .. } | Failure::Gone)) => {
                return Err(failure);
            }
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

/// A picture of another site, after the user agreed that it is read for this page.
async fn read_foreign(app: &App, url: &str, site: &Site) -> Result<Blob, Failure> {
    app.dock.lines.progress_over();
    let permission = Permission::ask(app, site, Question::Read, "askSite").await;
    app.dock.lines.progress(&i18n::text("progressOpening", &[]), None);
    let permission = permission.ok_or(Failure::PermissionDenied)?;
    let read = fetch(url, Some(&site.origin)).await;
    permission.give_back().await;
    read
}

/// The picture as the screen shows it, at device resolution.
async fn capture(page: &Page) -> Result<Obtained, Failure> {
    // Whatever fails, the overlay is to be seen again.
    let geometry = page.hide(true).await;
    let captured = tabs::capture().await;
    page.hide(false).await?;
    let geometry = geometry?;
    let url = captured.map_err(|e| Failure::Unreadable { detail: e.to_string() })?;
    let tab = bitmap(&fetch(&url, None).await?).await?;
    let out_of_sight = || Failure::Unreadable { detail: "the picture is out of sight".into() };
    let crop = crop(&geometry, tab.width(), tab.height()).ok_or_else(out_of_sight)?;
    let blob = cropped(&tab, crop.rect).await?;
    Ok(Obtained { blob, drawn: true, part: crop.part, fixed: crop.fixed, source: Source::Capture })
}

/// The picture at an address, asked for without the user's login. What the server of `origin` sends on to another one is refused, because
/// the user agreed to that one only.
async fn fetch(url: &str, origin: Option<&str>) -> Result<Blob, Failure> {
    let unreadable = |detail: String| Failure::Unreadable { detail };
    let failed = |error: JsValue| unreadable(words(&error));
    // The cache may hold what the site showed to the user's login.
    let init: RequestInit = object(&[("credentials", "omit".into()), ("cache", "no-store".into())]).unchecked_into();
    let request = Request::new_with_str_and_init(url, &init).map_err(failed)?;
    let response: Response =
        JsFuture::from(window().fetch_with_request(&request)).await.map_err(failed)?.unchecked_into();
    let kind = response.headers().get("content-type").ok().flatten().unwrap_or_default();
    match response.status() {
        401 | 403 => return Err(Failure::LoginNeeded),
        // Sites send those who are not logged in to a page.
        200..300 if kind.starts_with("text/html") => return Err(Failure::LoginNeeded),
        200..300 => {}
        status => return Err(unreadable(format!("the site answered {status}"))),
    }
    if origin.is_some_and(|origin| Site::of(&response.url()).is_none_or(|site| site.origin != origin)) {
        return Err(unreadable(format!("the site sent us on to {}", response.url())));
    }
    let blob: Blob = JsFuture::from(response.blob().map_err(refused)?).await.map_err(failed)?.unchecked_into();
    if blob.size() == 0.0 || kind.starts_with("text/") {
        return Err(unreadable(format!("the site answered with {kind}")));
    }
    Ok(blob)
}
