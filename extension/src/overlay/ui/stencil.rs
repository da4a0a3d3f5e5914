//! The shape of the hole that is being filled, to show previews in.

use super::bitmaps::scratch;
use crate::browser::bitmap::Bitmap;
use crate::browser::refused;
use crate::protocol::{Failure, Rect};
use wasm_bindgen::Clamped;
use web_sys::{HtmlCanvasElement, ImageData};

/// See the module.
pub(super) struct Stencil {
    pub rect: Rect,
    /// Opaque where the mask is.
    canvas: HtmlCanvasElement,
}

impl Stencil {
    /// `coverage` is that of `rect`, one byte a pixel.
    pub(super) fn new(rect: Rect, coverage: &[u8]) -> Result<Self, Failure> {
        let rgba: Vec<u8> = coverage.iter().flat_map(|alpha| [0, 0, 0, *alpha]).collect();
        let data = ImageData::new_with_u8_clamped_array(Clamped(&rgba), rect.width).map_err(refused)?;
        let (canvas, context) = scratch(rect.width, rect.height)?;
        context.put_image_data(&data, 0.0, 0.0).map_err(refused)?;
        Ok(Self { rect, canvas })
    }

    /// The masked part of a square preview, whose corner and side are in pixels of the whole picture.
    pub(super) fn cut(&self, preview: &Bitmap, x: f64, y: f64, side: f64) -> Result<HtmlCanvasElement, Failure> {
        let (canvas, context) = scratch(self.rect.width, self.rect.height)?;
        let (x, y) = (x - f64::from(self.rect.x), y - f64::from(self.rect.y));
        context.draw_image_with_image_bitmap_and_dw_and_dh(preview, x, y, side, side).map_err(refused)?;
        context.set_global_composite_operation("destination-in").map_err(refused)?;
        context.draw_image_with_html_canvas_element(&self.canvas, 0.0, 0.0).map_err(refused)?;
        Ok(canvas)
    }
}
