//! The overlay's state, and what keeps the screen in step with it.

use super::super::affine::Affine;
use super::super::history::History;
use super::super::mask::Mask;
use super::super::placement::placement;
use super::super::remaining::Remaining;
use super::super::variations::Variations;
use super::super::view::View;
use super::canvas::{Shown, context};
use super::dom::{Dom, attribute, document, reduced_motion, root, style, window};
use super::engine::Engine;
use super::mask_layer::MaskLayer;
use super::notice::Asking;
use super::page::Page;
use super::pointer::Gesture;
use super::preview::Shape;
use super::settings::Settings;
use super::variations::Variation;
use crate::browser::i18n;
use crate::model_client::ModelClient;
use crate::protocol::engine::{EngineEvent, FileFormat, JobId, Stage};
use crate::protocol::models::Model;
use crate::protocol::page::{PageEvent, Picture};
use crate::protocol::{Failure, Geometry, Point, Size};
use crate::ui::sentences;
use futures::channel::oneshot;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;

/// What the overlay is doing, as `html[data-state]` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Opening,
    Painting,
    Asking,
    Running,
    Done,
    Failed,
    Closing,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Painting => "painting",
            Self::Asking => "asking",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Closing => "closing",
        }
    }
}

/// What the pointer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    Brush,
    Eraser,
    Rectangle,
    Lasso,
}

/// Tools with the id of their button and the key of their name.
pub(super) const TOOLS: [(Tool, &str, &str); 4] = [
    (Tool::Brush, "tool-brush", "toolBrush"),
    (Tool::Eraser, "tool-eraser", "toolEraser"),
    (Tool::Rectangle, "tool-rectangle", "toolRectangle"),
    (Tool::Lasso, "tool-lasso", "toolLasso"),
];

/// The part of the displayed picture that is edited, as fractions of it: all of it, except for a capture of a picture
/// that is partly out of sight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Part {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Part {
    pub(super) const WHOLE: Self = Self { x: 0.0, y: 0.0, width: 1.0, height: 1.0 };
}

/// Milliseconds between two positions of the marching outline.
const MARCH: u32 = 120;

/// See the module.
pub(super) struct App {
    pub dom: Dom,
    pub in_tab: bool,
    pub page: RefCell<Option<Rc<Page>>>,
    pub engine: Engine,
    pub picture: RefCell<Option<Picture>>,
    pub part: Cell<Part>,
    /// Where a capture stands that no part of the picture describes, because the picture is turned or skewed.
    pub fixed: Cell<Option<Affine>>,
    pub shown: RefCell<Option<Shown>>,
    pub view: RefCell<Option<View>>,
    pub mask: RefCell<Mask>,
    pub history: RefCell<History>,
    pub state: Cell<State>,
    pub tool: Cell<Tool>,
    /// Brush radius, image pixels.
    pub radius: Cell<f64>,
    pub gesture: RefCell<Gesture>,
    pub space_held: Cell<bool>,
    /// Where the keyboard paints, image pixels; none until an arrow key is pressed.
    pub cursor: Cell<Option<Point>>,
    pub pointer: Cell<Option<Point>>,
    /// The line to the models on this machine.
    pub store: RefCell<Option<Rc<ModelClient>>>,
    /// Every model that is on this machine or can be had.
    pub models: RefCell<Vec<Model>>,
    /// What fills the hole: `instant`, or a model.
    pub method: RefCell<String>,
    pub job: Cell<Option<JobId>>,
    pub remaining: Cell<Remaining>,
    pub shape: RefCell<Option<Shape>>,
    pub last_job: Cell<JobId>,
    pub variations: RefCell<Variations<Variation>>,
    pub settings: RefCell<Settings>,
    /// Erase by itself after a rest.
    pub erase_on_release: Cell<bool>,
    /// Counts up with every touch of the mask: a rest is over when it moved on.
    pub rest: Cell<u32>,
    /// How many fills are saved, copied or in the page.
    pub kept: Cell<usize>,
    pub native_format: Cell<FileFormat>,
    pub comparing: Cell<bool>,
    pub asking: RefCell<Asking>,
    /// The question that shows is whether to close.
    pub asked_to_close: Cell<bool>,
    /// A fill, or saving, copying or replacing, is under way: nothing else may touch picture or mask.
    pub busy: Cell<bool>,
    /// Stops the saving, copying or replacing that runs.
    pub stop_work: RefCell<Option<oneshot::Sender<()>>>,
    layer: RefCell<MaskLayer>,
    frame_requested: Cell<bool>,
    mask_stale: Cell<bool>,
    phase: Cell<i64>,
    renderer: RefCell<Option<Closure<dyn FnMut()>>>,
}

