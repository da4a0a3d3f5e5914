//! The picture on the screen: the source as the browser shows it, and the fills laid on.

use super::dom::{document, window};
use crate::browser::{object, refused, words};
use crate::protocol::{Failure, Rect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, CanvasRenderingContext2d, HtmlCanvasElement, HtmlImageElement, ImageBitmap, Url};

/// Length of a thumbnail's longer side, in CSS pixels.
const THUMBNAIL: f64 = 88.0;

/// Another result of a fill, for a small picture of it.
pub(super) struct ThumbnailOf<'a> {
    /// How many fills it lies on.
    pub fill: usize,
    pub rect: Rect,
    pub patch: &'a ImageBitmap,
}

/// See the module.
pub(super) struct Shown {
    context: CanvasRenderingContext2d,
    base: ImageBitmap,
    fills: Vec<(Rect, ImageBitmap)>,
}

impl Shown {
    /// Decodes `source` and draws it into `canvas`, which takes the picture's size.
    pub(super) async fn open(canvas: &HtmlCanvasElement, source: &Blob) -> Result<Self, Failure> {
        let base = bitmap(source).await?;
        if base.width() == 0 || base.height() == 0 {
            return Err(Failure::EmptyImage);
        }
        let shown = Self { context: context(canvas)?, base, fills: vec![] };
        canvas.set_width(shown.base.width());
        canvas.set_height(shown.base.height());
        shown.draw(0)?;
        Ok(shown)
    }

    /// Width and height in pixels.
    pub(super) fn size(&self) -> (u32, u32) {
        (self.base.width(), self.base.height())
    }

    /// Draws the source with the first `fills` fills on it.
    pub(super) fn draw(&self, fills: usize) -> Result<(), Failure> {
        let (width, height) = self.size();
        self.context.set_global_alpha(1.0);
        self.context.clear_rect(0.0, 0.0, f64::from(width), f64::from(height));
        self.context
            .draw_image_with_image_bitmap(&self.base, 0.0, 0.0)
            .map_err(|_| Failure::TooLarge { width, height })?;
        for (rect, patch) in &self.fills[..fills.min(self.fills.len())] {
            lay(&self.context, *rect, patch)?;
        }
        Ok(())
    }

    /// Adds a fill behind the first `applied`; those after them are given up.
    pub(super) fn push(&mut self, applied: usize, rect: Rect, patch: ImageBitmap) {
        self.fills.truncate(applied);
        self.fills.push((rect, patch));
    }

    /// Draws a canvas over what shows, until it is drawn anew.
    pub(super) fn lay_canvas(&self, canvas: &HtmlCanvasElement, rect: Rect) -> Result<(), Failure> {
        let (x, y) = (f64::from(rect.x), f64::from(rect.y));
        self.context.draw_image_with_html_canvas_element(canvas, x, y).map_err(refused)
    }

    /// Draws the last fill over what shows, at an opacity below 1: one frame of a cross-fade.
    pub(super) fn fade(&self, alpha: f64) -> Result<(), Failure> {
        let Some((rect, patch)) = self.fills.last() else { return Ok(()) };
        self.context.set_global_alpha(alpha);
        let drawn =
            self.context.draw_image_with_image_bitmap(patch, f64::from(rect.x), f64::from(rect.y)).map_err(refused);
        self.context.set_global_alpha(1.0);
        drawn
    }

    /// A result with some of its surroundings.
    pub(super) fn thumbnail(&self, of: &ThumbnailOf<'_>) -> Result<HtmlCanvasElement, Failure> {
        let (width, height) = (f64::from(self.base.width()), f64::from(self.base.height()));
        let [x, y, w, h] = [of.rect.x, of.rect.y, of.rect.width, of.rect.height].map(f64::from);
        // A third of the hole's longer side around it, and no shape that is a mere line.
        let margin = w.max(h) / 3.0;
        let side = |at: f64, length: f64, other: f64, all: f64| {
            let wanted = (length + 2.0 * margin).max((other + 2.0 * margin) / 1.5).min(all);
            ((at + length / 2.0 - wanted / 2.0).clamp(0.0, all - wanted), wanted)
        };
        let ((left, across), (top, down)) = (side(x, w, h, width), side(y, h, w, height));
        let scale = THUMBNAIL / across.max(down) * window().device_pixel_ratio().max(1.0);
        let pixels = |length: f64| (length * scale).round().max(1.0) as u32;
        let (canvas, context) = scratch(pixels(across), pixels(down))?;
        context.scale(scale, scale).map_err(refused)?;
        context.translate(-left, -top).map_err(refused)?;
        let layers = self.fills[..of.fill.min(self.fills.len())].iter().map(|(rect, patch)| (*rect, patch));
        context.draw_image_with_image_bitmap(&self.base, 0.0, 0.0).map_err(refused)?;
        for (rect, patch) in layers.chain([(of.rect, of.patch)]) {
            lay(&context, rect, patch)?;
        }
        Ok(canvas)
    }

