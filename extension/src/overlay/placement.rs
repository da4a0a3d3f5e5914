//! Where image pixels stand on the screen, from what the page measured.

use super::affine::Affine;
use crate::masks::outline::bounds;
use crate::protocol::{Geometry, Point, Size};

/// The map from image pixels (`width` by `height`) to CSS pixels of the viewport.
pub fn placement(geometry: &Geometry, width: f64, height: f64) -> Affine {
    let (offset, size) = fitted(geometry);
    // Image pixels -> untransformed CSS pixels, relative to the border box's centre ...
    let local = Affine {
        a: size.width / width,
        b: 0.0,
        c: 0.0,
        d: size.height / height,
        e: geometry.content_origin.x + offset.x - geometry.border_box.width / 2.0,
        f: geometry.content_origin.y + offset.y - geometry.border_box.height / 2.0,
    };
    // ... -> viewport.
    let [a, b, c, d] = geometry.linear;
    local.then(&Affine { a, b, c, d, e: geometry.center.x, f: geometry.center.y })
}

/// Left, top, right and bottom of what the element shows of the picture, CSS pixels of the viewport.
pub(super) fn content_box(geometry: &Geometry) -> (f64, f64, f64, f64) {
    let room = geometry.content_box;
    let (offset, size) = (geometry.content_origin, geometry.border_box);
    let [a, b, c, d] = geometry.linear;
    let turned = Affine { a, b, c, d, e: geometry.center.x, f: geometry.center.y };
    let map = Affine::translation(offset.x - size.width / 2.0, offset.y - size.height / 2.0).then(&turned);
    bounds(&map.corners(room.width, room.height))
}

/// How many pixels (width, height) an SVG is drawn with: as many as the screen shows of it, at most 8192 a side.
pub fn svg_size(geometry: &Geometry) -> (u32, u32) {
    let [a, b, c, d] = geometry.linear;
    let scale = (a * d - b * c).abs().sqrt().max(0.01) * geometry.dpr;
    let Size { width, height } = geometry.natural;
    let (across, down) = (geometry.content_box.width / width, geometry.content_box.height / height);
    let enlarged = across.max(down).max(1.0) * scale.max(1.0);
    let side = |length: f64| (length * enlarged).round().clamp(1.0, 8192.0) as u32;
    (side(width), side(height))
}

/// Position and size of the fitted picture in the content box: `object-fit` (CSS Images 3, section 5) or the first
/// tile of `background-size` (CSS Backgrounds 3, section 3.9).
fn fitted(geometry: &Geometry) -> (Point, Size) {
    let room = geometry.content_box;
    let natural = geometry.natural;
    let ratio = if natural.height > 0.0 { natural.width / natural.height } else { 1.0 };
    let scaled_to = |scale: f64| Size { width: natural.width * scale, height: natural.height * scale };
    let (across, down) = (room.width / natural.width, room.height / natural.height);
    let size = match geometry.fit.as_str() {
        "fill" => room,
        "contain" => scaled_to(across.min(down)),
        "cover" => scaled_to(across.max(down)),
        "scale-down" => scaled_to(across.min(down).min(1.0)),
        "none" | "auto" | "auto auto" => natural,
        lengths => {
            let mut parts = lengths.split_whitespace();
            let width = parts.next().and_then(|p| length(p, room.width));
            let height = parts.next().and_then(|p| length(p, room.height));
            match (width, height) {
                (Some(width), Some(height)) => Size { width, height },
                (Some(width), None) => Size { width, height: width / ratio },
                (None, Some(height)) => Size { width: height * ratio, height },
                (None, None) => natural,
            }
        }
    };
    let mut parts = terms(&geometry.position);
    let mut axis = |free: f64| position(parts.next().unwrap_or("50%"), free);
    (Point { x: axis(room.width - size.width), y: axis(room.height - size.height) }, size)
}

/// Splits at the spaces outside parentheses: computed positions may be sums such as `calc(50% + 10px)`.
fn terms(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0i32;
    text.split(move |c: char| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth == 0 && c.is_whitespace()
    })
    .filter(|term| !term.is_empty())
}

/// A computed length or percentage; none for `auto`.
pub(super) fn length(text: &str, whole: f64) -> Option<f64> {
    match text.strip_suffix('%') {
        Some(percent) => Some(percent.parse::<f64>().ok()? / 100.0 * whole),
        None => text.strip_suffix("px")?.parse().ok(),
    }
}

