//! Climbing the ladder: asks the page, the network and the user for the pixels, in the ladder's order.

use super::app::App;
use super::bitmaps::{bitmap, cropped, rasterised, thumb};
use super::consenting::Permission;
use super::page::Page;
use crate::browser::bytes::{self, BlobWriter};
use crate::browser::{i18n, object, refused, tabs, words};
use crate::overlay::affine::Affine;
use crate::overlay::capture::crop;
use crate::overlay::disclosure::{Source, is_in_corners, shown_part};
use crate::overlay::ladder::{Ladder, Site, Step};
use crate::overlay::phase::Question;
use crate::overlay::placement::svg_size;
use crate::overlay::scene::Part;
use crate::overlay::{as_stored, likeness};
use crate::picture_size::{SIGNATURE, is_known};
use crate::protocol::page::{Fetch, Picture, ReadDirect, ReadShown};
use crate::protocol::{Failure, Size};
use crate::ui::dom::window;
use std::io::Write;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Request, RequestInit, Response};

/// What the browser asks servers of images for.
const ACCEPT: &str = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";

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
    /// The file's own turn was taken out of it, because the page does not make it.
    pub turned: bool,
}

impl Obtained {
    /// Whether it is a file that the page could read by itself, as it came.
    pub(super) fn is_pages_file(&self) -> bool {
        !self.drawn && !self.turned && self.source == Source::Page
    }
}

