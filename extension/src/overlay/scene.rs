//! Where the picture stands on the screen: what the page says of it, which part of it is edited, and the user's view.

use super::affine::Affine;
use super::disclosure::Terms;
use super::host::Host;
use super::placement::placement;
use super::view::View;
use crate::protocol::page::Picture;
use crate::protocol::{Geometry, Point, Rect, Size};
use serde::{Deserialize, Serialize};

/// The part of the displayed picture that is edited, as fractions of it: all of it, except for a capture of a picture
/// that is partly out of sight.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Left edge, 0 to 1.
    pub x: f64,
    /// Top edge, 0 to 1.
    pub y: f64,
    /// Width, 0 to 1.
    pub width: f64,
    /// Height, 0 to 1.
    pub height: f64,
}

impl Part {
    /// All of it.
    pub const WHOLE: Self = Self { x: 0.0, y: 0.0, width: 1.0, height: 1.0 };

    /// The part of a picture of `width` by `height` pixels that is this rectangle.
    pub fn of(rect: Rect, width: f64, height: f64) -> Self {
        let [x, y, w, h] = [rect.x, rect.y, rect.width, rect.height].map(f64::from);
        Self { x: x / width, y: y / height, width: w / width, height: h / height }
    }

    /// What is in both; none where that is nothing.
    pub fn and(self, other: Self) -> Option<Self> {
        let (x, y) = (self.x.max(other.x), self.y.max(other.y));
        let width = (self.x + self.width).min(other.x + other.width) - x;
        let height = (self.y + self.height).min(other.y + other.height) - y;
        (width > 0.0 && height > 0.0).then_some(Self { x, y, width, height })
    }

