//! What is seen of the picture, at the resolution of the screen.
//!
//! The canvas with the whole picture is not shown itself: without a GPU, the browser copies a canvas that it shows each time that anything in the
//! page is drawn, and that would be the whole picture with every step of the outline. This one is as large as the window, and is drawn when it changes.

use super::bitmaps::context;
use super::screen::{Screen, Unseen};
use crate::browser::refused;
use crate::overlay::affine::Affine;
use crate::protocol::{Failure, Rect, Size};
use crate::ui::dom::{by_id, window};
use js_sys::Reflect;
use std::cell::Cell;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// What determines what is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Seen {
    map: Affine,
    /// What shows of the picture, where that is not all of it.
    part: Option<Rect>,
    /// Width and height of the canvas.
    sides: (u32, u32),
    /// Single pixels show as squares.
    squares: bool,
    /// Every pixel of the picture counts, not only the nearest ones. That takes longer after a change, and is not worth it for a picture that
    /// changes with the next frame.
    fine: bool,
}

/// See the module.
pub(super) struct ViewLayer {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    seen: Cell<Option<Seen>>,
}

impl ViewLayer {
    pub(super) fn find() -> Result<Self, Failure> {
        let canvas: HtmlCanvasElement = by_id("view");
        Ok(Self { context: context(&canvas)?, canvas, seen: Cell::default() })
    }

    /// Draws what is seen of the picture, if that has changed. `map` takes pixels of the picture to CSS pixels;
    /// `part` is what shows of it, where that is not all.
    pub(super) fn draw(&self, screen: &Screen, viewport: Size, map: &Affine, squares: bool, part: Option<Rect>) {
        let Some(size) = screen.size() else { return };
        let density = window().device_pixel_ratio();
        let side = |length: f64| (length * density).round() as u32;
        let scale = Affine { a: density, d: density, ..Affine::IDENTITY };
        let seen = Seen {
            map: map.then(&scale),
            part,
            sides: (side(viewport.width), side(viewport.height)),
            squares,
            fine: screen.is_settled(),
        };
        // What is drawn finely already stays so where nothing changes.
        let stays = self.seen.get().is_some_and(|was| seen == Seen { fine: was.fine && seen.fine, ..was });
        let drawn = match screen.take_unseen() {
            Unseen::Nothing if stays => return,
            Unseen::Part(rect) if stays => self.redraw_part(&screen.canvas, size, &seen, rect),
            _ => self.redraw(&screen.canvas, size, &seen),
        };
        // What could not be drawn is tried again with the next frame.
        self.seen.set(drawn.is_ok().then_some(seen));
    }

    /// Shows nothing.
    pub(super) fn clear(&self) {
        if self.seen.take().is_some() {
            self.canvas.set_width(0);
        }
    }

    fn redraw(&self, picture: &HtmlCanvasElement, size: (u32, u32), seen: &Seen) -> Result<(), Failure> {
        if (self.canvas.width(), self.canvas.height()) == seen.sides {
            self.context.reset_transform().map_err(refused)?;
            self.context.clear_rect(0.0, 0.0, f64::from(seen.sides.0), f64::from(seen.sides.1));
        } else {
            self.canvas.set_width(seen.sides.0);
            self.canvas.set_height(seen.sides.1);
        }
        self.project(picture, size, seen)
    }

    /// Draws some pixels of the picture anew.
    fn redraw_part(
        &self,
        picture: &HtmlCanvasElement,
        size: (u32, u32),
        seen: &Seen,
        part: Rect,
    ) -> Result<(), Failure> {
        let [x, y, width, height] = [part.x, part.y, part.width, part.height].map(f64::from);
        // They shine into the pixels of the screen around them, and those of a picture that is shown reduced into more.
        let margin = 2.0 / seen.map.scale().min(1.0) + 4.0;
        self.context.save();
        let Affine { a, b, c, d, e, f } = seen.map;
        self.context.set_transform(a, b, c, d, e, f).map_err(refused)?;
        self.context.begin_path();
        self.context.rect(x - margin, y - margin, width + 2.0 * margin, height + 2.0 * margin);
        self.context.clip();
        self.context.clear_rect(0.0, 0.0, f64::from(size.0), f64::from(size.1));
        let drawn = self.project(picture, size, seen);
        self.context.restore();
        drawn
    }

    /// Draws the picture in its place.
    fn project(&self, picture: &HtmlCanvasElement, size: (u32, u32), seen: &Seen) -> Result<(), Failure> {
        self.context.set_image_smoothing_enabled(!seen.squares);
        let quality = if seen.fine { "medium" } else { "low" };
        // Not in web-sys. Where the browser does not know it, there is one quality.
        let _ = Reflect::set(&self.context, &"imageSmoothingQuality".into(), &quality.into());
        let Affine { a, b, c, d, e, f } = seen.map;
        self.context.set_transform(a, b, c, d, e, f).map_err(refused)?;
        let (width, height) = (f64::from(size.0), f64::from(size.1));
        self.context.save();
        if let Some(part) = seen.part {
            let [x, y, width, height] = [part.x, part.y, part.width, part.height].map(f64::from);
            self.context.begin_path();
            self.context.rect(x, y, width, height);
            self.context.clip();
        }
        let drawn = self.context.draw_image_with_html_canvas_element_and_dw_and_dh(picture, 0.0, 0.0, width, height);
        self.context.restore();
        drawn.map_err(refused)
    }
}