/// The pixels of `picture`; none when the user declines the last step.
pub(super) async fn obtain(app: &App, picture: &Picture) -> Result<Option<Obtained>, Failure> {
    let page = app.page.borrow().clone().ok_or(Failure::Gone)?;
    let top_frame = window().parent().ok().flatten() == window().top().ok().flatten();
    let can_capture = app.stage.scene.borrow().host.can_capture(top_frame);
    let mut last = Failure::Unreadable { detail: "no way to read it".into() };
    for step in Ladder::new(picture, can_capture) {
        let got = match step {
            Step::ReadDirect => read_direct(&page).await.map(|(blob, drawn)| (blob, drawn, Source::Page)),
            Step::PageFetch => page_fetch(&page).await.map(|blob| (blob, false, Source::Page)),
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
                let is_foreign = source != Source::Page;
                let obtained = as_displayed(picture, blob, drawn, source).await?;
                let is_doubtful = is_foreign && can_capture;
                let chosen = if is_doubtful { as_seen(app, &page, picture, obtained).await } else { obtained };
                return Ok(Some(chosen));
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

/// A picture that was read, as the browser displays it.
async fn as_displayed(picture: &Picture, blob: Blob, drawn: bool, source: Source) -> Result<Obtained, Failure> {
    let obtained = |blob, turned| Obtained { blob, drawn, part: Part::WHOLE, fixed: None, source, turned };
    if is_svg(&blob) {
        return Ok(obtained(drawing(picture, &blob).await?, false));
    }
    if picture.as_stored && !drawn {
        let mut file = bytes::read(&blob).await?;
        if as_stored::unturn(&mut file) {
            let mut written = BlobWriter::default();
            written.write_all(&file).map_err(|e| Failure::Internal { detail: e.to_string() })?;
            return Ok(obtained(written.finish(&blob.type_())?, true));
        }
    }
    Ok(obtained(blob, false))
}

/// The pixels of an SVG, in the size that is shown.
pub(super) async fn drawing(picture: &Picture, svg: &Blob) -> Result<Blob, Failure> {
    let (width, height) = svg_size(&picture.geometry);
    rasterised(svg, width, height).await
}

/// Whether a file is a picture. Servers name types at will, and answer scripts with pages; the first bytes tell.
async fn is_picture(file: &Blob) -> Result<bool, Failure> {
    let head = bytes::read_head(file, (file.size() as usize).min(SIGNATURE)).await?;
    Ok(is_svg(file) || is_known(&head))
}

async fn read_direct(page: &Page) -> Result<(Blob, bool), Failure> {
    let (blob, drawn) = page.bytes(ReadDirect).await?;
    // The element has the pixels that the server did not give again.
    if drawn || is_picture(&blob).await? { Ok((blob, drawn)) } else { page.bytes(ReadShown).await }
}

async fn page_fetch(page: &Page) -> Result<Blob, Failure> {
    let (blob, _) = page.bytes(Fetch).await?;
    if is_picture(&blob).await? { Ok(blob) } else { Err(Failure::Unreadable { detail: "it is no picture".into() }) }
}

/// What was obtained; or the screen's pixels, where the site has given another picture than the one that is shown, and the user prefers that one. The
/// other picture can be edited as well, but the page does not show it and so does not get it.
async fn as_seen(app: &App, page: &Page, picture: &Picture, obtained: Obtained) -> Obtained {
    let Some(seen) = seen_otherwise(page, picture, &obtained).await else { return obtained };
    app.dock.lines.progress_over();
    let [text, yes, no] = ["askShown", "askShownYes", "askShownNo"].map(|key| i18n::text(key, &[]));
    let wanted = app.ask(Question::Read, &text, &yes, &no).await;
    app.dock.lines.progress(&i18n::text("progressOpening", &[]), None);
    if wanted { seen } else { Obtained { source: Source::Unseen, ..obtained } }
}

/// The screen's pixels, where they show another picture than the one that was obtained.
async fn seen_otherwise(page: &Page, picture: &Picture, obtained: &Obtained) -> Option<Obtained> {
    // What stands on the screen is recognisable, as far as is known.
    picture.shown.as_ref()?;
    let file = bitmap(&obtained.blob).await.ok()?;
    let seen = capture(page).await.ok().filter(|seen| seen.fixed.is_none())?;
    let screen = bitmap(&seen.blob).await.ok()?;
    // What is cut off around it shows something else.
    let (width, height) = (f64::from(file.width()), f64::from(file.height()));
    let shown = shown_part(picture, Size { width, height });
    let part = shown.as_ref().and_then(|shown| Part::of(shown.rect, width, height).and(seen.part)).unwrap_or(seen.part);
    let is_in = |column: usize, row: usize| {
        let at =
            |pixel: usize, start: f64, length: f64| start + length * (pixel as f64 + 0.5) / f64::from(likeness::SIDE);
        let (x, y) = (at(column, part.x, part.width) * width, at(row, part.y, part.height) * height);
        shown.as_ref().is_none_or(|shown| is_in_corners(shown, x, y))
    };
    let is_alike = likeness::alike(&thumb(&file, part).ok()?, &thumb(&screen, part.within(seen.part)).ok()?, is_in);
    (!is_alike).then_some(seen)
}

/// Whether the browser draws a file as SVG. It goes by the type alone; whatever else the file holds is decoded by what it begins with.
pub(super) fn is_svg(file: &Blob) -> bool {
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
    Ok(Obtained { blob, drawn: true, part: crop.part, fixed: crop.fixed, source: Source::Capture, turned: false })
}

/// The picture at an address, asked for without the user's login. What the server of `origin` sends on to another one is refused, because
/// the user agreed to that one only.
async fn fetch(url: &str, origin: Option<&str>) -> Result<Blob, Failure> {
    let unreadable = |detail: String| Failure::Unreadable { detail };
    let failed = |error: JsValue| unreadable(words(&error));
    // The cache may hold what the site showed to the user's login.
    let headers = object(&[("accept", ACCEPT.into())]);
    let init: RequestInit =
        object(&[("credentials", "omit".into()), ("cache", "no-store".into()), ("headers", headers)]).unchecked_into();
    let request = Request::new_with_str_and_init(url, &init).map_err(failed)?;
    let response: Response =
        JsFuture::from(window().fetch_with_request(&request)).await.map_err(failed)?.unchecked_into();
    let kind = response.headers().get("content-type").ok().flatten().unwrap_or_default();
    match response.status() {
        401 | 403 => return Err(Failure::LoginNeeded),
        // Sites send those who are not logged in to a page.
        200..300 => {}
        status => return Err(unreadable(format!("the site answered {status}"))),
    }
    if origin.is_some_and(|origin| Site::of(&response.url()).is_none_or(|site| site.origin != origin)) {
        return Err(unreadable(format!("the site sent us on to {}", response.url())));
    }
    let blob: Blob = JsFuture::from(response.blob().map_err(refused)?).await.map_err(failed)?.unchecked_into();
    if origin.is_none() || is_picture(&blob).await? {
        return Ok(blob);
    }
    // Sites send those who are not logged in to a page.
    let is_page = kind.starts_with("text/html");
    Err(if is_page { Failure::LoginNeeded } else { unreadable(format!("the site answered with {kind}")) })
}