/// An offset: percentages are of the free room.
fn position(text: &str, free: f64) -> f64 {
    if let Some(sum) = text.strip_prefix("calc(").and_then(|t| t.strip_suffix(')')) {
        return sum.split('+').map(|t| position(t.trim(), free)).sum();
    }
    length(text, free).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::examples::plain_geometry;

    fn geometry(fit: &str, position: &str) -> Geometry {
        Geometry {
            border_box: Size { width: 220.0, height: 120.0 },
            content_origin: Point { x: 10.0, y: 10.0 },
            natural: Size { width: 100.0, height: 100.0 },
            fit: fit.into(),
            position: position.into(),
            ..plain_geometry(Size { width: 200.0, height: 100.0 }, Point { x: 300.0, y: 200.0 })
        }
    }

    /// Top left and bottom right corner on the screen of a 400 x 400 pixel source.
    fn corners(geometry: &Geometry) -> [f64; 4] {
        let map = placement(geometry, 400.0, 400.0);
        let (a, b) = (map.apply(Point { x: 0.0, y: 0.0 }), map.apply(Point { x: 400.0, y: 400.0 }));
        [a.x, a.y, b.x, b.y]
    }

    #[test]
    fn object_fit_places_the_picture_as_css_does() {
        for (fit, position, expected) in [
            ("fill", "50% 50%", [200.0, 150.0, 400.0, 250.0]),
            ("contain", "50% 50%", [250.0, 150.0, 350.0, 250.0]),
            ("contain", "0% 0%", [200.0, 150.0, 300.0, 250.0]),
            ("cover", "50% 50%", [200.0, 100.0, 400.0, 300.0]),
            ("cover", "50% 100%", [200.0, 50.0, 400.0, 250.0]),
            ("none", "10px 20px", [210.0, 170.0, 310.0, 270.0]),
            ("scale-down", "100% 0%", [300.0, 150.0, 400.0, 250.0]),
            ("auto", "0% 0%", [200.0, 150.0, 300.0, 250.0]),
            ("50% auto", "0% 0%", [200.0, 150.0, 300.0, 250.0]),
            ("auto 50px", "0% 0%", [200.0, 150.0, 250.0, 200.0]),
            ("40px 30px", "100% 100%", [360.0, 220.0, 400.0, 250.0]),
        ] {
            let seen = corners(&geometry(fit, position));
            for (s, e) in seen.iter().zip(expected) {
                assert!((s - e).abs() < 1e-9, "{fit} {position}: {seen:?} for {expected:?}");
            }
        }
    }

    #[test]
    fn a_quarter_turn_turns_the_picture_about_the_box_centre() {
        let mut turned = geometry("fill", "50% 50%");
        turned.linear = [0.0, 1.0, -1.0, 0.0];
        let map = placement(&turned, 400.0, 400.0);
        let corner = map.apply(Point { x: 0.0, y: 0.0 });
        assert!((corner.x - 350.0).abs() < 1e-9 && (corner.y - 100.0).abs() < 1e-9, "{corner:?}");
        let centre = map.apply(Point { x: 200.0, y: 200.0 });
        assert!((centre.x - 300.0).abs() < 1e-9 && (centre.y - 200.0).abs() < 1e-9);
    }

    #[test]
    fn an_svg_is_drawn_as_large_as_it_is_seen() {
        let mut seen = geometry("fill", "50% 50%");
        assert_eq!(svg_size(&seen), (200, 200), "its box is twice as wide as its picture");
        seen.dpr = 2.0;
        assert_eq!(svg_size(&seen), (400, 400));
        seen.linear = [0.1, 0.0, 0.0, 0.1];
        assert_eq!(svg_size(&seen), (200, 200), "never smaller than its box");
        seen.linear = [1e9, 0.0, 0.0, 1e9];
        assert_eq!(svg_size(&seen), (8192, 8192));
    }

    #[test]
    fn hostile_styles_do_not_panic() {
        for text in ["", "calc(", "calc(50% + 1px)", "%", "px", "1e999px NaN%", "inherit"] {
            let _ = corners(&geometry(text, text));
        }
        let calc = corners(&geometry("contain", "calc(50% + 10px) 50%"));
        assert!((calc[0] - 260.0).abs() < 1e-9);
    }
}
