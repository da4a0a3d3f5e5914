//! What is drawn anew before a repaint: the picture's place, the mask over it, the brush's ring, the toolbar's place.

use super::bitmaps::context;
use super::mask_layer::MaskLayer;
use super::screen::{Edit, Screen};
use super::view_layer::ViewLayer;
use crate::browser::i18n;
use crate::masks::outline::bounds;
use crate::overlay::affine::Affine;
use crate::overlay::hand::Hand;
use crate::overlay::scene::Scene;
use crate::overlay::tool::Drag;
use crate::overlay::view::{View, into_sight};
use crate::protocol::{Failure, Point, Size};
use crate::ui::dom::{attribute, by_id, document, root, style, window};
use std::cell::{Cell, RefCell};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlCanvasElement, HtmlElement};

/// The tint of the mask where the style sheet gives none.
const ACCENT: [u8; 3] = [0x2f, 0x6f, 0xed];
/// Screen pixels per image pixel above which single image pixels are shown as squares.
const PIXELATED: f64 = 3.0;
/// The smallest diameter of the ring, CSS pixels, and of one that has room for a number.
const MIN_RING: f64 = 3.0;
const MIN_LABELLED: f64 = 90.0;
/// Diameter of the ring that points at a thing, CSS pixels.
const POINTING: f64 = 16.0;
/// CSS pixels between a smaller one and the number below it, as in the style sheet.
const BELOW: f64 = 6.0;

/// See the module.
pub(super) struct Painter {
    picture: HtmlElement,
    frame: HtmlElement,
    proposal: HtmlElement,
    ring: HtmlElement,
    ring_size: HtmlElement,
    percent: HtmlElement,
    /// Percent that the zoom shows.
    shown_percent: Cell<i32>,
    shimmer: HtmlElement,
    dim: HtmlElement,
    dock: HtmlElement,
    view: ViewLayer,
    layer: RefCell<MaskLayer>,
    /// The mask changed, or where it is drawn did.
    stale: Cell<bool>,
    /// How far the outline has marched, CSS pixels.
    march: Cell<i64>,
}

impl Painter {
    pub(super) fn find() -> Result<Self, Failure> {
        Ok(Self {
            picture: by_id("picture"),
            frame: by_id("frame"),
            ring: by_id("ring"),
            ring_size: by_id("ring-size"),
            proposal: by_id("proposal"),
            percent: by_id("zoom-percent"),
            shown_percent: Cell::default(),
            shimmer: by_id("shimmer"),
            dim: by_id("dim"),
            dock: by_id("dock"),
            view: ViewLayer::find()?,
            layer: RefCell::new(MaskLayer::find(ACCENT)?),
            stale: Cell::new(true),
            march: Cell::default(),
        })
    }

    /// Takes the tint of the mask from the style sheet.
    pub(super) fn find_accent(&self) {
        self.layer.borrow_mut().accent = accent().unwrap_or(ACCENT);
    }

    /// The mask changed, or where it is drawn did.
    pub(super) fn mask_changed(&self) {
        self.stale.set(true);
    }

    /// Moves the outline on.
    pub(super) fn march(&self) {
        self.march.set(self.march.get() + 1);
        self.mask_changed();
    }

    /// Draws everything. `paints` says whether the brush would paint, `dock` is what [`Painter::dock_size`] gives.
    pub(super) fn draw(&self, screen: &Screen, scene: &Scene, edit: &Edit, hand: &Hand, paints: bool, dock: Size) {
        let Some(view) = scene.view() else {
            self.view.clear();
            let (view, picture) = scene.before_opening(viewport());
            // While there are only questions, the page's own picture stays lit, and they stand beside it.
            if let Some(corners) = picture {
                self.light(&corners);
            }
            return self.place_dock(&view, dock);
        };
        let map = view.map();
        self.place_picture(view, &map);
        self.view.draw(
            screen,
            view.viewport,
            &map,
            map.scale() > PIXELATED,
            edit.framing().map(|framing| framing.part),
        );
        self.light(&view.corners());
        if self.stale.replace(false) {
            self.draw_mask(view, &map, edit, hand);
        }
        self.draw_ring(view, hand, paints);
        self.place_dock(view, dock);
    }

    fn place_picture(&self, view: &View, map: &Affine) {
        let Affine { a, b, c, d, e, f } = map;
        for (element, Affine { a, b, c, d, e, f }) in [(&self.picture, map), (&self.frame, &view.placed())] {
            style(element, "transform", &format!("matrix({a}, {b}, {c}, {d}, {e}, {f})"));
            style(element, "--zoom", &map.scale().to_string());
        }
        style(&self.frame, "inline-size", &format!("{}px", view.image.width));
        style(&self.frame, "block-size", &format!("{}px", view.image.height));
        // It knows its own place in the picture.
        let placed = format!("matrix({a}, {b}, {c}, {d}, {e}, {f}) translate(var(--x, 0), var(--y, 0))");
        style(&self.proposal, "transform", &placed);
        let percent = (map.scale() * window().device_pixel_ratio() * 100.0).round() as i32;
        if self.shown_percent.replace(percent) != percent {
            let shown = i18n::text("zoomPercent", &[&percent.to_string()]);
            self.percent.set_text_content(Some(&shown));
            // Its name begins with what is to be read on it.
            let name = format!("{shown} · {}", i18n::text("zoomActual", &[]));
            attribute(&by_id::<HtmlElement>("zoom-actual"), "aria-label", &name);
        }
        attribute(&root(), "data-view", &format!("[{a},{b},{c},{d},{e},{f}]"));
        if map.scale() > PIXELATED {
            attribute(&root(), "data-pixelated", "");
        } else {
            // Absent is what is wanted.
            let _ = root().remove_attribute("data-pixelated");
        }
    }

