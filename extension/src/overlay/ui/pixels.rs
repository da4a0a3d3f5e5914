//! Climbing the ladder: asks the page, the network and the user for the pixels, in the ladder's order.

use super::app::{App, Part, State};
use super::canvas::{bitmap, cropped, rasterised};
use super::dom::window;
use super::opening::svg_size;
use crate::browser::{i18n, permissions, refused, tabs, words};
use crate::overlay::affine::{Affine, bounds};
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
    /// Where it stands, when no part of the picture describes it.
    pub fixed: Option<Affine>,
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
                        last = Failure::PermissionDenied;
                        continue;
                    }
                    fetch(&url).await.map(|blob| (blob, false))
                }
                Step::Capture => {
                    if !self.ask_before_picture(&i18n::text("askCapture", &[]), "askCaptureYes").await {
                        return Ok(None);
                    }
                    return self.capture().await.map(Some);
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
                    return Ok(Some(Obtained { blob, drawn, part: Part::WHOLE, fixed: None, captured: false }));
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
    async fn capture(&self) -> Result<Obtained, Failure> {
        let page = self.page.borrow().clone().ok_or(Failure::EngineLost)?;
        let geometry = page.hide(true).await?;
        let captured = tabs::capture().await;
        page.hide(false).await?;
        let url = captured.map_err(|e| Failure::Unreadable { detail: e.to_string() })?;
        let tab = bitmap(&fetch(&url).await?).await?;
        let scale = f64::from(tab.width()) / geometry.viewport.width;
        let natural = geometry.natural;
        let map = placement(&geometry, natural.width, natural.height);
        let picture = bounds(&map.corners(natural.width, natural.height));
        // What the element shows of the picture, and the viewport of the element.
        let room = geometry.content_box;
        let (offset, size) = (geometry.content_origin, geometry.border_box);
        let [a, b, c, d] = geometry.linear;
        let box_map = Affine::translation(offset.x - size.width / 2.0, offset.y - size.height / 2.0).then(&Affine {
            a,
            b,
            c,
            d,
            e: geometry.center.x,
            f: geometry.center.y,
        });
        let element = bounds(&box_map.corners(room.width, room.height));
        let left = picture.0.max(element.0).max(0.0);
        let top = picture.1.max(element.1).max(0.0);
        let right = picture.2.min(element.2).min(geometry.viewport.width);
        let bottom = picture.3.min(element.3).min(geometry.viewport.height);
        let [x0, y0] = [left, top].map(|v| (v * scale).round());
        let x1 = (right * scale).round().min(f64::from(tab.width()));
        let y1 = (bottom * scale).round().min(f64::from(tab.height()));
        if x1 - x0 < 1.0 || y1 - y0 < 1.0 {
            return Err(Failure::Unreadable { detail: "the picture is out of sight".into() });
        }
        let rect = Rect { x: x0 as u32, y: y0 as u32, width: (x1 - x0) as u32, height: (y1 - y0) as u32 };
        let blob = cropped(&tab, rect).await?;
        let (width, height) = (picture.2 - picture.0, picture.3 - picture.1);
        let part = Part {
            x: (x0 / scale - picture.0) / width,
            y: (y0 / scale - picture.1) / height,
            width: (x1 - x0) / scale / width,
            height: (y1 - y0) / scale / height,
        };
        // Rounding to device pixels is no cropping.
        let part = if part.width > 0.995 && part.height > 0.995 { Part::WHOLE } else { part };
        let upright = b.abs() < 1e-6 && c.abs() < 1e-6 && a > 0.0 && d > 0.0;
        let fixed = (!upright).then(|| Affine {
            a: 1.0 / scale,
            d: 1.0 / scale,
            e: x0 / scale,
            f: y0 / scale,
            ..Affine::IDENTITY
        });
        Ok(Obtained { blob, drawn: true, part, fixed, captured: true })
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
