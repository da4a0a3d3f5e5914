//! The picture on the screen: the source as the browser shows it, with the document's results drawn on it.
//!
//! A projection of the document: [`Screen::sync`] draws what is missing. In between, a preview of a fill that runs or a
//! fade between two results may be drawn there.

use super::bitmaps::{bitmap, context, scratch};
use super::frames::Frames;
use super::stencil::Stencil;
use crate::browser::bitmap::{self, Bitmap};
use crate::browser::refused;
use crate::overlay::affine::Affine;
use crate::overlay::document::{Document, FillResult, Hole};
use crate::overlay::framing::turn;
use crate::overlay::projection::{Drawing, ResultId, drawing};
use crate::protocol::{Failure, Rect};
use crate::ui::dom::{attribute, by_id, reduced_motion, root, style, window};
use gloo_timers::future::TimeoutFuture;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use web_sys::{Blob, CanvasRenderingContext2d, HtmlCanvasElement};

/// Length of a thumbnail's longer side, in CSS pixels.
const THUMBNAIL: f64 = 88.0;
/// Length of the cross-fade into a result, milliseconds.
const FADE: f64 = 150.0;
/// Pause between two frames of the cross-fade, milliseconds.
const FADE_FRAME: u32 = 16;
/// Class of a picture that is not opaque.
const CHECKER: &str = "checker";

/// The pixels of a result.
#[derive(Clone)]
pub(super) struct Pixels {
    /// As the engine gave them.
    pub patch: Blob,
    /// The same, decoded.
    pub picture: Rc<Bitmap>,
}

/// The overlay's document.
pub(super) type Edit = Document<Pixels>;

/// Number of pixels above which a picture is shown reduced. Canvas and source take 4 bytes a pixel each.
const FULL: f64 = 40e6;

/// By how much the sides of a picture are divided to be shown.
fn reduction((width, height): (u32, u32)) -> f64 {
    (f64::from(width) * f64::from(height) / FULL).sqrt().ceil().max(1.0)
}

/// What is open: the canvas to draw into, and the source picture.
struct Open {
    /// Draws in pixels of the picture, whatever the canvas has.
    context: CanvasRenderingContext2d,
    /// In as many pixels as the canvas.
    source: Bitmap,
    /// Width and height of the picture in pixels.
    size: (u32, u32),
}

/// What of the canvas has changed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Unseen {
    #[default]
    Nothing,
    /// These pixels of the picture.
    Part(Rect),
    All,
}

/// See the module.
pub(super) struct Screen {
    pub canvas: HtmlCanvasElement,
    open: RefCell<Option<Open>>,
    /// The results that are drawn; none while something else is drawn over the picture.
    drawn: RefCell<Option<Vec<ResultId>>>,
    /// The user compares: the original shows instead of the results.
    comparing: Cell<bool>,
    /// Counts the drawings, so that a fade notices when something else has been drawn.
    drawings: Cell<u32>,
    /// What of the canvas has changed and is not seen yet.
    unseen: Cell<Unseen>,
    frames: Rc<Frames>,
    /// The hole that is being filled.
    stencil: RefCell<Option<Stencil>>,
}

impl Screen {
    pub(super) fn find(frames: &Rc<Frames>) -> Self {
        Self {
            canvas: by_id("picture"),
            open: RefCell::default(),
            drawn: RefCell::default(),
            comparing: Cell::default(),
            drawings: Cell::default(),
            unseen: Cell::default(),
            frames: Rc::clone(frames),
            stencil: RefCell::default(),
        }
    }

    /// Decodes `file` and draws it; the canvas takes its size, or less of it above [`FULL`]. Gives width and height in pixels.
    pub(super) async fn open(&self, file: &Blob) -> Result<(u32, u32), Failure> {
        let (across, down) = bitmap::size(file).await?;
        let opened =
            if reduction((across, down)) > 1.0 { self.open_reduced(file).await } else { self.open_full(file).await };
        let open = opened?;
        let size = open.size;
        *self.open.borrow_mut() = Some(open);
        *self.drawn.borrow_mut() = Some(vec![]);
        self.changed(Unseen::All);
        Ok(size)
    }

    async fn open_full(&self, file: &Blob) -> Result<Open, Failure> {
        let source = bitmap(file).await?;
        let size = (source.width(), source.height());
        let open = Open { context: self.resized(size)?, source, size };
        open.draw_source()?;
        Ok(open)
    }

    /// All of the picture is in memory for as short as possible.
    async fn open_reduced(&self, file: &Blob) -> Result<Open, Failure> {
        let mut open = self.open_full(file).await?;
        open.source = Bitmap::of_canvas(&self.canvas).await?;
        Ok(open)
    }

