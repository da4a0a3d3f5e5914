//! What the user looks at: the picture at home in the page, zoomed and panned from there.

use super::affine::Affine;
use crate::masks::outline::bounds;
use crate::protocol::{Point, Size};

/// The largest enlargement, screen pixels per image pixel.
const MAX_ZOOM: f64 = 32.0;
/// How small a picture can be made, as a part of the size at which it is fitted or stands in the page.
const MIN_ZOOM: f64 = 0.5;
/// A picture shown smaller than this (CSS pixels, shorter side) is lifted out of the page to fit the viewport.
const SMALL: f64 = 260.0;
/// To this (CSS pixels, shorter side) a lifted picture is enlarged that has not so many pixels of its own, as far as the viewport allows.
const ENLARGED: f64 = 240.0;
/// The shorter side (CSS pixels) of a lifted picture that is too long for the viewport to be this wide as a whole: a rule, a strip.
const STRIP: f64 = 12.0;
/// Room kept around a fitted picture, CSS pixels.
const MARGIN: f64 = 24.0;
/// The same between the picture and the toolbar, and between the toolbar and the viewport's edges.
const GAP: f64 = 12.0;
const EDGE: f64 = 8.0;
/// The toolbar's size, CSS pixels, until it is known.
const TOOLBAR: Size = Size { width: 0.0, height: 130.0 };

/// The edge that the toolbar keeps while it grows and shrinks, CSS pixels from the top of the viewport.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Edge {
    /// It grows downwards: it stands below the picture.
    Top(f64),
    /// It grows upwards: it stands above the picture, or at the end of the viewport.
    Bottom(f64),
}

/// Where the toolbar stands.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Berth {
    /// Its middle, CSS pixels from the left of the viewport.
    middle: f64,
    edge: Edge,
}

/// Home placement and the user's own movement on top.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Size in pixels of what shows of the picture.
    pub image: Size,
    /// Takes pixels of the picture to those.
    framing: Affine,
    /// Viewport size in CSS pixels.
    pub viewport: Size,
    /// Size of the toolbar in CSS pixels.
    toolbar: Size,
    /// Where the toolbar stays, once the user works or zooms: it does not jump away from under the pointer.
    berth: Option<Berth>,
    home: Affine,
    user: Affine,
    /// Whether the picture stands, fitted, over the page, because it cannot be worked on at home.
    lifted: bool,
    /// Whether the user has begun to work: nothing but the user moves the picture any more, unless it is at home.
    settled: bool,
    /// Whether there is no page: home is where the picture fits the viewport.
    alone: bool,
}

impl View {
    /// At home in the page; lifted to fit where it is too small to work on there, or not all of it is in sight beside the toolbar.
    pub fn in_page(image: Size, viewport: Size, home: Affine) -> Self {
        let mut view = Self::new(image, viewport, home, false);
        view.reset();
        view
    }

    /// Without a page: fitted into the viewport.
    pub fn in_tab(image: Size, viewport: Size) -> Self {
        let mut view = Self::new(image, viewport, Affine::IDENTITY, true);
        view.home = view.fitted(1.0);
        view
    }

    fn new(image: Size, viewport: Size, home: Affine, alone: bool) -> Self {
        let user = Affine::IDENTITY;
        let framing = Affine::IDENTITY;
        Self {
            image,
            framing,
            viewport,
            toolbar: TOOLBAR,
            berth: None,
            home,
            user,
            lifted: false,
            settled: false,
            alone,
        }
    }

    /// Pixels of the picture to CSS pixels of the viewport.
    pub fn map(&self) -> Affine {
        self.framing.then(&self.placed())
    }

    /// Where the corners of what shows of the picture are, CSS pixels of the viewport.
    pub fn corners(&self) -> [Point; 4] {
        self.placed().corners(self.image.width, self.image.height)
    }