    /// Dims everything but a quadrilateral.
    fn light(&self, corners: &[Point; 4]) {
        let hole: Vec<String> =
            corners.iter().chain(&corners[..1]).map(|p| format!("{:.2}px {:.2}px", p.x, p.y)).collect();
        let hole = hole.join(", ");
        style(&self.dim, "clip-path", &format!("polygon(evenodd, 0 0, 100% 0, 100% 100%, 0 100%, 0 0, {hole})"));
    }

    fn draw_mask(&self, view: &View, map: &Affine, edit: &Edit, hand: &Hand) {
        let window = (view.viewport.width.round() as i64, view.viewport.height.round() as i64);
        let outline = hand.gesture.outline();
        let outline: Option<(Vec<Point>, bool)> =
            outline.map(|(points, closed)| (points.into_iter().map(|p| map.apply(p)).collect(), closed));
        let dragged = outline.as_ref().map(|(points, closed)| (points.as_slice(), *closed));
        self.layer.borrow_mut().draw(edit.mask(), map, &view.corners(), self.march.get(), dragged, window);
        if let Some(extent) = edit.filling().or(edit.mask().extent()) {
            let [x, y, w, h] = [extent.x, extent.y, extent.width, extent.height].map(f64::from);
            let corners = Affine::translation(x, y).then(map).corners(w, h);
            self.place_shimmer(&corners);
        }
    }

    /// Only over the hole: without a GPU, the browser draws all of an element anew that something moves in.
    fn place_shimmer(&self, corners: &[Point; 4]) {
        let (left, top, right, bottom) = bounds(corners);
        let sides = [("left", left), ("top", top), ("inline-size", right - left), ("block-size", bottom - top)];
        for (name, length) in sides {
            style(&self.shimmer, name, &format!("{length:.1}px"));
        }
        let points: Vec<String> = corners.iter().map(|p| format!("{:.1}px {:.1}px", p.x - left, p.y - top)).collect();
        style(&self.shimmer, "clip-path", &format!("polygon({})", points.join(", ")));
    }

    fn draw_ring(&self, view: &View, hand: &Hand, paints: bool) {
        let map = view.map();
        let (in_image, on_screen) = hand.ring();
        let sizing = hand.sizing.then(|| view.middle());
        let at = in_image.map(|at| map.apply(at)).or(on_screen).or(sizing);
        let Some(at) = at.filter(|_| paints) else {
            self.ring.set_hidden(true);
            return;
        };
        // What points at a thing has no width.
        let points = matches!(hand.tool.drag, Drag::Select | Drag::Crop) && !hand.sizing;
        let width = if points { POINTING } else { hand.radius() * 2.0 * map.scale() };
        let diameter = width.max(MIN_RING);
        self.ring.set_hidden(false);
        self.ring_size.set_hidden(!hand.sizing);
        if hand.sizing {
            self.ring_size.set_text_content(Some(&i18n::text("brushPixels", &[&hand.pixels()])));
            let below = diameter < MIN_LABELLED;
            self.ring_size.set_class_name(if below { "below" } else { "" });
            let size = Size {
                width: f64::from(self.ring_size.offset_width()),
                height: f64::from(self.ring_size.offset_height()),
            };
            let down = if below { diameter / 2.0 + BELOW + size.height / 2.0 } else { 0.0 };
            let shift = into_sight(Point { x: at.x, y: at.y + down }, size, view.viewport);
            style(&self.ring_size, "transform", &format!("translate({:.0}px, {:.0}px)", shift.x, shift.y));
        }
        style(&self.ring, "width", &format!("{diameter:.2}px"));
        style(&self.ring, "height", &format!("{diameter:.2}px"));
        let (x, y) = (at.x - diameter / 2.0, at.y - diameter / 2.0);
        style(&self.ring, "transform", &format!("translate({x:.2}px, {y:.2}px)"));
    }

    /// Size of the toolbar with the lines above it, CSS pixels. The browser has to lay the page out for it, so that one look a frame is enough.
    pub(super) fn dock_size(&self) -> Size {
        let rect = self.dock.get_bounding_client_rect();
        Size { width: rect.width(), height: rect.height() }
    }

    fn place_dock(&self, view: &View, dock: Size) {
        let at = view.dock(dock);
        style(&self.dock, "left", &format!("{:.0}px", at.x));
        style(&self.dock, "top", &format!("{:.0}px", at.y));
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
    let canvas: HtmlCanvasElement = document().create_element("canvas").ok()?.unchecked_into();
    canvas.set_width(1);
    canvas.set_height(1);
    let context = context(&canvas).ok()?;
    context.set_fill_style_str(&colour);
    context.fill_rect(0.0, 0.0, 1.0, 1.0);
    let data = context.get_image_data(0.0, 0.0, 1.0, 1.0).ok()?.data();
    (data[3] == 255).then(|| [data[0], data[1], data[2]])
}
