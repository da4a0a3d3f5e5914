//! The fill while it forms, in the shape of the mask.

use super::app::App;
use super::canvas::{bitmap, scratch};
use super::dom::{attribute, root};
use crate::browser::refused;
use crate::protocol::{Failure, Rect};
use wasm_bindgen::Clamped;
use web_sys::{Blob, HtmlCanvasElement, ImageBitmap, ImageData};

/// What is masked in the job that runs.
pub(super) struct Shape {
    rect: Rect,
    /// Opaque where the mask is.
    stencil: HtmlCanvasElement,
}

impl Shape {
    /// `coverage` is that of `rect`, one byte a pixel.
    pub(super) fn new(rect: Rect, coverage: &[u8]) -> Result<Self, Failure> {
        let rgba: Vec<u8> = coverage.iter().flat_map(|alpha| [0, 0, 0, *alpha]).collect();
        let data = ImageData::new_with_u8_clamped_array(Clamped(&rgba), rect.width).map_err(refused)?;
        let (stencil, context) = scratch(rect.width, rect.height)?;
        context.put_image_data(&data, 0.0, 0.0).map_err(refused)?;
        Ok(Self { rect, stencil })
    }

    /// The part of a square picture (its corner and side in the whole one's pixels) that is masked.
    fn cut(&self, picture: &ImageBitmap, x: f64, y: f64, side: f64) -> Result<HtmlCanvasElement, Failure> {
        let (canvas, context) = scratch(self.rect.width, self.rect.height)?;
        let (x, y) = (x - f64::from(self.rect.x), y - f64::from(self.rect.y));
        context.draw_image_with_image_bitmap_and_dw_and_dh(picture, x, y, side, side).map_err(refused)?;
        context.set_global_composite_operation("destination-in").map_err(refused)?;
        context.draw_image_with_html_canvas_element(&self.stencil, 0.0, 0.0).map_err(refused)?;
        Ok(canvas)
    }
}

impl App {
    /// From here on previews of a fill of this shape may come.
    pub(super) fn expect_previews(&self, rect: Rect, coverage: &[u8]) {
        // A preview that cannot be shown is not worth failing for.
        *self.shape.borrow_mut() = Shape::new(rect, coverage).ok();
    }

    /// Shows what the fill is becoming.
    pub(super) async fn show_preview(&self, blob: &Blob, x: f64, y: f64, side: f64) -> Result<(), Failure> {
        let job = self.job.get();
        let picture = bitmap(blob).await?;
        if job.is_none() || self.job.get() != job || self.comparing.get() {
            return Ok(());
        }
        if let (Some(shape), Some(shown)) = (&*self.shape.borrow(), &*self.shown.borrow()) {
            shown.lay_canvas(&shape.cut(&picture, x, y, side)?, shape.rect)?;
            attribute(&root(), "data-preview", "");
        }
        Ok(())
    }

    /// No more previews; what shows is drawn anew by whoever knows what it is.
    pub(super) fn end_previews(&self) {
        self.shape.borrow_mut().take();
        // Absent is what is wanted.
        let _ = root().remove_attribute("data-preview");
    }
}
