//! Decoding and encoding with the browser's own codecs, through a canvas.

use super::failure::failure;
use crate::browser::bitmap::Bitmap;
use crate::browser::{bytes, refused};
use crate::protocol::Failure;
use wasm_bindgen::{Clamped, JsCast};
use wasm_bindgen_futures::JsFuture;
use wasm_core::pixels::Image;
use web_sys::{
    Blob, ColorSpaceConversion, ImageBitmapOptions, ImageData, ImageEncodeOptions, ImageOrientation, OffscreenCanvas,
    OffscreenCanvasRenderingContext2d, PremultiplyAlpha,
};

/// Decodes with the browser, which gives exactly the pixels that the page shows. The picture is upright.
///
/// `keep_colours` keeps the file's own colour values, which are then saved with its profile; otherwise they become sRGB.
///
/// # Errors
/// Those of [`Bitmap::decode`].
pub(super) async fn decode(blob: &Blob, keep_colours: bool) -> Result<Image, Failure> {
    let options = ImageBitmapOptions::new();
    options.set_premultiply_alpha(PremultiplyAlpha::None);
    options.set_color_space_conversion(if keep_colours {
        ColorSpaceConversion::None
    } else {
        ColorSpaceConversion::Default
    });
    options.set_image_orientation(ImageOrientation::FromImage);
    let bitmap = Bitmap::decode(blob, &options).await?;
    let (width, height) = (bitmap.width(), bitmap.height());
    let canvas = OffscreenCanvas::new(width, height).map_err(refused)?;
    let context = context(&canvas)?;
    context.draw_image_with_image_bitmap(&bitmap, 0.0, 0.0).map_err(refused)?;
    drop(bitmap);
    let pixels = context
        .get_image_data(0.0, 0.0, f64::from(width), f64::from(height))
        .map_err(|_| Failure::TooLarge { width, height })?;
    Image::new(width, height, pixels.data().0).map_err(failure)
}

/// Encodes a lossy WebP with the browser.
///
/// # Errors
/// [`Failure::Internal`] when it cannot.
pub(super) async fn encode_webp(image: &Image, quality: f32) -> Result<Vec<u8>, Failure> {
    let canvas = OffscreenCanvas::new(image.width(), image.height()).map_err(refused)?;
    let context = context(&canvas)?;
    let data = ImageData::new_with_u8_clamped_array_and_sh(Clamped(image.rgba()), image.width(), image.height())
        .map_err(refused)?;
    context.put_image_data(&data, 0.0, 0.0).map_err(refused)?;
    let options = ImageEncodeOptions::new();
    options.set_type("image/webp");
    options.set_quality(f64::from(quality));
    let encoding = canvas.convert_to_blob_with_options(&options).map_err(refused)?;
    let blob: Blob = JsFuture::from(encoding).await.map_err(refused)?.unchecked_into();
    if blob.type_() != "image/webp" {
        return Err(Failure::Internal { detail: format!("asked for WebP, got {}", blob.type_()) });
    }
    bytes::read(&blob).await
}

fn context(canvas: &OffscreenCanvas) -> Result<OffscreenCanvasRenderingContext2d, Failure> {
    // The pixels are read back at once, so the canvas should not be on the GPU.
    let options = crate::browser::object(&[("willReadFrequently", true.into())]);
    let context = canvas.get_context_with_context_options("2d", &options).map_err(refused)?;
    context
        .map(JsCast::unchecked_into)
        .ok_or_else(|| Failure::TooLarge { width: canvas.width(), height: canvas.height() })
}
