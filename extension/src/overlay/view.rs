//! What the user looks at: the picture at home in the page, zoomed and panned from there.

use super::affine::{Affine, bounds};
use crate::protocol::{Point, Size};

/// Enlargement limits, screen pixels per image pixel.
const ZOOM: std::ops::RangeInclusive<f64> = 0.02..=32.0;
/// A picture shown smaller than this (CSS pixels, shorter side) is lifted to fit the viewport.
const SMALL: f64 = 260.0;
/// Room kept around a fitted picture (CSS pixels), and below it for the toolbar.
const MARGIN: f64 = 24.0;
const TOOLBAR: f64 = 150.0;

/// Home placement and the user's own movement on top.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Image size in pixels.
    pub image: Size,
    /// Viewport size in CSS pixels.
    pub viewport: Size,
    home: Affine,
    user: Affine,
}

impl View {
    /// At home in the page; lifted to fit when it is displayed too small to work on.
    pub fn in_page(image: Size, viewport: Size, home: Affine) -> Self {
        let mut view = Self { image, viewport, home, user: Affine::IDENTITY };
        view.reset();
        view
    }

    /// Without a page: fitted into the viewport.
    pub fn in_tab(image: Size, viewport: Size) -> Self {
        let home = fit(image, viewport, 1.0);
        Self { image, viewport, home, user: Affine::IDENTITY }
    }

    /// Image pixels to CSS pixels of the viewport.
    pub fn map(&self) -> Affine {
        self.home.then(&self.user)
    }

    /// CSS pixels of the viewport to image pixels; none while the picture is flattened by a transform.
    pub fn inverse(&self) -> Option<Affine> {
        self.map().inverse()
    }

    /// True while the user has not zoomed or panned.
    pub fn is_home(&self) -> bool {
        self.user == Affine::IDENTITY
    }

    /// The picture moved in the page, or the viewport changed.
    pub fn moved(&mut self, viewport: Size, home: Affine) {
        self.viewport = viewport;
        self.home = home;
    }

    /// The viewport of a tab of our own changed; zoom and pan stay.
    pub fn refitted(&mut self, viewport: Size) {
        self.moved(viewport, fit(self.image, viewport, 1.0));
    }

    /// Back to where it began.
    pub fn reset(&mut self) {
        self.user = Affine::IDENTITY;
        let (left, top, right, bottom) = bounds(&self.home.corners(self.image.width, self.image.height));
        if (right - left).min(bottom - top) >= SMALL {
            return;
        }
        // Only as far as the picture has pixels for, and never beyond the screen.
        let fitted = fit(self.image, self.viewport, 1.0);
        if let Some(back) = self.home.inverse().filter(|_| fitted.scale() > self.home.scale()) {
            self.user = back.then(&fitted);
        }
    }

    /// Fitted to the viewport.
    pub fn fit(&mut self) {
        if let Some(back) = self.home.inverse() {
            self.user = back.then(&fit(self.image, self.viewport, f64::INFINITY));
        }
    }

    /// Zooms by `factor` about a point of the viewport, within limits.
    pub fn zoom(&mut self, factor: f64, about: Point) {
        let now = self.map().scale();
        if now <= 0.0 || !factor.is_finite() || factor <= 0.0 {
            return;
        }
        let wanted = (now * factor).clamp(*ZOOM.start(), *ZOOM.end());
        self.user = self.user.then(&Affine::scale_about(wanted / now, about));
    }

    /// Shifts by CSS pixels; a part of the picture always stays in reach.
    pub fn pan(&mut self, x: f64, y: f64) {
        let moved = self.user.then(&Affine::translation(x, y));
        let (left, top, right, bottom) = bounds(&self.home.then(&moved).corners(self.image.width, self.image.height));
        let in_reach = right > MARGIN
            && bottom > MARGIN
            && left < self.viewport.width - MARGIN
            && top < self.viewport.height - MARGIN;
        if in_reach {
            self.user = moved;
        }
    }

