//! Canvases and decoded pictures, as the browser makes them.

use crate::browser::bitmap::{self, Bitmap};
use crate::browser::{bytes, object, refused, words};
use crate::picture_size;
use crate::protocol::{Failure, Rect};
use crate::ui::dom::{document, window};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, CanvasRenderingContext2d, HtmlCanvasElement, HtmlImageElement, ImageBitmapOptions, Url};

/// Maximum length of an SVG document in bytes.
const LONGEST_SVG: f64 = 33_554_432.0;

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
    if svg.size() > LONGEST_SVG {
        return Err(Failure::Undecodable { detail: "the file is too long".into() });
    }
    picture_size::check_drawing(&bytes::read(svg).await?)?;
    drawn_as_image(svg, |_| Ok((width, height))).await
}

/// What an image element shows of a picture's file, packed as PNG: more than a bitmap of a damaged file, which the browser refuses to make.
pub(super) async fn as_shown(file: &Blob) -> Result<Blob, Failure> {
    bitmap::size(file).await?;
    drawn_as_image(file, |image| {
        let size = (image.natural_width(), image.natural_height());
        // The header may have lied.
        picture_size::check(size).map(|()| size)
    })
    .await
}

/// Draws a file through an image element, with the width and height in pixels that `size` gives, and packs it as PNG.
async fn drawn_as_image(
    file: &Blob,
    size: impl FnOnce(&HtmlImageElement) -> Result<(u32, u32), Failure>,
) -> Result<Blob, Failure> {
    let url = Url::create_object_url_with_blob(file).map_err(refused)?;
    let image = HtmlImageElement::new().map_err(refused)?;
    image.set_src(&url);
    let result = async {
        JsFuture::from(image.decode()).await.map_err(|error| Failure::Undecodable { detail: words(&error) })?;
        let (width, height) = size(&image)?;
        let (canvas, context) = scratch(width, height)?;
        context
            .draw_image_with_html_image_element_and_dw_and_dh(&image, 0.0, 0.0, f64::from(width), f64::from(height))
            .map_err(refused)?;
        to_png(&canvas).await
    };
    let result = result.await;
    // Revoking cannot fail for a URL that was just made.
    let _ = Url::revoke_object_url(&url);
    result
}

/// A part of a decoded picture, packed as PNG.
pub(super) async fn cropped(picture: &Bitmap, rect: Rect) -> Result<Blob, Failure> {
    let (canvas, context) = scratch(rect.width, rect.height)?;
    context.draw_image_with_image_bitmap(picture, -f64::from(rect.x), -f64::from(rect.y)).map_err(refused)?;
    to_png(&canvas).await
}

async fn to_png(canvas: &HtmlCanvasElement) -> Result<Blob, Failure> {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        // A canvas that cannot be read answers null below.
        let _ = canvas.to_blob(&resolve);
    });
    let blob = JsFuture::from(promise).await.map_err(refused)?;
    blob.dyn_into().map_err(|_| Failure::Unreadable { detail: "the canvas gives no pixels".into() })
}
