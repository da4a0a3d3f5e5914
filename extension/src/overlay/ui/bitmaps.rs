//! Canvases and decoded pictures, as the browser makes them.

use crate::browser::bitmap::{self, Bitmap, in_time};
use crate::browser::{bytes, object, refused, words};
use crate::overlay::likeness;
use crate::overlay::scene::Part;
use crate::picture_size;
use crate::protocol::{Failure, Rect};
use crate::ui::dom::{document, window};
use js_sys::Promise;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, CanvasRenderingContext2d, HtmlCanvasElement, HtmlImageElement, ImageBitmapOptions, Url};

/// Decodes as the browser displays: upright, in the screen's colours.
pub(super) async fn bitmap(blob: &Blob) -> Result<Bitmap, Failure> {
    Bitmap::decode(blob, &ImageBitmapOptions::new()).await
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

/// A canvas that is not in the page.
pub(super) fn scratch(width: u32, height: u32) -> Result<(HtmlCanvasElement, CanvasRenderingContext2d), Failure> {
    let canvas: HtmlCanvasElement = document().create_element("canvas").map_err(refused)?.unchecked_into();
    canvas.set_width(width);
    canvas.set_height(height);
    let context = context(&canvas)?;
    Ok((canvas, context))
}

/// Draws an SVG document at `width` by `height` pixels and packs it as PNG. Its own size does not matter, but that of what it embeds does.
pub(super) async fn rasterised(svg: &Blob, width: u32, height: u32) -> Result<Blob, Failure> {
    if svg.size() > picture_size::LONGEST_DRAWING {
        return Err(Failure::Undecodable { detail: "the file is too long".into() });
    }
    picture_size::check_drawing(&bytes::read(svg).await?)?;
    drawn_as_image(svg, |_| Ok((width, height))).await
}

/// What an image element shows of a picture's file, packed as PNG: more than a bitmap of a damaged file, which the browser refuses to make.
pub(super) async fn as_shown(file: &Blob) -> Result<Blob, Failure> {
    bitmap::size(file).await?;
    drawn_as_image(file, Loaded::size).await
}

/// Draws a file through an image element, with the width and height in pixels that `size` gives, and packs it as PNG.
async fn drawn_as_image(
    file: &Blob,
    size: impl FnOnce(&Loaded) -> Result<(u32, u32), Failure>,
) -> Result<Blob, Failure> {
    let loaded = in_time(Loaded::new(file)).await?;
    let decoding = JsFuture::from(loaded.image.decode());
    in_time(async { decoding.await.map_err(|error| Failure::Undecodable { detail: words(&error) }) }).await?;
    let size = size(&loaded)?;
    let (canvas, context) = scratch(size.0, size.1)?;
    loaded.draw(&context, size)?;
    to_png(&canvas).await
}

/// A file in an image element.
pub(super) struct Loaded {
    image: HtmlImageElement,
    url: String,
}

impl Loaded {
    /// Has the browser read the file, whose size is accepted. Nothing is decoded yet.
    pub(super) async fn new(file: &Blob) -> Result<Self, Failure> {
        let url = Url::create_object_url_with_blob(file).map_err(refused)?;
        let loaded = Self { image: HtmlImageElement::new().map_err(refused)?, url };
        let loading = Promise::new(&mut |resolve, reject| {
            loaded.image.set_onload(Some(&resolve));
            loaded.image.set_onerror(Some(&reject));
        });
        loaded.image.set_src(&loaded.url);
        let undecodable = |_| Failure::Undecodable { detail: "an image element does not load it".into() };
        JsFuture::from(loading).await.map_err(undecodable)?;
        Ok(loaded)
    }

    /// Width and height in pixels, upright.
    pub(super) fn size(&self) -> Result<(u32, u32), Failure> {
        let size = (self.image.natural_width(), self.image.natural_height());
        // The header may have lied.
        picture_size::check(size).map(|()| size)
    }

    /// Draws it with the top left corner at the origin.
    pub(super) fn draw(&self, context: &CanvasRenderingContext2d, size: (u32, u32)) -> Result<(), Failure> {
        let (width, height) = (f64::from(size.0), f64::from(size.1));
        context.draw_image_with_html_image_element_and_dw_and_dh(&self.image, 0.0, 0.0, width, height).map_err(refused)
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        self.image.set_onload(None);
        self.image.set_onerror(None);
        // Cannot fail for an URL that was made.
        let _ = Url::revoke_object_url(&self.url);
    }
}

/// A part of a picture at the size at which pictures are compared: straight RGBA.
pub(super) fn thumb(picture: &Bitmap, part: Part) -> Result<Vec<u8>, Failure> {
    let side = f64::from(likeness::SIDE);
    let (_, context) = scratch(likeness::SIDE, likeness::SIDE)?;
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    let [x, y, w, h] = [part.x * width, part.y * height, part.width * width, part.height * height];
    context
        .draw_image_with_image_bitmap_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
            picture, x, y, w, h, 0.0, 0.0, side, side,
        )
        .map_err(refused)?;
    Ok(context.get_image_data(0.0, 0.0, side, side).map_err(refused)?.data().0)
}

/// A part of a decoded picture, packed as PNG.
pub(super) async fn cropped(picture: &Bitmap, rect: Rect) -> Result<Blob, Failure> {
    let (canvas, context) = scratch(rect.width, rect.height)?;
    context.draw_image_with_image_bitmap(picture, -f64::from(rect.x), -f64::from(rect.y)).map_err(refused)?;
    to_png(&canvas).await
}

/// What a canvas shows, packed as PNG.
pub(super) async fn to_png(canvas: &HtmlCanvasElement) -> Result<Blob, Failure> {
    let promise = Promise::new(&mut |resolve, _| {
        // A canvas that cannot be read answers null below.
        let _ = canvas.to_blob(&resolve);
    });
    let blob = JsFuture::from(promise).await.map_err(refused)?;
    blob.dyn_into().map_err(|_| Failure::Unreadable { detail: "the canvas gives no pixels".into() })
}