    /// The smallest rectangle around the first `fills` fills; none without any.
    pub(super) fn changed(&self, fills: usize) -> Option<Rect> {
        self.fills[..fills.min(self.fills.len())].iter().map(|(rect, _)| *rect).reduce(|a, b| {
            let (x, y) = (a.x.min(b.x), a.y.min(b.y));
            let right = (a.x + a.width).max(b.x + b.width);
            let bottom = (a.y + a.height).max(b.y + b.height);
            Rect { x, y, width: right - x, height: bottom - y }
        })
    }
}

fn lay(context: &CanvasRenderingContext2d, rect: Rect, patch: &ImageBitmap) -> Result<(), Failure> {
    let [x, y, width, height] = [rect.x, rect.y, rect.width, rect.height].map(f64::from);
    // Clear first: a patch may be more transparent than what it replaces.
    context.clear_rect(x, y, width, height);
    context.draw_image_with_image_bitmap(patch, x, y).map_err(refused)
}

/// Decodes as the browser displays: upright, in the screen's colours.
pub(super) async fn bitmap(blob: &Blob) -> Result<ImageBitmap, Failure> {
    let undecodable = |e: JsValue| Failure::Undecodable { detail: words(&e) };
    let decoding = window().create_image_bitmap_with_blob(blob).map_err(undecodable)?;
    Ok(JsFuture::from(decoding).await.map_err(undecodable)?.unchecked_into())
}

/// A 2D context that keeps the colours of wide-gamut screens.
pub(super) fn context(canvas: &HtmlCanvasElement) -> Result<CanvasRenderingContext2d, Failure> {
    let wide = window().match_media("(color-gamut: p3)").ok().flatten().is_some_and(|q| q.matches());
    let options = object(&[("colorSpace", if wide { "display-p3" } else { "srgb" }.into())]);
    canvas
        .get_context_with_context_options("2d", &options)
        .map_err(refused)?
        .map(JsCast::unchecked_into)
        .ok_or_else(|| Failure::Internal { detail: "no 2D canvas".into() })
}

/// Draws an SVG document at `width` by `height` pixels and packs it as PNG.
pub(super) async fn rasterised(svg: &Blob, width: u32, height: u32) -> Result<Blob, Failure> {
    let url = Url::create_object_url_with_blob(svg).map_err(refused)?;
    let image = HtmlImageElement::new().map_err(refused)?;
    image.set_src(&url);
    let decoded = JsFuture::from(image.decode()).await;
    let result = match decoded {
        Err(error) => Err(Failure::Undecodable { detail: words(&error) }),
        Ok(_) => {
            let (canvas, context) = scratch(width, height)?;
            context
                .draw_image_with_html_image_element_and_dw_and_dh(&image, 0.0, 0.0, f64::from(width), f64::from(height))
                .map_err(refused)?;
            to_png(&canvas).await
        }
    };
    // Revoking cannot fail for a URL that was just made.
    let _ = Url::revoke_object_url(&url);
    result
}

/// A part of a decoded picture, packed as PNG.
pub(super) async fn cropped(picture: &ImageBitmap, rect: Rect) -> Result<Blob, Failure> {
    let (canvas, context) = scratch(rect.width, rect.height)?;
    context.draw_image_with_image_bitmap(picture, -f64::from(rect.x), -f64::from(rect.y)).map_err(refused)?;
    to_png(&canvas).await
}

pub(super) fn scratch(width: u32, height: u32) -> Result<(HtmlCanvasElement, CanvasRenderingContext2d), Failure> {
    let canvas: HtmlCanvasElement = document().create_element("canvas").map_err(refused)?.unchecked_into();
    canvas.set_width(width);
    canvas.set_height(height);
    let context = context(&canvas)?;
    Ok((canvas, context))
}

async fn to_png(canvas: &HtmlCanvasElement) -> Result<Blob, Failure> {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        // A canvas that cannot be read answers null below.
        let _ = canvas.to_blob(&resolve);
    });
    let blob = JsFuture::from(promise).await.map_err(refused)?;
    blob.dyn_into().map_err(|_| Failure::Unreadable { detail: "the canvas gives no pixels".into() })
}
