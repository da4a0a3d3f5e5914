//! What is painted, drawn over the picture in CSS pixels: a tint that shows coverage (and so the soft
//! edge and the growth), and a marching outline that shows on everything.

use crate::overlay::affine::{Affine, bounds};
use crate::overlay::mask::Mask;
use crate::protocol::Point;
use wasm_bindgen::Clamped;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

/// Opacity of the tint where coverage is full.
const TINT: f64 = 0.45;
/// Length of the outline's dashes, CSS pixels.
const DASH: i64 = 4;

/// See the module.
pub(super) struct MaskLayer {
    context: CanvasRenderingContext2d,
    /// Red, green, blue of the tint.
    pub accent: [u8; 3],
    buffer: Vec<u8>,
}

impl MaskLayer {
    pub(super) fn new(context: CanvasRenderingContext2d, accent: [u8; 3]) -> Self {
        Self { context, accent, buffer: vec![] }
    }

    /// Draws everything. `map` takes image pixels to CSS pixels; `phase` moves the dashes.
    pub(super) fn draw(&mut self, canvas: &HtmlCanvasElement, mask: &Mask, map: &Affine, phase: i64) {
        let (width, height) = (canvas.width(), canvas.height());
        self.context.clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
        let (Some(extent), Some(back)) = (mask.extent(), map.inverse()) else { return };
        let corners = map.corners(f64::from(mask.width()), f64::from(mask.height()));
        let painted = Affine::translation(f64::from(extent.x), f64::from(extent.y))
            .then(map)
            .corners(f64::from(extent.width), f64::from(extent.height));
        let (left, top, right, bottom) = bounds(&painted);
        let (all_left, all_top, all_right, all_bottom) = bounds(&corners);
        // One pixel around for the outline, cut to the picture and the screen. Casts saturate.
        let x0 = (left.max(all_left) - 1.0).max(0.0) as i64;
        let y0 = (top.max(all_top) - 1.0).max(0.0) as i64;
        let x1 = ((right.min(all_right) + 2.0).max(0.0) as i64).min(i64::from(width));
        let y1 = ((bottom.min(all_bottom) + 2.0).max(0.0) as i64).min(i64::from(height));
        if x1 <= x0 || y1 <= y0 {
            return;
        }
        let columns = (x1 - x0) as usize;
        self.buffer.clear();
        self.buffer.resize(columns * (y1 - y0) as usize * 4, 0);
        let sample = |x: i64, y: i64| {
            let at = back.apply(Point { x: x as f64 + 0.5, y: y as f64 + 0.5 });
            mask.at(at.x.floor() as i64, at.y.floor() as i64)
        };
        let mut above: Vec<u8> = (x0..x1).map(|x| sample(x, y0 - 1)).collect();
        for y in y0..y1 {
            let mut left = sample(x0 - 1, y);
            // Along a row the map moves by the same step: no multiplication in the innermost loop.
            let mut at = back.apply(Point { x: x0 as f64 + 0.5, y: y as f64 + 0.5 });
            for x in x0..x1 {
                let column = (x - x0) as usize;
                let here = mask.at(at.x.floor() as i64, at.y.floor() as i64);
                at.x += back.a;
                at.y += back.b;
                let inside = here >= 128;
                let outline = inside != (left >= 128) || inside != (above[column] >= 128);
                let to = ((y - y0) as usize * columns + column) * 4;
                if outline {
                    let light = (x + y + phase).div_euclid(DASH) % 2 == 0;
                    let shade = if light { 255 } else { 0 };
                    self.buffer[to..to + 4].copy_from_slice(&[shade, shade, shade, 255]);
                } else if here > 0 {
                    let [r, g, b] = self.accent;
                    self.buffer[to..to + 4].copy_from_slice(&[r, g, b, (f64::from(here) * TINT) as u8]);
                }
                left = here;
                above[column] = here;
            }
        }
        let data = ImageData::new_with_u8_clamped_array(Clamped(&self.buffer), columns as u32);
        if let Ok(data) = data {
            // The buffer has the size that was asked for.
            let _ = self.context.put_image_data(&data, x0 as f64, y0 as f64);
        }
    }

    /// Draws an outline that is still being dragged, CSS pixels.
    pub(super) fn outline(&self, points: &[Point], closed: bool) {
        let trace = || {
            self.context.begin_path();
            for (i, p) in points.iter().enumerate() {
                if i == 0 { self.context.move_to(p.x, p.y) } else { self.context.line_to(p.x, p.y) }
            }
            if closed {
                self.context.close_path();
            }
            self.context.stroke();
        };
        for (colour, width) in [("#000", 3.0), ("#fff", 1.5)] {
            self.context.set_stroke_style_str(colour);
            self.context.set_line_width(width);
            trace();
        }
    }
}
