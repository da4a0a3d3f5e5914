//! What is painted, drawn over the picture in CSS pixels: a tint that shows coverage (and so the soft
//! edge and the growth), and a marching outline that shows on everything.
//!
//! The canvas is no larger than what is on it, because the browser copies all of it with every step of the outline.

use super::bitmaps::context;
use crate::masks::mask::Mask;
use crate::masks::outline::bounds;
use crate::overlay::affine::Affine;
use crate::protocol::{Failure, Point};
use crate::ui::dom::{by_id, style};
use wasm_bindgen::Clamped;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

/// Opacity of the tint where coverage is full.
const TINT: f64 = 0.45;
/// Length of the outline's dashes, CSS pixels.
const DASH: i64 = 4;
/// CSS pixels around an outline that is being dragged, for the width of its line.
const LINE: f64 = 3.0;
/// The canvas begins and ends at multiples of this, CSS pixels: a new size is a new canvas, and a stroke would ask for one with each of its points.
const TILE: i64 = 128;

/// Some pixels of the window: left, top, right, bottom, CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Area {
    x0: i64,
    y0: i64,
    x1: i64,
    y1: i64,
}

impl Area {
    /// What lies around points and in the window, whose right and bottom are given; none where nothing does. Casts saturate.
    fn around((left, top, right, bottom): (f64, f64, f64, f64), (width, height): (i64, i64)) -> Option<Self> {
        let (x0, y0) = (left.max(0.0) as i64, top.max(0.0) as i64);
        let (x1, y1) = ((right.max(0.0).ceil() as i64).min(width), (bottom.max(0.0).ceil() as i64).min(height));
        (x1 > x0 && y1 > y0).then_some(Self { x0, y0, x1, y1 })
    }

    fn union(self, other: Self) -> Self {
        Self {
            x0: self.x0.min(other.x0),
            y0: self.y0.min(other.y0),
            x1: self.x1.max(other.x1),
            y1: self.y1.max(other.y1),
        }
    }

    /// The tiles that it touches.
    fn tiles(self) -> Self {
        let up = |value: i64| (value + TILE - 1).div_euclid(TILE) * TILE;
        let down = |value: i64| value.div_euclid(TILE) * TILE;
        Self { x0: down(self.x0), y0: down(self.y0), x1: up(self.x1), y1: up(self.y1) }
    }
}

/// See the module.
pub(super) struct MaskLayer {
    canvas: HtmlCanvasElement,
    context: CanvasRenderingContext2d,
    /// Red, green, blue of the tint.
    pub accent: [u8; 3],
    buffer: Vec<u8>,
    /// Where the canvas lies.
    place: Option<Area>,
}

impl MaskLayer {
    pub(super) fn find(accent: [u8; 3]) -> Result<Self, Failure> {
        let canvas: HtmlCanvasElement = by_id("mask");
        Ok(Self { context: context(&canvas)?, canvas, accent, buffer: vec![], place: None })
    }

    /// Draws everything: the mask, and an outline that is still being dragged, CSS pixels, with whether it is closed. `map` takes image pixels to
    /// CSS pixels; what shows of the picture lies between `corners`; `phase` moves the dashes; `window` is the size of the window.
    pub(super) fn draw(
        &mut self,
        mask: &Mask,
        map: &Affine,
        corners: &[Point; 4],
        phase: i64,
        outline: Option<(&[Point], bool)>,
        window: (i64, i64),
    ) {
        let painted = painted_area(mask, map, corners, window);
        let dragged = outline.and_then(|(points, _)| {
            let (left, top, right, bottom) = bounds(points);
            Area::around((left - LINE, top - LINE, right + LINE, bottom + LINE), window)
        });
        let all = [painted, dragged].into_iter().flatten().reduce(Area::union);
        let Some((left, top)) = self.put(all) else { return };
        // Only a matrix that is none could be refused.
        let _ = self.context.reset_transform();
        self.context.clear_rect(0.0, 0.0, f64::from(self.canvas.width()), f64::from(self.canvas.height()));
        if let Some(area) = painted {
            self.tint(mask, map, phase, area, (left, top));
        }
        if let Some((points, closed)) = outline {
            let _ = self.context.translate(-left as f64, -top as f64);
            self.outline(points, closed);
        }
    }