impl App {
    pub(super) fn new(in_tab: bool) -> Result<Rc<Self>, Failure> {
        let dom = Dom::find();
        let layer = MaskLayer::new(context(&dom.mask)?, [0x2f, 0x6f, 0xed]);
        let app = Rc::new_cyclic(|weak: &std::rc::Weak<Self>| {
            let weak = weak.clone();
            Self {
                dom,
                in_tab,
                page: RefCell::default(),
                engine: Engine::new(move |event, blobs| {
                    if let Some(app) = weak.upgrade() {
                        app.heard(&event, blobs);
                    }
                }),
                picture: RefCell::default(),
                part: Cell::new(Part::WHOLE),
                fixed: Cell::new(None),
                shown: RefCell::default(),
                view: RefCell::default(),
                mask: RefCell::new(Mask::new(0, 0)),
                history: RefCell::default(),
                state: Cell::new(State::Opening),
                tool: Cell::new(Tool::Brush),
                radius: Cell::new(1.0),
                gesture: RefCell::default(),
                space_held: Cell::new(false),
                cursor: Cell::new(None),
                pointer: Cell::new(None),
                store: RefCell::default(),
                models: RefCell::default(),
                method: RefCell::new("instant".into()),
                job: Cell::new(None),
                remaining: Cell::default(),
                shape: RefCell::default(),
                last_job: Cell::new(0),
                variations: RefCell::default(),
                settings: RefCell::default(),
                erase_on_release: Cell::new(true),
                rest: Cell::new(0),
                kept: Cell::new(0),
                native_format: Cell::new(FileFormat::Png),
                comparing: Cell::new(false),
                asking: RefCell::default(),
                asked_to_close: Cell::new(false),
                busy: Cell::new(false),
                stop_work: RefCell::default(),
                layer: RefCell::new(layer),
                frame_requested: Cell::new(false),
                mask_stale: Cell::new(true),
                phase: Cell::new(0),
                renderer: RefCell::default(),
            }
        });
        let renderer = Rc::downgrade(&app);
        *app.renderer.borrow_mut() = Some(Closure::new(move || {
            if let Some(app) = renderer.upgrade() {
                app.render();
            }
        }));
        Ok(app)
    }

    pub(super) fn has_picture(&self) -> bool {
        self.shown.borrow().is_some()
    }

    /// How many fills show.
    pub(super) fn fills(&self) -> usize {
        self.history.borrow().fills()
    }

    /// Something would be lost by closing.
    pub(super) fn unsaved(&self) -> bool {
        self.fills() > 0 && self.fills() != self.kept.get()
    }

    pub(super) fn set_state(&self, state: State) {
        self.state.set(state);
        attribute(&root(), "data-state", state.name());
        self.sync_buttons();
        self.request_frame();
    }

    /// The resting state after a job, a question or a failure.
    pub(super) fn settle(&self) {
        if self.state.get() == State::Closing {
            return;
        }
        let painted = self.mask.borrow().extent().is_some();
        self.set_state(match () {
            () if self.busy.get() => State::Running,
            () if !self.has_picture() => State::Opening,
            () if self.fills() > 0 && !painted => State::Done,
            () => State::Painting,
        });
    }

    /// Enables what can be done.
    pub(super) fn sync_buttons(&self) {
        let running = matches!(self.state.get(), State::Running | State::Closing);
        let (undo, redo) = self.history.borrow().can();
        let edited = self.picture.borrow().as_ref().is_some_and(|p| p.edited);
        for (id, enabled) in [
            ("undo", undo && !running),
            ("redo", redo && !running),
            ("erase", !running),
            ("again", !running && self.last_hole().is_some()),
            ("clear", !running),
            ("invert", !running),
            ("save", !running),
            ("copy", !running),
            ("done", !running),
            ("compare", self.fills() > 0),
            ("revert", !running && (self.fills() > 0 || edited)),
        ] {
            self.dom.button(id).set_disabled(!enabled);
        }
    }

