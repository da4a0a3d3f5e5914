//! One picture of the editor: its file, and what is kept of its edit.

use super::drawing::Drawing;
use super::engine;
use super::guest::Guest;
use super::names::as_address;
use super::shelf::PictureId;
use crate::browser::bitmap::{Bitmap, in_time};
use crate::browser::{bytes, field, object, words};
use crate::picture_size;
use crate::protocol::engine::{Convert, Encoded};
use crate::protocol::page::{Picture as Described, PictureKind, Preserve};
use crate::protocol::{Failure, Geometry, Point, Size};
use crate::ui::dom::window;
use futures::channel::oneshot;
use futures::lock::Mutex;
use std::cell::{Cell, RefCell};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, HtmlImageElement, ImageBitmapOptions, Url};

/// Bytes that tell a TIFF.
const HEAD: usize = 4;

/// A file that becomes a picture.
#[derive(Clone)]
pub(super) struct Given {
    pub file: Blob,
    pub name: String,
    /// When it was changed last, in milliseconds since 1970; none where it comes from no file.
    pub last_modified: Option<f64>,
}

/// See the module.
pub(super) struct Picture {
    pub id: PictureId,
    pub given: Given,
    /// What its overlay gave to be kept, with the blobs of the results.
    pub kept: RefCell<Option<(Preserve, Vec<Blob>)>>,
    /// The page that it came from, if it did.
    pub guest: Option<Guest>,
    /// Names its draft; none where it is not kept.
    pub draft: Option<String>,
    /// How often its edit has changed, and how often when its draft was written last.
    changes: Cell<u32>,
    written: Cell<Option<u32>>,
    closed: Cell<bool>,
    /// What its overlay opens, where that is not the file itself.
    converted: Mutex<Option<Blob>>,
    /// What it is as a drawing, once that is known.
    drawing: Cell<Option<Drawing>>,
    /// Width in pixels that the user has chosen for a drawing.
    width: Cell<Option<u32>>,
    /// Who waits for the result as a file.
    delivery: Cell<Option<oneshot::Sender<Blob>>>,
}

impl Picture {
    /// A picture whose draft is called `draft`, with what is `kept` of an edit from before, and the page that it is a `guest` of.
    pub(super) fn new(
        id: PictureId,
        given: Given,
        draft: Option<String>,
        kept: Option<(Preserve, Vec<Blob>)>,
        guest: Option<Guest>,
    ) -> Self {
        Self {
            id,
            given,
            kept: RefCell::new(kept),
            guest,
            draft,
            changes: Cell::default(),
            written: Cell::default(),
            closed: Cell::default(),
            converted: Mutex::default(),
            drawing: Cell::default(),
            width: Cell::default(),
            delivery: Cell::default(),
        }
    }

    /// Its overlay gave this to be kept.
    pub(super) fn preserve(&self, edit: Preserve, results: Vec<Blob>) {
        *self.kept.borrow_mut() = Some((edit, results));
        self.changes.set(self.changes.get() + 1);
    }

    /// How often its edit has changed.
    pub(super) fn changes(&self) -> u32 {
        self.changes.get()
    }

    /// Its draft was written after this many changes; or there is none.
    pub(super) fn set_written(&self, changes: Option<u32>) {
        self.written.set(changes);
    }

    /// Whether the page's end would lose some of its edit.
    pub(super) fn is_at_risk(&self) -> bool {
        let unsaved = self.kept.borrow().as_ref().is_some_and(|(kept, _)| kept.unsaved);
        unsaved && self.written.get() != Some(self.changes.get())
    }

    /// The user closed it.
    pub(super) fn close(&self) {
        self.closed.set(true);
    }

    /// Whether the user closed it.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Whether something of it was erased.
    pub(super) fn is_edited(&self) -> bool {
        self.kept.borrow().as_ref().is_some_and(|(kept, _)| kept.fills > 0)
    }

    /// Whether something in it was hidden, and all of it was saved, copied or used. What lies beneath is not kept then.
    pub(super) fn is_hidden_for_good(&self) -> bool {
        self.kept.borrow().as_ref().is_some_and(|(kept, _)| kept.hidden && !kept.unsaved)
    }

    /// Whether something was painted or erased in it, also if it was undone.
    pub(super) fn is_begun(&self) -> bool {
        self.kept.borrow().as_ref().is_some_and(|(kept, _)| kept.begun || kept.fills > 0)
    }

    /// The width in pixels that the user has chosen for a drawing; none where it is the usual one.
    pub(super) fn width(&self) -> Option<u32> {
        self.width.get()
    }

    /// A drawing gets this width.
    pub(super) fn set_width(&self, width: Option<u32>) {
        self.width.set(width);
    }

    /// Its edit goes.
    pub(super) fn begin_anew(&self) {
        *self.kept.borrow_mut() = None;
        self.changes.set(self.changes.get() + 1);
    }