    /// Pixels of what shows of the picture to CSS pixels of the viewport.
    pub fn placed(&self) -> Affine {
        self.home.then(&self.user)
    }

    /// Something else shows of the picture: `image` by size, to which `framing` takes pixels of the picture. Without a page, it is fitted beside a
    /// toolbar of this size. True if that is new.
    pub fn reframe(&mut self, framing: Affine, image: Size, toolbar: Size) -> bool {
        if !self.alone || (self.framing == framing && self.image == image) {
            return false;
        }
        (self.framing, self.image, self.toolbar) = (framing, image, toolbar);
        self.home = self.fitted(1.0);
        self.reset();
        true
    }

    /// CSS pixels of the viewport to image pixels; none while the picture is flattened by a transform.
    pub fn inverse(&self) -> Option<Affine> {
        self.map().inverse()
    }

    /// True while the picture stands where the page shows it, or, without a page, where it fits.
    pub fn is_home(&self) -> bool {
        self.user == Affine::IDENTITY
    }

    /// True while the user has not zoomed or panned.
    pub fn is_as_opened(&self) -> bool {
        self.is_home() || self.lifted
    }

    /// Whether the picture follows the page to another home: all of it is in sight there, and the user has not begun to work.
    pub fn would_follow(&self, home: Affine) -> bool {
        let (left, top, right, bottom) = bounds(&home.corners(self.image.width, self.image.height));
        let in_sight = left >= 0.0 && top >= 0.0 && right <= self.viewport.width && bottom <= self.viewport.height;
        in_sight && !self.settled && self.is_home()
    }

    /// The picture moved in the page, or the viewport changed. Only a picture at home moves with the page.
    pub fn moved(&mut self, viewport: Size, home: Affine) {
        let stood = self.placed();
        let resized = self.viewport != viewport;
        if resized || (self.is_home() && self.home != home) {
            self.berth = None;
        }
        self.viewport = viewport;
        self.home = home;
        if self.lifted && resized {
            self.reset();
        } else if let Some(back) = self.home.inverse().filter(|_| !self.is_home()) {
            self.user = back.then(&stood);
        }
    }

    /// The viewport of a tab of our own changed; zoom and pan stay.
    pub fn refitted(&mut self, viewport: Size) {
        self.berth = None;
        self.viewport = viewport;
        self.home = self.fitted(1.0);
    }

    /// The toolbar has this size, CSS pixels. Until the user begins to work, the picture makes room for it. True if that may have moved it.
    pub fn make_room(&mut self, toolbar: Size) -> bool {
        if self.settled || self.toolbar == toolbar || !self.is_as_opened() {
            return false;
        }
        self.toolbar = toolbar;
        if self.alone {
            self.home = self.fitted(1.0);
        } else {
            self.reset();
        }
        true
    }

    /// The user begins to work.
    pub fn settle(&mut self) {
        self.hold();
        self.settled = true;
    }

    /// The toolbar stays where it is.
    fn hold(&mut self) {
        self.berth = self.berth.or(Some(self.berth_of(self.toolbar)));
    }

    /// Back to where it began, beside a toolbar of this size. If it is there already, fitted to the viewport.
    pub fn whole(&mut self, toolbar: Size) {
        let stood = self.placed();
        self.toolbar = toolbar;
        if self.alone {
            self.home = self.fitted(1.0);
        }
        self.reset();
        if self.placed() == stood {
            self.fit();
        }
    }