    /// Where image pixels stand for these measurements.
    pub(super) fn home(&self, geometry: &Geometry, width: f64, height: f64) -> Affine {
        if let Some(fixed) = self.fixed.get() {
            return fixed;
        }
        let part = self.part.get();
        let (whole_width, whole_height) = (width / part.width, height / part.height);
        Affine::translation(part.x * whole_width, part.y * whole_height).then(&placement(
            geometry,
            whole_width,
            whole_height,
        ))
    }

    /// Shows the picture at its place and makes the mask for it.
    pub(super) fn place(self: &Rc<Self>) {
        let Some((width, height)) = self.shown.borrow().as_ref().map(Shown::size) else { return };
        let image = Size { width: f64::from(width), height: f64::from(height) };
        let view = match &*self.picture.borrow() {
            Some(picture) if !self.in_tab => {
                let home = self.home(&picture.geometry, image.width, image.height);
                View::in_page(image, viewport(), home)
            }
            _ => View::in_tab(image, viewport()),
        };
        *self.view.borrow_mut() = Some(view);
        *self.mask.borrow_mut() = Mask::new(width, height);
        self.history.borrow_mut().clear();
        self.variations.borrow_mut().clear();
        // 6 % of the short side, as a diameter.
        self.set_radius((image.width.min(image.height) * 0.03).max(1.0));
        attribute(&root(), "data-image", &format!("{width}x{height}"));
        self.layer.borrow_mut().accent = accent().unwrap_or([0x2f, 0x6f, 0xed]);
    }

    /// The page told something.
    pub(super) fn page_event(self: &Rc<Self>, event: PageEvent) {
        match event {
            PageEvent::Moved { geometry } => {
                if let Some(picture) = &mut *self.picture.borrow_mut() {
                    picture.geometry = geometry;
                }
                self.replace();
            }
            PageEvent::Gone if self.state.get() == State::Closing => {}
            // What runs goes on: its result can still be saved.
            PageEvent::Gone if self.busy.get() => self.hint(Failure::Gone.message_key()),
            PageEvent::Gone => self.fail(Failure::Gone, |_| {}),
        }
    }

    /// The viewport or the picture's place changed.
    pub(super) fn replace(&self) {
        let Some((width, height)) = self.shown.borrow().as_ref().map(Shown::size) else {
            self.request_frame();
            return;
        };
        let image = Size { width: f64::from(width), height: f64::from(height) };
        if let (Some(view), Some(picture)) = (&mut *self.view.borrow_mut(), &*self.picture.borrow()) {
            if self.in_tab {
                view.refitted(viewport());
            } else if self.fixed.get().is_none() {
                let home = self.home(&picture.geometry, image.width, image.height);
                view.moved(viewport(), home);
            }
        }
        self.mask_changed();
    }

    /// The engine tells something.
    fn heard(self: &Rc<Self>, event: &EngineEvent, blobs: Vec<Blob>) {
        match *event {
            EngineEvent::Progressed { job, stage, done } => self.progressed(job, stage, done),
            EngineEvent::Preview { job, x, y, side } if self.job.get() == Some(job) => {
                let Some(blob) = blobs.into_iter().next() else { return };
                let app = Rc::clone(self);
                spawn_local(async move {
                    // A preview that cannot be shown is not worth failing for.
                    let _ = app.show_preview(&blob, x, y, f64::from(side)).await;
                });
            }
            EngineEvent::Preview { .. } => {}
        }
    }

    /// The engine came further.
    fn progressed(&self, job: Option<JobId>, stage: Stage, done: f32) {
        if job.is_some() && job != self.job.get() {
            return;
        }
        match stage {
            Stage::Queued => self.progress(&i18n::text("progressQueued", &[]), None),
            // What is prepared while the user paints is not spoken of.
            Stage::Loading if self.job.get().is_none() => {}
            Stage::Reading => {}
            Stage::Loading | Stage::Filling => {
                let key = if stage == Stage::Loading { "progressLoading" } else { "progressFilling" };
                let percent = format!("{:.0}", done * 100.0);
                self.progress(&i18n::text(key, &[&percent]), Some(f64::from(done)));
            }
            Stage::Encoding => self.progress(&i18n::text("progressLooking", &[]), None),
            Stage::Denoising { step, steps } => {
                let now = window().performance().map_or(0.0, |performance| performance.now());
                let (at, of) = (step.to_string(), steps.to_string());
                let mut remaining = self.remaining.get();
                let left = remaining.after(now, step, steps);
                self.remaining.set(remaining);
                let text = match left.filter(|_| step < steps).and_then(sentences::time_left) {
                    Some(left) => i18n::text("progressStepLeft", &[&at, &of, &left]),
                    None => i18n::text("progressStep", &[&at, &of]),
                };
                self.progress(&text, Some(f64::from(step) / f64::from(steps)));
            }
            Stage::Decoding => self.progress(&i18n::text("progressPixels", &[]), Some(1.0)),
            Stage::Blending => self.progress(&i18n::text("progressBlending", &[]), Some(1.0)),
            Stage::Writing => self.progress(&i18n::text("progressEncoding", &[]), None),
        }
    }

