//! Decoded pictures. Nothing else asks the browser to decode one.

use super::{bytes, refused, words};
use crate::picture_size::{self, Sides};
use crate::protocol::Failure;
use futures::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use js_sys::Promise;
use std::ops::Deref;
use std::pin::pin;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, HtmlCanvasElement, ImageBitmap, ImageBitmapOptions};

/// How many bytes of a file are looked at for its size, one after the other. Metadata may stand before it.
const HEADS: [f64; 3] = [65_536.0, 1_048_576.0, 33_554_432.0];
/// Maximum length of a file in bytes, beside what its pixels warrant: other frames, metadata.
const FILE: f64 = 268_435_456.0;
/// Maximum length of a file in bytes for each of its pixels: 16 bits a channel, uncompressed.
const FILE_PER_PIXEL: f64 = 8.0;
/// How long an image element may take for a file, milliseconds.
const LONGEST_DRAWN: u32 = 30_000;

#[wasm_bindgen]
extern "C" {
    // Windows and workers have it alike.
    #[wasm_bindgen(catch, js_name = createImageBitmap)]
    fn create_image_bitmap(blob: &Blob, options: &ImageBitmapOptions) -> Result<Promise, JsValue>;
    #[wasm_bindgen(catch, js_name = createImageBitmap)]
    fn create_image_bitmap_of_canvas(canvas: &HtmlCanvasElement) -> Result<Promise, JsValue>;
}

/// A decoded picture. Its pixels are freed when it is dropped: the browser would keep them until it collects garbage.
pub struct Bitmap(ImageBitmap);

impl Bitmap {
    /// Decodes a file whose size is accepted.
    ///
    /// # Errors
    /// Those of [`size`]; [`Failure::Undecodable`] when the browser does not know the format or the bytes are damaged.
    pub async fn decode(file: &Blob, options: &ImageBitmapOptions) -> Result<Self, Failure> {
        size(file).await?;
        let undecodable = |e| Failure::Undecodable { detail: words(&e) };
        let decoding = create_image_bitmap(file, options).map_err(undecodable)?;
        let bitmap = Self(JsFuture::from(decoding).await.map_err(undecodable)?.unchecked_into());
        // The header may have lied.
        picture_size::check((bitmap.width(), bitmap.height()))?;
        Ok(bitmap)
    }

    /// What a canvas shows.
    ///
    /// # Errors
    /// When the browser is out of memory.
    pub async fn of_canvas(canvas: &HtmlCanvasElement) -> Result<Self, Failure> {
        let copying = create_image_bitmap_of_canvas(canvas).map_err(refused)?;
        Ok(Self(JsFuture::from(copying).await.map_err(refused)?.unchecked_into()))
    }
}

impl Deref for Bitmap {
    type Target = ImageBitmap;

    fn deref(&self) -> &ImageBitmap {
        &self.0
    }
}

impl Drop for Bitmap {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The size of a picture, which is accepted, from the header of its file.
///
/// # Errors
/// Those of [`picture_size::check`]. [`Failure::Undecodable`] when there is no such header, or the file is longer than a picture of this size
/// can be.
pub async fn size(file: &Blob) -> Result<Sides, Failure> {
    let undecodable = |detail: &str| Failure::Undecodable { detail: detail.into() };
    for length in HEADS {
        if let Some(size) = picture_size::of(&bytes::read_head(file, length.min(file.size()) as usize).await?) {
            picture_size::check(size)?;
            let (width, height) = size;
            let longest = FILE + FILE_PER_PIXEL * f64::from(width) * f64::from(height);
            return if file.size() <= longest { Ok(size) } else { Err(undecodable("the file is too long")) };
        }
        if length >= file.size() {
            break;
        }
    }
    Err(undecodable("its header tells no size"))
}

/// What an image element is waited for: half a minute. With some drawings, it is never done.
///
/// # Errors
/// Those of `image`; [`Failure::Undecodable`] when it takes longer.
pub async fn in_time<T>(image: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    match select(pin!(image), TimeoutFuture::new(LONGEST_DRAWN)).await {
        Either::Left((result, _)) => result,
        Either::Right(_) => Err(Failure::Undecodable { detail: "drawing it takes too long".into() }),
    }
}