    /// Gives the canvas the size for a picture of `size`, and a context that draws in pixels of the picture.
    fn resized(&self, size: (u32, u32)) -> Result<CanvasRenderingContext2d, Failure> {
        let (width, height) = size;
        let reduction = reduction(size);
        let side = |length: u32| (f64::from(length) / reduction).ceil() as u32;
        self.canvas.set_width(side(width));
        self.canvas.set_height(side(height));
        style(&self.canvas, "width", &format!("{width}px"));
        style(&self.canvas, "height", &format!("{height}px"));
        let scale = |canvas: u32, picture: u32| f64::from(canvas) / f64::from(picture);
        let context = context(&self.canvas)?;
        context.scale(scale(self.canvas.width(), width), scale(self.canvas.height(), height)).map_err(refused)?;
        Ok(context)
    }

    /// There is no picture after all.
    pub(super) fn close(&self) {
        self.open.take();
        self.canvas.set_width(0);
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.borrow().is_some()
    }

    /// The canvas has changed, which is to be seen with the next frame.
    fn changed(&self, what: Unseen) {
        let before = self.unseen.get();
        self.unseen.set(if before == Unseen::Nothing || before == what { what } else { Unseen::All });
        self.frames.request();
    }

    /// What of the canvas has changed since the last call.
    pub(super) fn take_unseen(&self) -> Unseen {
        self.unseen.take()
    }

    /// Whether what is drawn is what is wanted, and not something on the way there.
    pub(super) fn is_settled(&self) -> bool {
        self.drawn.borrow().is_some()
    }

    /// Width and height in pixels.
    pub(super) fn size(&self) -> Option<(u32, u32)> {
        self.open.borrow().as_ref().map(|open| open.size)
    }

    /// Marks the picture as not opaque: a checkerboard shows through it.
    pub(super) fn is_transparent(&self) {
        // Only a malformed name could be refused.
        let _ = self.canvas.class_list().add_1(CHECKER);
    }

    /// Draws what the document shows.
    pub(super) fn sync(&self, document: &Edit) -> Result<(), Failure> {
        let Some(open) = &*self.open.borrow() else { return Ok(()) };
        let wanted = if self.comparing.get() { vec![] } else { document.showing_ids() };
        let Some(drawing) = drawing(self.drawn.borrow().as_deref(), &wanted) else { return Ok(()) };
        self.begin_drawing();
        // Absent is what is wanted.
        let _ = root().remove_attribute("data-fading");
        let first = match drawing {
            Drawing::Everything => {
                open.draw_source()?;
                0
            }
            Drawing::From(first) => first,
        };
        for result in document.showing().take(wanted.len()).skip(first) {
            lay(&open.context, result.rect, &result.pixels.picture)?;
        }
        *self.drawn.borrow_mut() = Some(wanted);
        self.changed(Unseen::All);
        Ok(())
    }

    /// A drawing begins. Until it is complete, what the screen shows is none of the document's states. Gives its number.
    fn begin_drawing(&self) -> u32 {
        *self.drawn.borrow_mut() = None;
        self.drawings.set(self.drawings.get().wrapping_add(1));
        self.drawings.get()
    }

    /// Switches between the original and what the document shows; [`Self::sync`] draws it. False where nothing changes.
    pub(super) fn compare(&self, comparing: bool) -> bool {
        self.comparing.replace(comparing) != comparing
    }

    /// Begins to fade into the document's newest result. Gives what [`Self::fade`] takes.
    pub(super) fn begin_fade(&self) -> u32 {
        // Until the fade is over, the canvas shows something in between.
        attribute(&root(), "data-fading", "");
        self.begin_drawing()
    }

    /// Fades into the document's newest result and then draws what the document shows. Ends as soon as something else is
    /// drawn.
    pub(super) async fn fade(&self, document: &RefCell<Edit>, fade: u32) -> Result<(), Failure> {
        let opaque = !self.canvas.class_list().contains(CHECKER);
        let newest = document.borrow().showing().last().map(|result| (result.rect, Rc::clone(&result.pixels.picture)));
        if let Some((rect, picture)) = newest.filter(|_| opaque && !reduced_motion()) {
            let performance = window().performance();
            let now = || performance.as_ref().map_or(FADE, |p| p.now());
            let start = now();
            let mut shown_so_far = 0.0;
            while now() - start < FADE && self.drawings.get() == fade && !self.comparing.get() {
                let wanted = ((now() - start) / FADE).clamp(0.0, 1.0);
                // Each frame is drawn over the one before, so its opacity is the share that is missing to the wanted total.
                let share: f64 = (wanted - shown_so_far) / (1.0 - shown_so_far + 1e-9);
                if let Some(open) = &*self.open.borrow() {
                    open.draw_at(&picture, rect, share.clamp(0.0, 1.0))?;
                }
                self.changed(Unseen::Part(rect));
                shown_so_far = wanted;
                TimeoutFuture::new(FADE_FRAME).await;
            }
        }
        if self.drawings.get() == fade { self.sync(&document.borrow()) } else { Ok(()) }
    }