    /// Sets the brush radius (image pixels) within what the picture allows, and the slider with it.
    pub(super) fn set_radius(&self, radius: f64) {
        let (small, large) = self.radius_range();
        let radius = radius.clamp(small, large);
        self.radius.set(radius);
        let along = (radius / small).ln() / (large / small).ln();
        self.dom.size.set_value(&format!("{along:.4}"));
        let pixels = format!("{:.0}", radius * 2.0);
        attribute(&self.dom.size, "aria-valuetext", &i18n::text("statusSize", &[&pixels]));
        self.request_frame();
    }

    /// Logarithmic: from the slider's 0..1 to a radius.
    pub(super) fn radius_at(&self, along: f64) -> f64 {
        let (small, large) = self.radius_range();
        small * (large / small).powf(along)
    }

    fn radius_range(&self) -> (f64, f64) {
        let mask = self.mask.borrow();
        let short = f64::from(mask.width().min(mask.height()).max(8));
        (0.5, short / 2.0)
    }

    /// The mask, or where it is drawn, changed.
    pub(super) fn mask_changed(&self) {
        self.mask_stale.set(true);
        self.request_frame();
    }

    /// Makes the mask again from the history.
    pub(super) fn replay_mask(&self) {
        self.mask.borrow_mut().replay(self.history.borrow().ops());
        self.mask_changed();
    }

    /// Draws once before the next repaint, however often it is asked for.
    pub(super) fn request_frame(&self) {
        if self.frame_requested.replace(true) {
            return;
        }
        if let Some(renderer) = &*self.renderer.borrow() {
            // Only a window without a document could refuse.
            let _ = window().request_animation_frame(renderer.as_ref().unchecked_ref());
        }
    }

    /// Moves the outline on as long as the overlay lives.
    pub(super) fn march(self: &Rc<Self>) {
        if reduced_motion() {
            return;
        }
        let app = Rc::downgrade(self);
        gloo_timers::callback::Interval::new(MARCH, move || {
            if let Some(app) = app.upgrade().filter(|a| a.mask.borrow().extent().is_some()) {
                app.phase.set(app.phase.get() + 1);
                app.mask_changed();
            }
        })
        .forget();
    }

    fn render(&self) {
        self.frame_requested.set(false);
        let view = self.view.borrow();
        let Some(view) = &*view else {
            self.render_before_opening();
            return;
        };
        let map = view.map();
        let Affine { a, b, c, d, e, f } = map;
        style(&self.dom.picture, "transform", &format!("matrix({a}, {b}, {c}, {d}, {e}, {f})"));
        style(&self.dom.picture, "--zoom", &map.scale().to_string());
        attribute(&root(), "data-view", &format!("[{a},{b},{c},{d},{e},{f}]"));
        if map.scale() > 3.0 {
            attribute(&root(), "data-pixelated", "");
        } else {
            // Absent is what is wanted.
            let _ = root().remove_attribute("data-pixelated");
        }
        let corners = map.corners(view.image.width, view.image.height);
        self.light(&corners);
        if self.mask_stale.replace(false) {
            self.draw_mask(view, &map);
        }
        self.draw_ring(&map);
        self.place_dock(*view);
    }

    /// While there are only questions yet: the page's own picture stays lit, and they stand beside it.
    fn render_before_opening(&self) {
        let picture = self.picture.borrow();
        let Some(geometry) = picture.as_ref().map(|p| &p.geometry).filter(|_| !self.in_tab) else {
            return self.place_dock(View::in_tab(Size { width: 1.0, height: 1.0 }, viewport()));
        };
        let size = geometry.natural;
        let home = placement(geometry, size.width, size.height);
        self.light(&home.corners(size.width, size.height));
        let mut view = View::in_tab(size, viewport());
        view.moved(viewport(), home);
        self.place_dock(view);
    }

