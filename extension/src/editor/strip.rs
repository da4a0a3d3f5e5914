//! The row of thumbnails, one for each picture. It shows when there are several.

use super::frame::Frame;
use super::picture::Picture;
use super::shelf::PictureId;
use crate::browser::{i18n, refused};
use crate::protocol::Failure;
use crate::ui::dom::{attribute, by_id, document};
use crate::ui::listen::on;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlElement, MouseEvent};

/// Height of a thumbnail in pixels: twice that on the screen, for dense ones.
const HEIGHT: u32 = 96;
/// Width of a thumbnail in pixels, for each of its height, at most.
const LONGEST: f64 = 2.0;

/// The entry of one picture.
struct Entry {
    item: HtmlElement,
    button: HtmlElement,
    thumbnail: HtmlCanvasElement,
}

/// See the module.
pub(super) struct Strip {
    list: HtmlElement,
    entries: RefCell<HashMap<PictureId, Entry>>,
}

impl Strip {
    pub(super) fn find() -> Self {
        Self { list: by_id("strip"), entries: RefCell::default() }
    }

    /// Adds a picture at the end. `choose` is called when the user chooses it.
    ///
    /// # Errors
    /// When the browser refuses.
    pub(super) fn add(&self, picture: &Picture, choose: impl Fn() + 'static) -> Result<(), Failure> {
        let make = |name: &str| document().create_element(name).map_err(refused);
        let item: HtmlElement = make("li")?.unchecked_into();
        let button: HtmlElement = make("button")?.unchecked_into();
        let thumbnail: HtmlCanvasElement = make("canvas")?.unchecked_into();
        thumbnail.set_width(HEIGHT);
        thumbnail.set_height(HEIGHT);
        attribute(&button, "type", "button");
        attribute(&button, "title", &picture.given.name);
        on(&button, "click", move |_: &MouseEvent| choose());
        button.append_child(&thumbnail).map_err(refused)?;
        item.append_child(&button).map_err(refused)?;
        self.list.append_child(&item).map_err(refused)?;
        self.entries.borrow_mut().insert(picture.id, Entry { item, button, thumbnail });
        self.name(picture);
        self.count();
        Ok(())
    }

    /// Takes a picture away.
    pub(super) fn remove(&self, id: PictureId) {
        if let Some(entry) = self.entries.borrow_mut().remove(&id) {
            entry.item.remove();
        }
        self.count();
    }

    /// With one picture there is nothing to choose from.
    pub(super) fn shows(&self) -> bool {
        self.entries.borrow().len() > 1
    }

    fn count(&self) {
        self.list.set_hidden(!self.shows());
    }

    /// Shows which picture is chosen.
    pub(super) fn mark(&self, chosen: Option<PictureId>) {
        for (id, entry) in &*self.entries.borrow() {
            attribute(&entry.button, "aria-current", if Some(*id) == chosen { "true" } else { "false" });
            if Some(*id) == chosen {
                let here = web_sys::ScrollIntoViewOptions::new();
                here.set_block(web_sys::ScrollLogicalPosition::Nearest);
                here.set_inline(web_sys::ScrollLogicalPosition::Nearest);
                entry.button.scroll_into_view_with_scroll_into_view_options(&here);
            }
        }
    }

    /// Names a picture, and says whether it is edited.
    pub(super) fn name(&self, picture: &Picture) {
        if let Some(entry) = self.entries.borrow().get(&picture.id) {
            let name = &picture.given.name;
            let edited = picture.is_edited();
            let label = if edited { i18n::text("editorEdited", &[name]) } else { name.clone() };
            attribute(&entry.button, "aria-label", &label);
            entry.button.set_class_name(if edited { "edited" } else { "" });
        }
    }

    /// Draws the thumbnail of a picture from its file. What the browser does not decode has none.
    pub(super) async fn draw_file(self: &Rc<Self>, picture: &Picture) {
        if let Some(image) = picture.image().await {
            let (width, height) = (f64::from(image.natural_width()), f64::from(image.natural_height()));
            return self.draw(picture.id, width / height.max(1.0), |context, width, height| {
                let _ = context.draw_image_with_html_image_element_and_dw_and_dh(&image, 0.0, 0.0, width, height);
            });
        }
        let Ok(small) = picture.small(HEIGHT).await else { return };
        let (width, height) = (f64::from(small.width()), f64::from(small.height()));
        self.draw(picture.id, width / height, |context, width, height| {
            let _ = context.draw_image_with_image_bitmap_and_dw_and_dh(&small, 0.0, 0.0, width, height);
        });
    }

    /// Draws the thumbnail of a picture from what its overlay shows. False where that is nothing.
    pub(super) fn draw_frame(&self, picture: &Picture, frame: &Frame) -> bool {
        let Some(shown) = frame.part("picture").map(|shown| shown.unchecked_into::<HtmlCanvasElement>()) else {
            return false;
        };
        let (width, height) = (f64::from(shown.width()), f64::from(shown.height()));
        let has_pixels = width > 0.0 && height > 0.0;
        if has_pixels {
            self.draw(picture.id, width / height, |context, width, height| {
                let _ = context.draw_image_with_html_canvas_element_and_dw_and_dh(&shown, 0.0, 0.0, width, height);
            });
        }
        has_pixels
    }

    /// Draws a thumbnail of this width for each of its height.
    fn draw(&self, id: PictureId, ratio: f64, draw: impl FnOnce(&CanvasRenderingContext2d, f64, f64)) {
        let entries = self.entries.borrow();
        let Some(thumbnail) = entries.get(&id).map(|entry| &entry.thumbnail) else { return };
        let ratio = ratio.clamp(1.0 / LONGEST, LONGEST);
        thumbnail.set_width((f64::from(HEIGHT) * ratio).round() as u32);
        let context = thumbnail.get_context("2d").ok().flatten();
        if let Some(context) = context {
            draw(context.unchecked_ref(), f64::from(thumbnail.width()), f64::from(HEIGHT));
        }
    }
}