    /// The same part, as fractions of `other`.
    pub fn within(self, other: Self) -> Self {
        let (width, height) = (self.width / other.width, self.height / other.height);
        Self { x: (self.x - other.x) / other.width, y: (self.y - other.y) / other.height, width, height }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Scene {
    /// Where the overlay lives.
    pub host: Host,
    picture: Option<Picture>,
    terms: Terms,
    part: Part,
    /// Where a capture stands that no part of the picture describes, because the picture is turned or skewed.
    fixed: Option<Affine>,
    /// The page does not turn the picture as its file asks for, and measures as if it did.
    is_turned_back: bool,
    view: Option<View>,
}

impl Scene {
    /// Without a picture.
    pub fn new(host: Host) -> Self {
        Self {
            host,
            picture: None,
            terms: Terms::Free,
            part: Part::WHOLE,
            fixed: None,
            is_turned_back: false,
            view: None,
        }
    }

    /// What the page says of the picture.
    pub fn picture(&self) -> Option<&Picture> {
        self.picture.as_ref()
    }

    /// The page says which picture it is.
    pub fn found(&mut self, picture: Picture) {
        self.picture = Some(picture);
    }

    /// The pixels that are edited are those of a part of the picture, or those that stand at `fixed`. `terms` say when the page gets them.
    pub fn obtained(&mut self, terms: Terms, part: Part, fixed: Option<Affine>) {
        self.terms = terms;
        self.part = part;
        self.fixed = fixed;
    }

    /// The page shows the pixels, `image` by size, as they are stored. Its measures are those of the turn that the file asks for.
    pub fn turned_back(&mut self, image: Size) {
        let natural = self.picture.as_ref().map(|picture| picture.geometry.natural);
        self.is_turned_back = natural.is_some_and(|n| (n.width > n.height) != (image.width > image.height));
        if let Some(picture) = self.picture.as_mut().filter(|_| self.is_turned_back) {
            picture.geometry.natural = transposed(picture.geometry.natural);
        }
    }

    /// What has to happen before the result is put into the page.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The picture (size in pixels) is there: it gets its first view.
    pub fn open(&mut self, image: Size, viewport: Size) {
        self.view = Some(match &self.picture {
            Some(picture) => self.host.view(image, viewport, self.home(&picture.geometry, image)),
            None => View::in_tab(image, viewport),
        });
    }

    /// There is no picture after all.
    pub fn close(&mut self) {
        self.view = None;
    }

    /// The user's view; none before there is a picture.
    pub fn view(&self) -> Option<&View> {
        self.view.as_ref()
    }

    /// The same, to zoom and pan.
    pub fn view_mut(&mut self) -> Option<&mut View> {
        self.view.as_mut()
    }

    /// The picture moved in the page. What is edited follows it as long as the user has not begun to work and all of it stays in sight: it never
    /// moves away from under the brush, nor out of the window with a carousel. With a change of the viewport it goes to where the picture is then.
    pub fn moved(&mut self, geometry: Geometry, viewport: Size) {
        if let Some(picture) = &mut self.picture {
            picture.geometry = geometry;
            if self.is_turned_back {
                picture.geometry.natural = transposed(picture.geometry.natural);
            }
        }
        let follows = match (&self.view, &self.picture) {
            (Some(view), _) if view.viewport != viewport => true,
            (Some(view), Some(picture)) => view.would_follow(self.home(&picture.geometry, view.image)),
            _ => false,
        };
        if follows {
            self.resized(viewport);
        }
    }

    /// The viewport changed.
    pub fn resized(&mut self, viewport: Size) {
        let Some(mut view) = self.view else { return };
        let follows = self.picture.as_ref().filter(|_| self.fixed.is_none());
        let home = follows.map(|picture| self.home(&picture.geometry, view.image));
        self.host.refit(&mut view, viewport, home);
        self.view = Some(view);
    }

    /// Where image pixels stand in the page.
    fn home(&self, geometry: &Geometry, image: Size) -> Affine {
        if let Some(fixed) = self.fixed {
            return fixed;
        }
        let part = self.part;
        let whole = Size { width: image.width / part.width, height: image.height / part.height };
        let corner = Affine::translation(part.x * whole.width, part.y * whole.height);
        corner.then(&placement(geometry, whole.width, whole.height))
    }

    /// While there are only questions yet: a view to place the toolbar by, and the corners of the page's own picture, where
    /// it shows.
    pub fn before_opening(&self, viewport: Size) -> (View, Option<[Point; 4]>) {
        let Some(picture) = self.picture.as_ref().filter(|_| self.host.shows_page()) else {
            return (View::in_tab(Size { width: 1.0, height: 1.0 }, viewport), None);
        };
        let size = picture.geometry.natural;
        let home = placement(&picture.geometry, size.width, size.height);
        let mut view = View::in_tab(size, viewport);
        view.moved(viewport, home);
        (view, Some(home.corners(size.width, size.height)))
    }

    /// A point of the viewport (CSS pixels) in image pixels.
    pub fn image_point(&self, at: Point) -> Option<Point> {
        Some(self.view.as_ref()?.inverse()?.apply(at))
    }
}

fn transposed(size: Size) -> Size {
    Size { width: size.height, height: size.width }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::examples::{plain_geometry, plain_picture};

    const VIEWPORT: Size = Size { width: 1000.0, height: 800.0 };

    fn picture(center: Point) -> Picture {
        plain_picture(plain_geometry(Size { width: 400.0, height: 300.0 }, center))
    }

    #[test]
    fn parts_are_fractions_of_the_picture_or_of_each_other() {
        let left = Part::of(Rect { x: 0, y: 0, width: 100, height: 100 }, 200.0, 100.0);
        let middle = Part { x: 0.25, y: 0.0, width: 0.5, height: 1.0 };
        let both = left.and(middle).expect("some");
        assert_eq!(both, Part { x: 0.25, y: 0.0, width: 0.25, height: 1.0 });
        assert_eq!(both.within(middle), Part { x: 0.0, y: 0.0, width: 0.5, height: 1.0 });
        assert_eq!(left.and(Part { x: 0.6, ..middle }), None);
    }

    fn corner(scene: &Scene) -> Point {
        scene.view().expect("open").map().apply(Point { x: 0.0, y: 0.0 })
    }

    #[test]
    fn the_picture_is_painted_where_the_page_shows_it_until_the_user_works_on_it() {
        let mut scene = Scene::new(Host::Shim);
        scene.found(picture(Point { x: 300.0, y: 250.0 }));
        scene.open(Size { width: 400.0, height: 300.0 }, VIEWPORT);
        assert_eq!(corner(&scene), Point { x: 100.0, y: 100.0 });
        assert_eq!(scene.image_point(Point { x: 110.0, y: 120.0 }), Some(Point { x: 10.0, y: 20.0 }));
        let at = |x: f64, y: f64| picture(Point { x, y }).geometry;
        scene.moved(at(300.0, 200.0), VIEWPORT);
        assert_eq!(corner(&scene), Point { x: 100.0, y: 50.0 }, "the page scrolled");
        scene.moved(at(-300.0, 200.0), VIEWPORT);
        assert_eq!(corner(&scene), Point { x: 100.0, y: 50.0 }, "it does not leave with a carousel");
        scene.view_mut().expect("open").settle();
        scene.moved(at(310.0, 230.0), VIEWPORT);
        assert_eq!(corner(&scene), Point { x: 100.0, y: 50.0 }, "nor from under the brush");
        scene.moved(at(310.0, 230.0), Size { width: 1000.0, height: 790.0 });
        assert_eq!(corner(&scene), Point { x: 110.0, y: 80.0 }, "the window changed");
        scene.close();
        assert!(scene.view().is_none());
    }

    #[test]
    fn a_picture_that_is_not_turned_is_fitted_as_it_is_seen() {
        let mut scene = Scene::new(Host::Shim);
        let mut seen = picture(Point { x: 300.0, y: 250.0 });
        seen.geometry.natural = Size { width: 300.0, height: 400.0 };
        seen.geometry.fit = "contain".into();
        let image = Size { width: 400.0, height: 300.0 };
        scene.found(seen.clone());
        scene.turned_back(image);
        scene.open(image, VIEWPORT);
        assert_eq!(corner(&scene), Point { x: 100.0, y: 100.0 });
        seen.geometry.center.y = 220.0;
        scene.moved(seen.geometry, VIEWPORT);
        assert_eq!(corner(&scene), Point { x: 100.0, y: 70.0 });
    }

    #[test]
    fn a_part_of_the_picture_stands_where_that_part_is() {
        let mut scene = Scene::new(Host::Shim);
        scene.found(picture(Point { x: 300.0, y: 250.0 }));
        scene.obtained(Terms::Free, Part { x: 0.1, y: 0.1, width: 0.9, height: 0.9 }, None);
        scene.open(Size { width: 720.0, height: 540.0 }, VIEWPORT);
        let corner = corner(&scene);
        assert!((corner.x - 140.0).abs() < 1e-9 && (corner.y - 130.0).abs() < 1e-9, "{corner:?}");
    }

    #[test]
    fn a_turned_capture_stays_where_it_was_taken() {
        let mut scene = Scene::new(Host::Shim);
        scene.found(picture(Point { x: 300.0, y: 250.0 }));
        scene.obtained(Terms::Free, Part::WHOLE, Some(Affine::translation(7.0, 8.0)));
        scene.open(Size { width: 400.0, height: 300.0 }, VIEWPORT);
        scene.moved(picture(Point { x: 0.0, y: 0.0 }).geometry, VIEWPORT);
        assert_eq!(corner(&scene), Point { x: 7.0, y: 8.0 });
    }

    #[test]
    fn questions_stand_beside_the_pages_picture() {
        let mut scene = Scene::new(Host::Shim);
        assert!(scene.before_opening(VIEWPORT).1.is_none(), "nobody knows yet where it is");
        scene.found(picture(Point { x: 300.0, y: 250.0 }));
        let corners = scene.before_opening(VIEWPORT).1.expect("it shows in the page");
        assert_eq!((corners[0], corners[2]), (Point { x: 100.0, y: 100.0 }, Point { x: 500.0, y: 400.0 }));
        let mut tab = Scene::new(Host::Tab);
        tab.found(picture(Point { x: 300.0, y: 250.0 }));
        assert!(tab.before_opening(VIEWPORT).1.is_none(), "in a tab of our own it does not show");
    }
}