    /// Top left corner for a toolbar of this size: below the picture, else above it, else at the bottom of the
    /// viewport (over the picture, as there is no room beside it).
    pub fn dock(&self, toolbar: Size) -> Point {
        let (left, top, right, bottom) = bounds(&self.map().corners(self.image.width, self.image.height));
        let gap = 12.0;
        let middle = (left.max(0.0) + right.min(self.viewport.width)) / 2.0;
        let most = (self.viewport.width - toolbar.width - 8.0).max(8.0);
        let x = (middle - toolbar.width / 2.0).clamp(8.0, most);
        let lowest = self.viewport.height - toolbar.height - 8.0;
        let y = if bottom + gap <= lowest {
            (bottom + gap).max(8.0)
        } else if top - gap - toolbar.height >= 8.0 {
            (top - gap - toolbar.height).min(lowest)
        } else {
            lowest.max(8.0)
        };
        Point { x, y }
    }
}

/// Centred in the viewport above the toolbar, enlarged at most `most` times.
fn fit(image: Size, viewport: Size, most: f64) -> Affine {
    let (width, height) = ((viewport.width - 2.0 * MARGIN).max(64.0), (viewport.height - MARGIN - TOOLBAR).max(64.0));
    let scale = (width / image.width).min(height / image.height).min(most);
    Affine {
        a: scale,
        b: 0.0,
        c: 0.0,
        d: scale,
        e: (viewport.width - image.width * scale) / 2.0,
        f: MARGIN + (height - image.height * scale) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEWPORT: Size = Size { width: 1000.0, height: 800.0 };

    fn at(scale: f64, x: f64, y: f64) -> View {
        let home = Affine { a: scale, b: 0.0, c: 0.0, d: scale, e: x, f: y };
        View::in_page(Size { width: 800.0, height: 600.0 }, VIEWPORT, home)
    }

    #[test]
    fn a_picture_stays_where_the_page_has_it() {
        let view = at(0.5, 100.0, 50.0);
        assert!(view.is_home());
        assert_eq!(view.map().apply(Point { x: 0.0, y: 0.0 }), Point { x: 100.0, y: 50.0 });
    }

    #[test]
    fn a_thumbnail_is_lifted_to_fit_but_not_beyond_its_pixels() {
        let view = at(0.1, 10.0, 10.0);
        assert!(!view.is_home() && view.map().scale() > 0.9 && view.map().scale() <= 1.0);
        let tiny = View::in_page(Size { width: 40.0, height: 30.0 }, VIEWPORT, Affine::IDENTITY);
        assert!((tiny.map().scale() - 1.0).abs() < 1e-9, "a picture without more pixels stays");
    }

    #[test]
    fn zooming_keeps_the_point_under_the_pointer_and_stops_at_the_limits() {
        let mut view = at(0.5, 100.0, 50.0);
        let pointer = Point { x: 333.0, y: 222.0 };
        let before = view.inverse().expect("not flat").apply(pointer);
        view.zoom(3.0, pointer);
        let after = view.inverse().expect("not flat").apply(pointer);
        assert!((before.x - after.x).abs() < 1e-9 && (before.y - after.y).abs() < 1e-9);
        for _ in 0..100 {
            view.zoom(10.0, pointer);
        }
        assert!(view.map().scale() <= 32.0 + 1e-9);
        view.zoom(f64::NAN, pointer);
        view.zoom(-1.0, pointer);
        view.reset();
        assert!(view.is_home());
    }

    #[test]
    fn panning_never_loses_the_picture() {
        let mut view = at(0.5, 100.0, 50.0);
        for _ in 0..1000 {
            view.pan(-50.0, 0.0);
        }
        let (_, _, right, _) = bounds(&view.map().corners(800.0, 600.0));
        assert!(right > 0.0);
    }

    #[test]
    fn the_toolbar_covers_the_picture_only_when_there_is_no_room() {
        let toolbar = Size { width: 600.0, height: 100.0 };
        assert_eq!(at(0.5, 100.0, 50.0).dock(toolbar).y, 362.0); // 50 + 300 + 12
        assert_eq!(at(0.5, 100.0, 480.0).dock(toolbar).y, 368.0); // above: 480 - 12 - 100
        assert_eq!(at(1.3, 0.0, 10.0).dock(toolbar).y, 692.0); // over it
        let narrow = View { viewport: Size { width: 300.0, height: 200.0 }, ..at(1.0, 0.0, 0.0) };
        assert_eq!(narrow.dock(toolbar).x, 8.0);
    }
}