    /// Dims everything but a quadrilateral.
    fn light(&self, corners: &[Point; 4]) {
        let hole: Vec<String> =
            corners.iter().chain(&corners[..1]).map(|p| format!("{:.2}px {:.2}px", p.x, p.y)).collect();
        style(
            &self.dom.dim,
            "clip-path",
            &format!("polygon(evenodd, 0 0, 100% 0, 100% 100%, 0 100%, 0 0, {})", hole.join(", ")),
        );
    }

    fn draw_mask(&self, view: &View, map: &Affine) {
        let (width, height) = (view.viewport.width.round() as u32, view.viewport.height.round() as u32);
        if (self.dom.mask.width(), self.dom.mask.height()) != (width, height) {
            self.dom.mask.set_width(width);
            self.dom.mask.set_height(height);
        }
        let mask = self.mask.borrow();
        let mut layer = self.layer.borrow_mut();
        layer.draw(&self.dom.mask, &mask, map, self.phase.get());
        if let Some((outline, closed)) = self.gesture.borrow().outline() {
            let outline: Vec<Point> = outline.into_iter().map(|p| map.apply(p)).collect();
            layer.outline(&outline, closed);
        }
        if let Some(extent) = mask.extent() {
            let [x, y, w, h] = [extent.x, extent.y, extent.width, extent.height].map(f64::from);
            let corners = Affine::translation(x, y).then(map).corners(w, h);
            let points: Vec<String> = corners.iter().map(|p| format!("{:.1}px {:.1}px", p.x, p.y)).collect();
            style(&self.dom.shimmer, "clip-path", &format!("polygon({})", points.join(", ")));
        }
    }

    fn draw_ring(&self, map: &Affine) {
        let brushing = matches!(self.tool.get(), Tool::Brush | Tool::Eraser) && !self.space_held.get();
        let at = match self.cursor.get() {
            Some(cursor) => Some(map.apply(cursor)),
            None => self.pointer.get().filter(|_| brushing),
        };
        let Some(at) = at.filter(|_| self.has_picture()) else {
            self.dom.ring.set_hidden(true);
            return;
        };
        let diameter = (self.radius.get() * 2.0 * map.scale()).max(3.0);
        self.dom.ring.set_hidden(false);
        style(&self.dom.ring, "width", &format!("{diameter:.2}px"));
        style(&self.dom.ring, "height", &format!("{diameter:.2}px"));
        let (x, y) = (at.x - diameter / 2.0, at.y - diameter / 2.0);
        style(&self.dom.ring, "transform", &format!("translate({x:.2}px, {y:.2}px)"));
    }

    fn place_dock(&self, view: View) {
        let size = self.dom.dock.get_bounding_client_rect();
        let at = view.dock(Size { width: size.width(), height: size.height() });
        style(&self.dom.dock, "left", &format!("{:.0}px", at.x));
        style(&self.dom.dock, "top", &format!("{:.0}px", at.y));
    }
}

/// Size of this frame, CSS pixels.
pub(super) fn viewport() -> Size {
    let side = |value: Result<JsValue, JsValue>| value.ok().and_then(|v| v.as_f64()).unwrap_or(1.0);
    Size { width: side(window().inner_width()), height: side(window().inner_height()) }
}

/// The accent colour as the style sheet resolves it, whatever notation it is in.
fn accent() -> Option<[u8; 3]> {
    let tool = document().query_selector("[role=radio][aria-checked=true]").ok()??;
    let colour = window().get_computed_style(&tool).ok()??.get_property_value("background-color").ok()?;
    let canvas: web_sys::HtmlCanvasElement = document().create_element("canvas").ok()?.unchecked_into();
    canvas.set_width(1);
    canvas.set_height(1);
    let context = context(&canvas).ok()?;
    context.set_fill_style_str(&colour);
    context.fill_rect(0.0, 0.0, 1.0, 1.0);
    let data = context.get_image_data(0.0, 0.0, 1.0, 1.0).ok()?.data();
    (data[3] == 255).then(|| [data[0], data[1], data[2]])
}