    /// Whether it has no pixels of its own.
    pub(super) fn is_drawing(&self) -> bool {
        self.given.file.type_().starts_with("image/svg")
    }

    /// The result as a file, once its overlay has given it. Nothing comes if that fails, and the overlay says why.
    pub(super) fn delivered(&self) -> oneshot::Receiver<Blob> {
        let (sender, receiver) = oneshot::channel();
        self.delivery.set(Some(sender));
        receiver
    }

    /// Whether somebody waits for the result.
    pub(super) fn is_wanted(&self) -> bool {
        let waits = self.delivery.take();
        let is_wanted = waits.as_ref().is_some_and(|waits| !waits.is_canceled());
        self.delivery.set(waits);
        is_wanted
    }

    /// Its overlay has written the result.
    pub(super) fn deliver(&self, file: Blob) {
        if let Some(waits) = self.delivery.take() {
            // Whoever waited may have gone.
            let _ = waits.send(file);
        }
    }

    /// As a page would describe it to its overlay: an image that may be read, in the middle of the window.
    pub(super) async fn described(&self) -> Described {
        if let Some(guest) = &self.guest {
            return guest.described.clone();
        }
        let dpr = window().device_pixel_ratio();
        let drawing = self.drawing().await;
        let (width, height) = drawing.map_or((1, 1), |drawing| {
            let width = self.width().unwrap_or_else(|| drawing.usual());
            (width, drawing.height(width))
        });
        // The same number of pixels on every screen: an edit fits only the pixels that it was made of.
        let in_css = |side: u32| f64::from(side) / dpr.max(1.0);
        let size = Size { width: in_css(width), height: in_css(height) };
        Described {
            kind: PictureKind::Image,
            url: Some(as_address(&self.given.name)),
            page_origin: "null".into(),
            same_origin: true,
            alt: self.given.name.clone(),
            edited: false,
            original_url: None,
            geometry: Geometry {
                viewport: size,
                dpr,
                center: Point { x: size.width / 2.0, y: size.height / 2.0 },
                linear: [1.0, 0.0, 0.0, 1.0],
                border_box: size,
                content_origin: Point::default(),
                content_box: size,
                natural: size,
                fit: "fill".into(),
                position: "50% 50%".into(),
            },
            shown: None,
            as_stored: false,
        }
    }

    /// What its overlay opens: the file, or a PNG of it where it is a TIFF, which browsers do not open.
    pub(super) async fn source(&self) -> Blob {
        let file = &self.given.file;
        let head = bytes::read_head(file, HEAD).await.unwrap_or_default();
        if !picture_size::is_tiff(&head) {
            return file.clone();
        }
        let mut converted = self.converted.lock().await;
        if converted.is_none() {
            match engine::ask(Convert, [file.clone()]).await {
                Ok((Encoded {}, [png])) => *converted = Some(png),
                // The overlay says of the file itself that it cannot be opened.
                Err(failure) => web_sys::console::warn_1(&failure.to_string().into()),
            }
        }
        converted.clone().unwrap_or_else(|| file.clone())
    }

    /// What it is as a drawing; none for what has pixels of its own, or cannot be drawn.
    pub(super) async fn drawing(&self) -> Option<Drawing> {
        if self.drawing.get().is_none() {
            let image = self.image().await?;
            let size = Size { width: image.natural_width().into(), height: image.natural_height().into() };
            self.drawing.set(Drawing::new(size));
        }
        self.drawing.get()
    }

    /// The drawing, loaded; none for what has pixels of its own, or cannot be drawn.
    pub(super) async fn image(&self) -> Option<HtmlImageElement> {
        let file = &self.given.file;
        if !self.is_drawing() || file.size() > picture_size::LONGEST_DRAWING {
            return None;
        }
        // Some would keep the browser busy for good.
        picture_size::check_drawing(&bytes::read(file).await.ok()?).ok()?;
        let image = HtmlImageElement::new().ok()?;
        let url = Url::create_object_url_with_blob(file).ok()?;
        image.set_src(&url);
        let decoding = JsFuture::from(image.decode());
        let loaded =
            in_time(async { decoding.await.map_err(|error| Failure::Undecodable { detail: words(&error) }) }).await;
        let _ = Url::revoke_object_url(&url);
        loaded.ok().map(|_| image)
    }

    /// The picture at a height of `height` pixels.
    pub(super) async fn small(&self, height: u32) -> Result<Bitmap, Failure> {
        let options = object(&[("resizeHeight", height.into()), ("resizeQuality", "medium".into())]);
        Bitmap::decode(&self.source().await, options.unchecked_ref::<ImageBitmapOptions>()).await
    }
}

/// A file of the user's, as [`Given`].
pub(super) fn given(file: Blob) -> Given {
    let name = field(&file, "name").as_string().unwrap_or_default();
    let last_modified = field(&file, "lastModified").as_f64();
    Given { file, name, last_modified }
}