    /// Back to where it began.
    pub fn reset(&mut self) {
        self.user = Affine::IDENTITY;
        self.berth = None;
        self.lifted = false;
        if self.alone {
            return;
        }
        let (left, top, right, bottom) = bounds(&self.home.corners(self.image.width, self.image.height));
        let small = (right - left).min(bottom - top) < SMALL;
        let in_sight = left >= 0.0 && top >= 0.0 && right <= self.viewport.width && bottom <= self.viewport.height;
        if !small && in_sight && self.beside(top, bottom).is_some() {
            return;
        }
        let shorter = self.image.width.min(self.image.height);
        let mut lifted = self.fitted((ENLARGED / shorter).max(1.0));
        if lifted.scale() * shorter < STRIP {
            let wanted = (STRIP / shorter).min(MAX_ZOOM);
            let middle = lifted.apply(Point { x: self.image.width / 2.0, y: self.image.height / 2.0 });
            lifted = lifted.then(&Affine::scale_about(wanted / lifted.scale(), middle));
        }
        // A small picture may be as large as it can become.
        let helps = !in_sight || !small || lifted.scale() > self.home.scale();
        if let Some(back) = self.home.inverse().filter(|_| helps) {
            self.user = back.then(&lifted);
            self.lifted = true;
        }
    }

    /// Fitted to the viewport.
    pub fn fit(&mut self) {
        self.berth = None;
        if let Some(back) = self.home.inverse() {
            self.user = back.then(&self.fitted(f64::INFINITY));
            self.lifted = false;
        }
    }

    /// Shows each image pixel on `scale` CSS pixels, about the middle of what is in sight.
    pub fn zoom_to(&mut self, scale: f64) {
        let now = self.placed().scale();
        if now > 0.0 {
            self.zoom(scale / now, self.middle());
        }
    }

    /// The middle of what is in sight of the picture, CSS pixels of the viewport; that of the viewport where nothing is.
    pub fn middle(&self) -> Point {
        let Size { width, height } = self.viewport;
        let (left, top, right, bottom) = bounds(&self.placed().corners(self.image.width, self.image.height));
        let (left, top, right, bottom) = (left.max(0.0), top.max(0.0), right.min(width), bottom.min(height));
        if left < right && top < bottom {
            Point { x: (left + right) / 2.0, y: (top + bottom) / 2.0 }
        } else {
            centre(self.viewport)
        }
    }

    /// Zooms by `factor` about a point of the viewport, within limits.
    pub fn zoom(&mut self, factor: f64, about: Point) {
        let now = self.placed().scale();
        if now <= 0.0 || !factor.is_finite() || factor <= 0.0 {
            return;
        }
        self.hold();
        let smallest = self.fitted(f64::INFINITY).scale().min(self.home.scale()) * MIN_ZOOM;
        let wanted = (now * factor).clamp(smallest.min(MAX_ZOOM), MAX_ZOOM);
        self.user = self.user.then(&Affine::scale_about(wanted / now, about));
        self.lifted = false;
    }

    /// Shifts by CSS pixels; a part of the picture always stays in reach.
    pub fn pan(&mut self, x: f64, y: f64) {
        self.hold();
        let moved = self.user.then(&Affine::translation(x, y));
        let (left, top, right, bottom) = bounds(&self.home.then(&moved).corners(self.image.width, self.image.height));
        let in_reach = right > MARGIN
            && bottom > MARGIN
            && left < self.viewport.width - MARGIN
            && top < self.viewport.height - MARGIN;
        if in_reach {
            self.user = moved;
            self.lifted = false;
        }
    }

    /// Top left corner for a toolbar of this size: below the picture, else above it, else at the bottom of the
    /// viewport (over the picture, as there is no room beside it). Once the user works, it keeps its place.
    pub fn dock(&self, toolbar: Size) -> Point {
        let Berth { middle, edge } = self.berth.unwrap_or_else(|| self.berth_of(toolbar));
        let most = (self.viewport.width - toolbar.width - EDGE).max(EDGE);
        let lowest = self.viewport.height - toolbar.height - EDGE;
        let y = match edge {
            Edge::Top(top) => top,
            Edge::Bottom(bottom) => bottom - toolbar.height,
        };
        Point { x: (middle - toolbar.width / 2.0).clamp(EDGE, most), y: y.min(lowest).max(EDGE) }
    }

