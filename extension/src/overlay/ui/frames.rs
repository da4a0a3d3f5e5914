//! Draws at most once before each repaint, however often a drawing is requested.

use crate::ui::dom::window;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;

/// See the module.
#[derive(Default)]
pub(super) struct Frames {
    requested: Cell<bool>,
    renderer: RefCell<Option<Closure<dyn FnMut()>>>,
}

impl Frames {
    /// Sets the function that draws a frame.
    pub(super) fn draw_with(self: &Rc<Self>, mut render: impl FnMut() + 'static) {
        let frames = Rc::downgrade(self);
        *self.renderer.borrow_mut() = Some(Closure::new(move || {
            if let Some(frames) = frames.upgrade() {
                frames.requested.set(false);
            }
            render();
        }));
    }

    /// Draws before the next repaint.
    pub(super) fn request(&self) {
        if self.requested.replace(true) {
            return;
        }
        if let Some(renderer) = &*self.renderer.borrow() {
            // Only a window without a document could refuse.
            let _ = window().request_animation_frame(renderer.as_ref().unchecked_ref());
        }
    }
}
