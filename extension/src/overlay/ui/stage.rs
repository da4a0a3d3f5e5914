//! What the user looks at and works on: the picture in its place, and the hand over it.

use super::frames::Frames;
use super::painter::{Painter, viewport};
use super::screen::{Edit, Screen};
use crate::overlay::hand::Hand;
use crate::overlay::host::Host;
use crate::overlay::scene::Scene;
use crate::protocol::{Failure, Point, Size};
use crate::ui::dom::{by_id, style, window};
use std::cell::RefCell;
use std::rc::Rc;
use web_sys::HtmlElement;

/// Enlargement of one press of `+`.
pub(super) const ZOOM_STEP: f64 = 1.25;

/// See the module.
pub(super) struct Stage {
    pub element: HtmlElement,
    pub scene: RefCell<Scene>,
    pub hand: RefCell<Hand>,
    pub screen: Screen,
    pub painter: Painter,
    pub frames: Rc<Frames>,
}

impl Stage {
    pub(super) fn find(host: Host, frames: &Rc<Frames>) -> Result<Self, Failure> {
        Ok(Self {
            element: by_id("stage"),
            scene: RefCell::new(Scene::new(host)),
            hand: RefCell::default(),
            screen: Screen::find(frames),
            painter: Painter::find()?,
            frames: Rc::clone(frames),
        })
    }

    /// Draws a frame. `paints` says whether the brush would.
    pub(super) fn draw(&self, edit: &Edit, paints: bool) {
        let dock = self.painter.dock_size();
        if let Some(view) = self.scene.borrow_mut().view_mut() {
            let framing = edit.framed();
            let (width, height) = framing.size();
            let image = Size { width: f64::from(width), height: f64::from(height) };
            if view.reframe(framing.map(), image, dock) {
                self.painter.mask_changed();
            }
            if edit.is_painted() {
                view.settle();
            }
            if view.make_room(dock) {
                self.painter.mask_changed();
            }
        }
        self.painter.draw(&self.screen, &self.scene.borrow(), edit, &self.hand.borrow(), paints, dock);
    }

    /// The mask changed, or where it is drawn did.
    pub(super) fn mask_changed(&self) {
        self.painter.mask_changed();
        self.frames.request();
    }

    /// The viewport changed.
    pub(super) fn resized(&self) {
        self.scene.borrow_mut().resized(viewport());
        self.mask_changed();
    }

    /// A point of the viewport (CSS pixels) in image pixels.
    pub(super) fn image_point(&self, at: Point) -> Option<Point> {
        self.scene.borrow().image_point(at)
    }

    /// Zooms about the pointer, or about the middle of what is in sight.
    pub(super) fn zoom(&self, factor: f64) {
        let about = self.hand.borrow().pointer;
        if let Some(view) = self.scene.borrow_mut().view_mut() {
            view.zoom(factor, about.unwrap_or(view.middle()));
        }
        self.mask_changed();
    }

    /// Shows each pixel of the picture on one of the screen.
    pub(super) fn actual_size(&self) {
        if let Some(view) = self.scene.borrow_mut().view_mut() {
            view.zoom_to(1.0 / window().device_pixel_ratio());
        }
        self.mask_changed();
    }

    /// Moves the picture back to where it began. If it is there already, fits it to the window.
    pub(super) fn whole_picture(&self) {
        let dock = self.painter.dock_size();
        if let Some(view) = self.scene.borrow_mut().view_mut() {
            view.whole(dock);
        }
        self.mask_changed();
    }

    /// While the space bar is held, dragging moves the picture.
    pub(super) fn hold_space(&self, held: bool) {
        let before = std::mem::replace(&mut self.hand.borrow_mut().space_held, held);
        if before != held {
            self.cursor(if held { "grab" } else { "" });
            self.frames.request();
        }
    }

    /// Sets the shape of the mouse pointer over the picture. An empty shape stands for that of the style sheet.
    pub(super) fn cursor(&self, shape: &str) {
        style(&self.screen.canvas, "cursor", shape);
    }

    /// Puts the keyboard's focus on the picture.
    pub(super) fn focus(&self) {
        let _ = self.screen.canvas.focus();
    }
}