    /// Where a toolbar of this size stands beside the picture, or over it.
    fn berth_of(&self, toolbar: Size) -> Berth {
        let (left, top, right, bottom) = bounds(&self.placed().corners(self.image.width, self.image.height));
        let middle = (left.max(0.0) + right.min(self.viewport.width)) / 2.0;
        let view = Self { toolbar, ..*self };
        let edge = match view.beside(top, bottom) {
            Some(y) if y > bottom => Edge::Top(y),
            Some(y) => Edge::Bottom(y + toolbar.height),
            None => Edge::Bottom(self.viewport.height - EDGE),
        };
        Berth { middle, edge }
    }

    /// The lowest place of the toolbar.
    fn lowest(&self) -> f64 {
        self.viewport.height - self.toolbar.height - EDGE
    }

    /// Where the toolbar stands below or above a picture from `top` to `bottom`; none where there is no room.
    fn beside(&self, top: f64, bottom: f64) -> Option<f64> {
        let above = top - GAP - self.toolbar.height;
        if bottom + GAP <= self.lowest() {
            Some((bottom + GAP).max(EDGE))
        } else {
            (above >= EDGE).then(|| above.min(self.lowest()))
        }
    }

    /// Centred in the viewport above the toolbar, enlarged at most `most` times.
    fn fitted(&self, most: f64) -> Affine {
        let Self { image, viewport, .. } = *self;
        let width = (viewport.width - 2.0 * MARGIN).max(64.0);
        let height = (self.lowest() - GAP - MARGIN).max(64.0);
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
}

/// By how much something of this size, whose middle is to be at `middle`, has to be shifted so that all of it is in the viewport.
pub fn into_sight(middle: Point, size: Size, viewport: Size) -> Point {
    let axis = |at: f64, length: f64, room: f64| at.min(room - length / 2.0 - EDGE).max(length / 2.0 + EDGE) - at;
    Point { x: axis(middle.x, size.width, viewport.width), y: axis(middle.y, size.height, viewport.height) }
}

/// The middle of the viewport.
fn centre(viewport: Size) -> Point {
    Point { x: viewport.width / 2.0, y: viewport.height / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEWPORT: Size = Size { width: 1000.0, height: 800.0 };

    fn at(scale: f64, x: f64, y: f64) -> View {
        let home = Affine { a: scale, b: 0.0, c: 0.0, d: scale, e: x, f: y };
        View::in_page(Size { width: 800.0, height: 600.0 }, VIEWPORT, home)
    }

    /// The same, at home wherever that is.
    fn left_at(scale: f64, x: f64, y: f64) -> View {
        let home = Affine { a: scale, b: 0.0, c: 0.0, d: scale, e: x, f: y };
        View::new(Size { width: 800.0, height: 600.0 }, VIEWPORT, home, false)
    }

    #[test]
    fn what_is_left_of_a_picture_is_fitted_anew_and_its_pixels_keep_their_places_in_it() {
        let toolbar = Size { width: 300.0, height: 100.0 };
        let mut view = View::in_tab(Size { width: 400.0, height: 300.0 }, VIEWPORT);
        view.zoom(3.0, Point { x: 100.0, y: 100.0 });
        // Turned clockwise: what is left lies on its side.
        let turned = Affine { a: 0.0, b: 1.0, c: -1.0, d: 0.0, e: 300.0, f: 0.0 };
        let size = Size { width: 300.0, height: 400.0 };
        assert!(view.reframe(turned, size, toolbar) && !view.reframe(turned, size, toolbar));
        let corners = view.corners();
        assert_eq!((corners[2].x - corners[0].x, corners[2].y - corners[0].y), (300.0, 400.0));
        assert_eq!(view.map().apply(Point { x: 0.0, y: 0.0 }), corners[1], "the first corner is the next one now");
        let place = view.map().apply(Point { x: 10.0, y: 20.0 });
        let back = view.inverse().expect("not flat").apply(place);
        assert!((back.x - 10.0).abs() < 1e-9 && (back.y - 20.0).abs() < 1e-9);
        let mut page = View::in_page(size, VIEWPORT, Affine::IDENTITY);
        assert!(!page.reframe(turned, size, toolbar), "over a page it stays as the page shows it");
    }

    #[test]
    fn a_picture_stays_where_the_page_has_it() {
        let view = at(0.5, 100.0, 50.0);
        assert!(view.is_home());
        assert_eq!(view.map().apply(Point { x: 0.0, y: 0.0 }), Point { x: 100.0, y: 50.0 });
    }

    #[test]
    fn what_hangs_over_the_edge_is_shifted_into_sight() {
        let size = Size { width: 60.0, height: 24.0 };
        let shift = |x, y| into_sight(Point { x, y }, size, VIEWPORT);
        assert_eq!(shift(500.0, 400.0), Point { x: 0.0, y: 0.0 });
        assert_eq!(shift(0.0, 800.0), Point { x: 38.0, y: -20.0 });
        assert_eq!(shift(1010.0, -5.0), Point { x: -48.0, y: 25.0 });
    }

    #[test]
    fn a_thumbnail_is_lifted_to_fit_but_not_beyond_its_pixels() {
        let view = at(0.1, 10.0, 10.0);
        assert!(!view.is_home() && view.map().scale() > 0.9 && view.map().scale() <= 1.0);
    }

    /// Left, top, right and bottom on the screen.
    fn stands(view: &View) -> (f64, f64, f64, f64) {
        bounds(&view.map().corners(view.image.width, view.image.height))
    }

    #[test]
    fn whatever_the_window_all_of_the_picture_is_in_sight_beside_the_toolbar() {
        for (width, height, bar) in
            [(320.0, 568.0, 290.0), (360.0, 640.0, 270.0), (1280.0, 720.0, 124.0), (2560.0, 1300.0, 72.0)]
        {
            let (viewport, toolbar) = (Size { width, height }, Size { width: width.min(900.0) - 16.0, height: bar });
            for (w, h) in [(800.0, 600.0), (300.0, 4000.0), (5000.0, 200.0), (24.0, 24.0), (640.0, 480.0)] {
                for (x, y) in
                    [(10.0, 10.0), (-150.0, 20.0), (30.0, height - 100.0), (width - 40.0, -300.0), (0.0, 3.0 * height)]
                {
                    let mut view = View::in_page(Size { width: w, height: h }, viewport, Affine::translation(x, y));
                    view.make_room(toolbar);
                    let (left, top, right, bottom) = stands(&view);
                    let what = format!("{w} x {h} at {x}, {y} in {width} x {height}: {left} {top} {right} {bottom}");
                    assert!(left >= 0.0 && top >= 0.0 && right <= width && bottom <= height, "{what}");
                    let dock = view.dock(toolbar).y;
                    assert!(dock >= 0.0 && dock + bar <= height, "{what}: {dock}");
                    assert!(dock >= bottom || dock + bar <= top, "{what}: {dock}");
                }
            }
        }
    }

    #[test]
    fn icons_are_enlarged_and_strips_can_be_worked_on() {
        let opened = |width, height| View::in_page(Size { width, height }, VIEWPORT, Affine::translation(30.0, 700.0));
        let (left, _, right, _) = stands(&opened(24.0, 24.0));
        assert_eq!((right - left).round(), 240.0);
        let (left, top, right, bottom) = stands(&opened(88.0, 31.0));
        assert_eq!((bottom - top).round(), 240.0);
        assert!(left >= 0.0 && right <= VIEWPORT.width);
        for (width, height) in [(900.0, 1.0), (1.0, 900.0)] {
            let (left, top, right, bottom) = stands(&opened(width, height));
            assert_eq!((right - left).min(bottom - top).round(), STRIP);
            assert!((left + right - VIEWPORT.width).abs() < 1.0, "in the middle");
            let room = VIEWPORT.height - TOOLBAR.height;
            assert!(((top + bottom) / 2.0 - room / 2.0).abs() < MARGIN, "also from above: {top} to {bottom}");
        }
    }

    #[test]
    fn what_is_being_worked_on_moves_for_nobody_else() {
        let large = Size { width: 800.0, height: 60.0 };
        let mut view =
            View::in_page(Size { width: 800.0, height: 600.0 }, VIEWPORT, Affine::translation(-100.0, 500.0));
        let lifted = stands(&view);
        view.moved(VIEWPORT, Affine::translation(0.0, -900.0));
        let close = |a: (f64, f64, f64, f64), b: (f64, f64, f64, f64)| {
            [a.0 - b.0, a.1 - b.1, a.2 - b.2, a.3 - b.3].iter().all(|d| d.abs() < 1e-6)
        };
        assert!(close(stands(&view), lifted), "the page scrolls beneath a lifted picture");
        view.make_room(large);
        let roomy = stands(&view);
        assert!(!close(roomy, lifted), "a smaller toolbar leaves more room");
        view.settle();
        view.make_room(Size { width: 800.0, height: 300.0 });
        assert!(close(stands(&view), roomy), "once painted on, it stays");
        view.zoom(2.0, Point { x: 10.0, y: 10.0 });
        let zoomed = stands(&view);
        view.moved(VIEWPORT, Affine::translation(5.0, 5.0));
        assert!(close(stands(&view), zoomed), "so does what the user zoomed");
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
        for _ in 0..100 {
            view.zoom(0.1, pointer);
        }
        assert!(view.map().scale() >= 0.25 - 1e-9, "half of its size in the page");
        view.zoom_to(1.0);
        assert!((view.map().scale() - 1.0).abs() < 1e-9);
        view.zoom(f64::NAN, pointer);
        view.zoom(-1.0, pointer);
        view.reset();
        assert!(view.is_home());
    }

    #[test]
    fn the_toolbar_does_not_jump_once_the_user_works() {
        let bar = Size { width: 600.0, height: 60.0 };
        let mut below = at(0.5, 100.0, 50.0);
        below.make_room(bar);
        let berth = below.dock(bar);
        below.settle();
        let grown = Size { width: 600.0, height: 160.0 };
        assert_eq!(below.dock(grown), berth, "lines that come in push it down");
        below.zoom(6.0, Point { x: 300.0, y: 200.0 });
        below.pan(0.0, 300.0);
        assert_eq!(below.dock(bar), berth, "the button to zoom stays under the pointer");
        let mut above = at(0.5, 100.0, 480.0);
        above.make_room(bar);
        let berth = above.dock(bar);
        above.settle();
        let low = above.dock(grown);
        assert_eq!((low.x, low.y + grown.height), (berth.x, berth.y + bar.height), "above, they push it up");
        below.whole(grown);
        let (_, _, _, bottom) = stands(&below);
        assert!(below.dock(grown).y >= bottom, "the whole picture shows beside what there is now");
    }

    #[test]
    fn buttons_zoom_about_what_is_in_sight() {
        assert_eq!(left_at(1.0, -600.0, 100.0).middle(), Point { x: 100.0, y: 400.0 });
        assert_eq!(left_at(1.0, -900.0, 100.0).middle(), centre(VIEWPORT), "nothing is");
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
        assert_eq!(at(1.0, 100.0, 50.0).dock(toolbar).y, 662.0); // 50 + 600 + 12
        assert_eq!(left_at(1.2, 0.0, 40.0).dock(toolbar).y, 692.0); // over it
        let narrow = View { viewport: Size { width: 300.0, height: 200.0 }, ..at(1.0, 0.0, 0.0) };
        assert_eq!(narrow.dock(toolbar).x, 8.0);
    }
}