    /// From here on previews of a fill of this hole may come.
    pub(super) fn expect_previews(&self, hole: &Hole) {
        // A preview that cannot be shown is not worth failing for.
        *self.stencil.borrow_mut() = Stencil::new(hole.rect, &hole.coverage).ok();
    }

    /// Shows what the fill is becoming: a square preview, whose corner and side are in pixels of the whole picture.
    pub(super) fn preview(&self, picture: &Bitmap, x: f64, y: f64, side: f64) -> Result<(), Failure> {
        if self.comparing.get() {
            return Ok(());
        }
        if let (Some(stencil), Some(open)) = (&*self.stencil.borrow(), &*self.open.borrow()) {
            self.begin_drawing();
            let cut = stencil.cut(picture, x, y, side)?;
            let (x, y) = (f64::from(stencil.rect.x), f64::from(stencil.rect.y));
            open.context.draw_image_with_html_canvas_element(&cut, x, y).map_err(refused)?;
            self.changed(Unseen::Part(stencil.rect));
            attribute(&root(), "data-preview", "");
        }
        Ok(())
    }

    /// No more previews; the last one stays until something else is drawn.
    pub(super) fn end_previews(&self) {
        self.stencil.take();
        // Absent is what is wanted.
        let _ = root().remove_attribute("data-preview");
    }

    /// A small picture of a result of the newest fill, with some of its surroundings.
    pub(super) fn thumbnail(
        &self,
        document: &Edit,
        result: &FillResult<Pixels>,
    ) -> Result<Option<HtmlCanvasElement>, Failure> {
        let Some(open) = &*self.open.borrow() else { return Ok(None) };
        let (width, height) = (f64::from(open.size.0), f64::from(open.size.1));
        let [x, y, w, h] = [result.rect.x, result.rect.y, result.rect.width, result.rect.height].map(f64::from);
        // A third of the hole's longer side around it, and no shape that is a mere line.
        let margin = w.max(h) / 3.0;
        let side = |at: f64, length: f64, other: f64, all: f64| {
            let wanted = (length + 2.0 * margin).max((other + 2.0 * margin) / 1.5).min(all);
            ((at + length / 2.0 - wanted / 2.0).clamp(0.0, all - wanted), wanted)
        };
        let ((left, across), (top, down)) = (side(x, w, h, width), side(y, h, w, height));
        let scale = THUMBNAIL / across.max(down) * window().device_pixel_ratio().max(1.0);
        let pixels = |length: f64| (length * scale).round().max(1.0) as u32;
        let turns = document.framed().turns;
        let (wide, high) = if turns % 2 == 1 { (down, across) } else { (across, down) };
        let (canvas, context) = scratch(pixels(wide), pixels(high))?;
        context.scale(scale, scale).map_err(refused)?;
        let Affine { a, b, c, d, e, f } = turn(turns, across, down);
        context.transform(a, b, c, d, e, f).map_err(refused)?;
        context.translate(-left, -top).map_err(refused)?;
        context.draw_image_with_image_bitmap_and_dw_and_dh(&open.source, 0.0, 0.0, width, height).map_err(refused)?;
        let below = document.fills().saturating_sub(1);
        for layer in document.showing().take(below).chain([result]) {
            lay(&context, layer.rect, &layer.pixels.picture)?;
        }
        Ok(Some(canvas))
    }
}

impl Open {
    fn draw_source(&self) -> Result<(), Failure> {
        let (width, height) = self.size;
        let (across, down) = (f64::from(width), f64::from(height));
        self.context.set_global_alpha(1.0);
        self.context.clear_rect(0.0, 0.0, across, down);
        self.context
            .draw_image_with_image_bitmap_and_dw_and_dh(&self.source, 0.0, 0.0, across, down)
            .map_err(|_| Failure::TooLarge { width, height })
    }

    /// Draws a result over what shows, at an opacity below 1.
    fn draw_at(&self, picture: &Bitmap, rect: Rect, alpha: f64) -> Result<(), Failure> {
        self.context.set_global_alpha(alpha);
        let (x, y) = (f64::from(rect.x), f64::from(rect.y));
        let drawn = self.context.draw_image_with_image_bitmap(picture, x, y).map_err(refused);
        self.context.set_global_alpha(1.0);
        drawn
    }
}

fn lay(context: &CanvasRenderingContext2d, rect: Rect, picture: &Bitmap) -> Result<(), Failure> {
    let [x, y, width, height] = [rect.x, rect.y, rect.width, rect.height].map(f64::from);
    // Clear first: a result may be more transparent than what it replaces.
    context.clear_rect(x, y, width, height);
    context.draw_image_with_image_bitmap(picture, x, y).map_err(refused)
}
