//! Climbing the ladder: asks the page, the network and the user for the pixels, in the ladder's order.

use super::app::{App, Part, State, viewport};
use super::canvas::{bitmap, cropped, rasterised};
use super::dom::window;
use super::opening::svg_size;
use crate::browser::{i18n, permissions, refused, tabs, words};
use crate::overlay::affine::bounds;
use crate::overlay::ladder::{Ladder, Step};
use crate::overlay::placement::placement;
use crate::protocol::page::{Picture, ToPage};
use crate::protocol::{Failure, Rect};
use std::rc::Rc;
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
    /// A crop of a capture of the tab.
    pub captured: bool,
}

impl App {
    /// The pixels of `picture`; none when the user declines the last step.
    pub(super) async fn obtain(self: &Rc<Self>, picture: &Picture) -> Result<Option<Obtained>, Failure> {
        let page = self.page.borrow().clone().ok_or(Failure::EngineLost)?;
        let top_frame = window().parent().ok().flatten() == window().top().ok().flatten();
        let mut last = Failure::Unreadable { detail: "no way to read it".into() };
        for step in Ladder::new(picture, !self.in_tab && top_frame) {
            let got = match step {
                Step::ReadDirect => page.bytes(&ToPage::ReadDirect).await,
                Step::PageFetch => page.bytes(&ToPage::Fetch).await,
                Step::ExtensionFetch { url, origin } => match permissions::contains(&origin).await {
                    Ok(true) => fetch(&url).await.map(|blob| (blob, false)),
                    _ => continue,
                },
                Step::AskOrigin { url, origin, host } => {
                    if permissions::contains(&origin).await == Ok(true) {
                        continue;
                    }
                    let text = i18n::text("askSite", &[&host]);
                    if !self.ask_before_picture(&text, "askAllow").await
                        || permissions::request(&origin).await != Ok(true)
                    {
                        continue;
                    }
                    fetch(&url).await.map(|blob| (blob, false))
                }
                Step::Capture => {
                    if !self.ask_before_picture(&i18n::text("askCapture", &[]), "askCaptureYes").await {
                        return Ok(None);
                    }
                    return self.capture(picture).await.map(Some);
                }
            };
            match got {
                Ok((blob, drawn)) => {
                    let blob = if blob.type_().starts_with("image/svg") {
                        let (width, height) = svg_size(&picture.geometry);
                        rasterised(&blob, width, height).await?
                    } else {
                        blob
                    };
                    return Ok(Some(Obtained { blob, drawn, part: Part::WHOLE, captured: false }));
                }
                // Nothing that another step could change.
                Err(failure @ (Failure::EmptyImage | Failure::Gone)) => return Err(failure),
                Err(failure) => last = failure,
            }
        }
        Err(last)
    }

    async fn ask_before_picture(&self, text: &str, yes: &str) -> bool {
        self.progress_over();
        self.set_state(State::Asking);
        let agreed = self.ask(text, &i18n::text(yes, &[]), Some(&i18n::text("askNotNow", &[]))).await;
        self.set_state(State::Opening);
        self.progress(&i18n::text("progressOpening", &[]), None);
        agreed
    }

    /// The picture as the screen shows it, at device resolution.
    async fn capture(&self, picture: &Picture) -> Result<Obtained, Failure> {
        let page = self.page.borrow().clone().ok_or(Failure::EngineLost)?;
        let geometry = page.hide(true).await?;
        let captured = tabs::capture().await;
        page.hide(false).await?;
        let url = captured.map_err(|e| Failure::Unreadable { detail: e.to_string() })?;
        let tab = bitmap(&fetch(&url).await?).await?;
        let natural = geometry.natural;
        let map = placement(&geometry, natural.width, natural.height);
        let (left, top, right, bottom) = bounds(&map.corners(natural.width, natural.height));
        let screen = viewport();
        let scale = f64::from(tab.width()) / screen.width;
        let (x0, y0) = ((left.max(0.0) * scale).round(), (top.max(0.0) * scale).round());
        let x1 = (right.min(screen.width) * scale).round().min(f64::from(tab.width()));
        let y1 = (bottom.min(screen.height) * scale).round().min(f64::from(tab.height()));
        if x1 - x0 < 1.0 || y1 - y0 < 1.0 {
            return Err(Failure::Unreadable { detail: "the picture is out of sight".into() });
        }
        let rect = Rect { x: x0 as u32, y: y0 as u32, width: (x1 - x0) as u32, height: (y1 - y0) as u32 };
        let blob = cropped(&tab, rect).await?;
        let (width, height) = (right - left, bottom - top);
        let part = Part {
            x: (x0 / scale - left) / width,
            y: (y0 / scale - top) / height,
            width: f64::from(rect.width) / scale / width,
            height: f64::from(rect.height) / scale / height,
        };
        // Rounding to device pixels is no cropping.
        let whole = part.width > 0.995 && part.height > 0.995;
        let _ = picture;
        Ok(Obtained { blob, drawn: true, part: if whole { Part::WHOLE } else { part }, captured: true })
    }
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
