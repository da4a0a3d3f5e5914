//! Which part of a capture of the tab shows the picture.

use super::affine::Affine;
use super::placement::{content_box, placement};
use super::scene::Part;
use crate::masks::outline::bounds;
use crate::protocol::{Geometry, Rect};

/// A picture that fills more than this of its place on both sides counts as whole: the rest is rounding to device pixels.
const WHOLE: f64 = 0.995;

/// What to cut out of a capture, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crop {
    /// In pixels of the capture.
    pub rect: Rect,
    /// The part of the displayed picture that `rect` shows.
    pub part: Part,
    /// The map from pixels of the cut to CSS pixels, where the picture is turned or skewed, so that no part describes it.
    pub fixed: Option<Affine>,
}

/// The crop for a picture of this geometry in a capture of `width` by `height` pixels; none where it is out of sight.
pub fn crop(geometry: &Geometry, width: u32, height: u32) -> Option<Crop> {
    let scale = f64::from(width) / geometry.viewport.width;
    let natural = geometry.natural;
    let map = placement(geometry, natural.width, natural.height);
    let picture = bounds(&map.corners(natural.width, natural.height));
    let element = content_box(geometry);
    let left = picture.0.max(element.0).max(0.0);
    let top = picture.1.max(element.1).max(0.0);
    let right = picture.2.min(element.2).min(geometry.viewport.width);
    let bottom = picture.3.min(element.3).min(geometry.viewport.height);
    let [x0, y0] = [left, top].map(|v| (v * scale).round());
    let x1 = (right * scale).round().min(f64::from(width));
    let y1 = (bottom * scale).round().min(f64::from(height));
    // Written so that a geometry that is not a number is out of sight, too.
    if !(x1 - x0 >= 1.0 && y1 - y0 >= 1.0) {
        return None;
    }
    let rect = Rect { x: x0 as u32, y: y0 as u32, width: (x1 - x0) as u32, height: (y1 - y0) as u32 };
    let (across, down) = (picture.2 - picture.0, picture.3 - picture.1);
    let part = Part {
        x: (x0 / scale - picture.0) / across,
        y: (y0 / scale - picture.1) / down,
        width: (x1 - x0) / scale / across,
        height: (y1 - y0) / scale / down,
    };
    let part = if part.width > WHOLE && part.height > WHOLE { Part::WHOLE } else { part };
    let [a, b, c, d] = geometry.linear;
    let upright = b.abs() < 1e-6 && c.abs() < 1e-6 && a > 0.0 && d > 0.0;
    let fixed =
        (!upright).then(|| Affine { a: 1.0 / scale, d: 1.0 / scale, e: x0 / scale, f: y0 / scale, ..Affine::IDENTITY });
    Some(Crop { rect, part, fixed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::examples::plain_geometry;
    use crate::protocol::{Point, Size};

    fn geometry(x: f64, y: f64) -> Geometry {
        Geometry {
            dpr: 2.0,
            natural: Size { width: 400.0, height: 200.0 },
            ..plain_geometry(Size { width: 200.0, height: 100.0 }, Point { x, y })
        }
    }

    #[test]
    fn a_picture_in_sight_is_cut_out_whole_at_device_resolution() {
        let crop = crop(&geometry(300.0, 250.0), 2000, 1600).expect("in sight");
        assert_eq!(crop.rect, Rect { x: 400, y: 400, width: 400, height: 200 });
        assert_eq!((crop.part, crop.fixed), (Part::WHOLE, None));
    }

    #[test]
    fn a_picture_half_outside_of_the_window_is_cut_at_its_edge() {
        let crop = crop(&geometry(0.0, 250.0), 2000, 1600).expect("half in sight");
        assert_eq!(crop.rect, Rect { x: 0, y: 400, width: 200, height: 200 });
        assert_eq!(crop.part, Part { x: 0.5, y: 0.0, width: 0.5, height: 1.0 });
    }

    #[test]
    fn a_turned_picture_stands_where_it_was_captured() {
        let mut turned = geometry(300.0, 250.0);
        turned.linear = [0.0, 1.0, -1.0, 0.0];
        let crop = crop(&turned, 2000, 1600).expect("in sight");
        assert_eq!(crop.rect, Rect { x: 500, y: 300, width: 200, height: 400 });
        let fixed = crop.fixed.expect("turned");
        assert_eq!(fixed.apply(Point { x: 0.0, y: 0.0 }), Point { x: 250.0, y: 150.0 });
    }

    #[test]
    fn what_is_out_of_sight_or_no_number_is_not_captured() {
        assert_eq!(crop(&geometry(-500.0, 250.0), 2000, 1600), None);
        assert_eq!(crop(&geometry(f64::NAN, 250.0), 2000, 1600), None);
        let mut flat = geometry(300.0, 250.0);
        flat.content_box = Size { width: 0.0, height: 0.0 };
        assert_eq!(crop(&flat, 2000, 1600), None);
    }
}
