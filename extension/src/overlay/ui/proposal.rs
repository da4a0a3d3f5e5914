//! What could be painted as well, hatched over the picture until the user accepts it or goes on; and the thing that a click would take, outlined there.

use crate::browser::refused;
use crate::protocol::{Failure, Point, Rect};
use crate::ui::dom::{by_id, style};
use std::cell::RefCell;
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlElement, ImageData};

/// How many strokes of the hatching there are at least along the shorter side, and their width in image pixels at most.
const STROKES: u32 = 6;
const WIDEST: u32 = 24;
/// Width of the outline of what is pointed out, CSS pixels.
const LINE: f64 = 2.0;
/// What lies inside that outline is lightened, so that it can still be seen.
const LIGHT: [u8; 4] = [255, 255, 255, 70];

/// Pixels of the picture, and how much of each is covered.
type Region = (Rect, Vec<u8>);

/// See the module.
pub(super) struct Proposal {
    canvas: HtmlCanvasElement,
    button: HtmlElement,
    /// What is offered.
    region: RefCell<Option<Region>>,
    /// What is pointed out, where nothing is offered.
    pointed_out: RefCell<Option<Region>>,
}

impl Proposal {
    pub(super) fn find() -> Self {
        let (region, pointed_out) = Default::default();
        Self { canvas: by_id("proposal"), button: by_id("accept"), region, pointed_out }
    }

    pub(super) fn is_there(&self) -> bool {
        self.region.borrow().is_some()
    }

    /// Offers it.
    pub(super) fn show(&self, rect: Rect, coverage: Vec<u8>) -> Result<(), Failure> {
        let stripe = (rect.width.min(rect.height) / STROKES).clamp(1, WIDEST);
        self.draw(rect, &coverage, |x, y| match (x + y) / stripe % 2 {
            0 => [255, 255, 255, 190],
            _ => [0, 0, 0, 130],
        })?;
        *self.region.borrow_mut() = Some((rect, coverage));
        self.button.set_hidden(false);
        Ok(())
    }

    /// Points it out, with a line around it that is as wide at every `scale`: CSS pixels for one of the picture.
    pub(super) fn point_out(&self, rect: Rect, coverage: Vec<u8>, scale: f64) -> Result<(), Failure> {
        let line = (LINE / scale.max(1e-3)).round().clamp(1.0, f64::from(WIDEST)) as u32;
        let is_in = |x: u32, y: u32| x < rect.width && y < rect.height && is_covered(&coverage, rect.width, x, y);
        // Beyond the left and upper side, the difference wraps around to beyond the right and lower side.
        let is_near = |x: u32, y: u32, by: u32| {
            let left_and_up = !is_in(x.wrapping_sub(by), y) || !is_in(x, y.wrapping_sub(by));
            left_and_up || !is_in(x + by, y) || !is_in(x, y + by)
        };
        self.draw(rect, &coverage, |x, y| match (is_near(x, y, line.div_ceil(2)), is_near(x, y, line)) {
            (true, _) => [0, 0, 0, 255],
            (_, true) => [255, 255, 255, 255],
            _ => LIGHT,
        })?;
        *self.pointed_out.borrow_mut() = Some((rect, coverage));
        Ok(())
    }

    /// Whether what is pointed out lies at a place of the picture.
    pub(super) fn points_at(&self, at: Point) -> bool {
        self.pointed_out.borrow().as_ref().is_some_and(|(rect, coverage)| {
            let (x, y) = (at.x - f64::from(rect.x), at.y - f64::from(rect.y));
            let is_inside = x >= 0.0 && y >= 0.0 && x < f64::from(rect.width) && y < f64::from(rect.height);
            is_inside && is_covered(coverage, rect.width, x as u32, y as u32)
        })
    }

    /// Points nothing out any more, unless it lies where the pointer is now. Says whether that changes what shows.
    pub(super) fn stop_pointing_out(&self, at: Option<Point>) -> bool {
        let stays = at.is_some_and(|at| self.points_at(at));
        let gone = !stays && self.pointed_out.take().is_some();
        if gone && !self.is_there() {
            self.canvas.set_hidden(true);
        }
        gone
    }

    /// Takes everything away, and gives what was offered.
    pub(super) fn take(&self) -> Option<Region> {
        self.canvas.set_hidden(true);
        self.button.set_hidden(true);
        self.pointed_out.take();
        self.region.take()
    }

    /// Draws what is covered, in colours with alpha by the place in `rect`.
    fn draw(&self, rect: Rect, coverage: &[u8], colour: impl Fn(u32, u32) -> [u8; 4]) -> Result<(), Failure> {
        let places = (0..rect.height).flat_map(|y| (0..rect.width).map(move |x| (x, y)));
        let pixel = |((x, y), covered): ((u32, u32), &u8)| if *covered < 128 { [0; 4] } else { colour(x, y) };
        let rgba: Vec<u8> = places.zip(coverage).flat_map(pixel).collect();
        let data = ImageData::new_with_u8_clamped_array(Clamped(&rgba), rect.width).map_err(refused)?;
        self.canvas.set_width(rect.width);
        self.canvas.set_height(rect.height);
        let context = self.canvas.get_context("2d").map_err(refused)?;
        let context = context.ok_or_else(|| Failure::Internal { detail: "no 2D canvas".into() })?;
        context.unchecked_into::<CanvasRenderingContext2d>().put_image_data(&data, 0.0, 0.0).map_err(refused)?;
        style(&self.canvas, "--x", &format!("{}px", rect.x));
        style(&self.canvas, "--y", &format!("{}px", rect.y));
        self.canvas.set_hidden(false);
        Ok(())
    }
}

fn is_covered(coverage: &[u8], width: u32, x: u32, y: u32) -> bool {
    coverage[y as usize * width as usize + x as usize] >= 128
}
