//! Decoding and encoding with the browser's own codecs.

use super::failure::failure;
use crate::browser::bitmap::Bitmap;
use crate::browser::video_frame::Frame;
use crate::browser::{bytes, refused};
use crate::protocol::Failure;
use js_sys::Uint8Array;
use wasm_bindgen::{Clamped, JsCast};
use wasm_bindgen_futures::JsFuture;
use wasm_core::pixels::Image;
use web_sys::{
    Blob, ColorSpaceConversion, ImageBitmapOptions, ImageData, ImageEncodeOptions, ImageOrientation, OffscreenCanvas,
    OffscreenCanvasRenderingContext2d, PremultiplyAlpha, WebGl2RenderingContext as Gl,
};

/// Number of pixels that are read at a time.
const STRIP: u32 = 1 << 20;

/// Decodes with the browser, which gives exactly the pixels that the page shows. The picture is upright.
///
/// `keep_colours` keeps the file's own colour values, which are then saved with its profile; otherwise they become sRGB. `opaque` says that no pixel
/// is transparent: then the browser need not divide colours by their opacity, for which it copies the whole picture.
///
/// # Errors
/// Those of [`Bitmap::decode`].
pub(super) async fn decode(blob: &Blob, keep_colours: bool, opaque: bool) -> Result<Image, Failure> {
    let options = ImageBitmapOptions::new();
    options.set_premultiply_alpha(if opaque { PremultiplyAlpha::Default } else { PremultiplyAlpha::None });
    options.set_color_space_conversion(if keep_colours {
        ColorSpaceConversion::None
    } else {
        ColorSpaceConversion::Default
    });
    options.set_image_orientation(ImageOrientation::FromImage);
    let bitmap = Bitmap::decode(blob, &options).await?;
    let (width, height) = (bitmap.width(), bitmap.height());
    let mut rgba = match Frame::of(&bitmap) {
        Some(frame) => copied(&frame, width, height).await?,
        None => drawn(&bitmap)?,
    };
    // Both ways lead through premultiplied colours, which those of nearly transparent pixels do not survive.
    if !opaque && rgba.chunks_exact(4).any(|pixel| (1..255).contains(&pixel[3])) {
        straight(&bitmap, &mut rgba);
    }
    Image::new(width, height, rgba).map_err(failure)
}

/// Number of rows of a strip, and the top of each.
fn strips(width: u32, height: u32) -> (u32, impl Iterator<Item = u32>) {
    let rows = (STRIP / width).clamp(1, height);
    (rows, (0..height).step_by(rows as usize))
}

async fn copied(frame: &Frame, width: u32, height: u32) -> Result<Vec<u8>, Failure> {
    let (rows, tops) = strips(width, height);
    let row = width as usize * 4;
    let mut rgba = vec![0; row * height as usize];
    let strip = Uint8Array::new_with_length(rows * width * 4);
    for (top, part) in tops.zip(rgba.chunks_mut(row * rows as usize)) {
        frame.read(top, width, rows.min(height - top), &strip).await?;
        strip.subarray(0, part.len() as u32).copy_to(part);
        if frame.is_bgrx() {
            for pixel in part.chunks_exact_mut(4) {
                pixel.copy_from_slice(&[pixel[2], pixel[1], pixel[0], 255]);
            }
        }
    }
    Ok(rgba)
}

/// Reads straight colours, which the GPU hands out as they were decoded. Where it cannot, `rgba` stays.
fn straight(bitmap: &Bitmap, rgba: &mut [u8]) -> Option<()> {
    let (width, height) = (bitmap.width(), bitmap.height());
    let canvas = OffscreenCanvas::new(1, 1).ok()?;
    let gl: Gl = canvas.get_context("webgl2").ok()??.unchecked_into();
    let most = gl.get_parameter(Gl::MAX_TEXTURE_SIZE).ok()?.as_f64()? as u32;
    if width.max(height) > most {
        return None;
    }
    let (texture, frame) = (gl.create_texture()?, gl.create_framebuffer()?);
    gl.bind_texture(Gl::TEXTURE_2D, Some(&texture));
    let (format, kind) = (Gl::RGBA, Gl::UNSIGNED_BYTE);
    gl.tex_image_2d_with_u32_and_u32_and_image_bitmap(Gl::TEXTURE_2D, 0, format as i32, format, kind, bitmap).ok()?;
    gl.bind_framebuffer(Gl::FRAMEBUFFER, Some(&frame));
    gl.framebuffer_texture_2d(Gl::FRAMEBUFFER, Gl::COLOR_ATTACHMENT0, Gl::TEXTURE_2D, Some(&texture), 0);
    if gl.check_framebuffer_status(Gl::FRAMEBUFFER) != Gl::FRAMEBUFFER_COMPLETE {
        return None;
    }
    let (rows, tops) = strips(width, height);
    let mut strip = vec![0; rows as usize * width as usize * 4];
    for (top, part) in tops.zip(rgba.chunks_mut(strip.len())) {
        let (across, down) = (width as i32, rows.min(height - top) as i32);
        let read = gl.read_pixels_with_opt_u8_array(0, top as i32, across, down, format, kind, Some(&mut strip));
        // A context that was lost gives zeros: opacity tells, which both ways agree on.
        let same = part.chunks_exact(4).zip(strip.chunks_exact(4)).all(|(a, b)| a[3] == b[3]);
        read.ok().filter(|()| same)?;
        part.copy_from_slice(&strip[..part.len()]);
    }
    gl.delete_framebuffer(Some(&frame));
    gl.delete_texture(Some(&texture));
    Some(())
}

/// The same through a canvas.
fn drawn(bitmap: &Bitmap) -> Result<Vec<u8>, Failure> {
    let (width, height) = (bitmap.width(), bitmap.height());
    let (rows, tops) = strips(width, height);
    let mut rgba = Vec::with_capacity(width as usize * height as usize * 4);
    let canvas = OffscreenCanvas::new(width, rows).map_err(refused)?;
    let context = context(&canvas)?;
    for top in tops {
        let rows = f64::from(rows.min(height - top));
        context.clear_rect(0.0, 0.0, f64::from(width), rows);
        context.draw_image_with_image_bitmap(bitmap, 0.0, -f64::from(top)).map_err(refused)?;
        let strip = context.get_image_data(0.0, 0.0, f64::from(width), rows);
        rgba.extend_from_slice(&strip.map_err(|_| Failure::TooLarge { width, height })?.data());
    }
    Ok(rgba)
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