    /// Has the canvas lie where something is to be drawn, and gives its left and top. None where nothing is.
    fn put(&mut self, area: Option<Area>) -> Option<(i64, i64)> {
        let place = area.map(Area::tiles);
        if self.place != place {
            let Area { x0, y0, x1, y1 } = place.unwrap_or(Area { x0: 0, y0: 0, x1: 0, y1: 0 });
            self.canvas.set_width((x1 - x0) as u32);
            self.canvas.set_height((y1 - y0) as u32);
            style(&self.canvas, "transform", &format!("translate({x0}px, {y0}px)"));
            self.place = place;
        }
        place.map(|place| (place.x0, place.y0))
    }

    /// Draws the mask where it is painted; the canvas begins at `(left, top)`.
    fn tint(&mut self, mask: &Mask, map: &Affine, phase: i64, area: Area, (left, top): (i64, i64)) {
        let Some(back) = map.inverse() else { return };
        let Area { x0, y0, x1, y1 } = area;
        let columns = (x1 - x0) as usize;
        self.buffer.clear();
        self.buffer.resize(columns * (y1 - y0) as usize * 4, 0);
        let sample = |x: i64, y: i64| {
            let at = back.apply(Point { x: x as f64 + 0.5, y: y as f64 + 0.5 });
            mask.at(at.x.floor() as i64, at.y.floor() as i64)
        };
        let mut above: Vec<u8> = (x0..x1).map(|x| sample(x, y0 - 1)).collect();
        for y in y0..y1 {
            let mut before = sample(x0 - 1, y);
            // Along a row the map moves by the same step: no multiplication in the innermost loop.
            let mut at = back.apply(Point { x: x0 as f64 + 0.5, y: y as f64 + 0.5 });
            for x in x0..x1 {
                let column = (x - x0) as usize;
                let here = mask.at(at.x.floor() as i64, at.y.floor() as i64);
                at.x += back.a;
                at.y += back.b;
                let inside = here >= 128;
                let outline = inside != (before >= 128) || inside != (above[column] >= 128);
                let to = ((y - y0) as usize * columns + column) * 4;
                if outline {
                    let light = (x + y + phase).div_euclid(DASH) % 2 == 0;
                    let shade = if light { 255 } else { 0 };
                    self.buffer[to..to + 4].copy_from_slice(&[shade, shade, shade, 255]);
                } else if here > 0 {
                    let [r, g, b] = self.accent;
                    self.buffer[to..to + 4].copy_from_slice(&[r, g, b, (f64::from(here) * TINT) as u8]);
                }
                before = here;
                above[column] = here;
            }
        }
        let data = ImageData::new_with_u8_clamped_array(Clamped(&self.buffer), columns as u32);
        if let Ok(data) = data {
            // The buffer has the size that was asked for.
            let _ = self.context.put_image_data(&data, (x0 - left) as f64, (y0 - top) as f64);
        }
    }

    /// Draws an outline that is still being dragged.
    fn outline(&self, points: &[Point], closed: bool) {
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

/// Where the mask shows, with one pixel around it for its outline, cut to what shows of the picture.
fn painted_area(mask: &Mask, map: &Affine, corners: &[Point; 4], window: (i64, i64)) -> Option<Area> {
    let extent = mask.extent()?;
    let painted = Affine::translation(f64::from(extent.x), f64::from(extent.y))
        .then(map)
        .corners(f64::from(extent.width), f64::from(extent.height));
    let ((left, top, right, bottom), all) = (bounds(&painted), bounds(corners));
    Area::around((left.max(all.0) - 1.0, top.max(all.1) - 1.0, right.min(all.2) + 1.0, bottom.min(all.3) + 1.0), window)
}
