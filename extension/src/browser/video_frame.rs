//! Pixels of a decoded picture without a canvas, which would hold a second copy of all that is drawn into it.

use super::bitmap::Bitmap;
use super::{field, object, refused};
use crate::protocol::Failure;
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::ImageBitmap;

#[wasm_bindgen]
extern "C" {
    // Unstable in web-sys.
    type VideoFrame;
    #[wasm_bindgen(constructor, catch)]
    fn new(bitmap: &ImageBitmap, options: &JsValue) -> Result<VideoFrame, JsValue>;
    #[wasm_bindgen(method, catch, js_name = copyTo)]
    fn copy_to(this: &VideoFrame, destination: &Uint8Array, options: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn rotation(this: &VideoFrame) -> f64;
    #[wasm_bindgen(method, getter)]
    fn flip(this: &VideoFrame) -> bool;
    #[wasm_bindgen(method, getter)]
    fn format(this: &VideoFrame) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = colorSpace)]
    fn color_space(this: &VideoFrame) -> JsValue;
    #[wasm_bindgen(method)]
    fn close(this: &VideoFrame);
}

/// A view of a bitmap that shares its pixels.
pub struct Frame(VideoFrame);

impl Frame {
    /// None where the browser makes no such frame, or one that would have to be turned: Chromium does not if a side is longer than 32,767 pixels,
    /// and keeps the pixels of a picture whose Exif turns it as they are in the file.
    pub fn of(bitmap: &Bitmap) -> Option<Self> {
        let frame = Self(VideoFrame::new(bitmap, &object(&[("timestamp", 0.into())])).ok()?);
        (frame.0.rotation() == 0.0 && !frame.0.flip()).then_some(frame)
    }

    /// Whether its pixels are opaque sRGB and lie as blue, green, red and a byte without meaning, as those of bitmaps on the CPU do. Then they are
    /// copied as they are, in a quarter of the time.
    pub fn is_bgrx(&self) -> bool {
        let space = self.0.color_space();
        let is = |name, value| field(&space, name).as_string().is_some_and(|found| found == value);
        self.0.format().as_deref() == Some("BGRX") && is("primaries", "bt709") && is("transfer", "iec61966-2-1")
    }

    /// Copies `height` rows of `width` pixels, from the row `top`, as straight sRGB RGBA; as they lie, where [`Self::is_bgrx`].
    ///
    /// # Errors
    /// When `destination` is too short, or the browser cannot copy.
    pub async fn read(&self, top: u32, width: u32, height: u32, destination: &Uint8Array) -> Result<(), Failure> {
        let rect = [("x", 0.into()), ("y", top.into()), ("width", width.into()), ("height", height.into())];
        let format = if self.is_bgrx() { "BGRX" } else { "RGBA" };
        let options = object(&[("format", format.into()), ("rect", object(&rect))]);
        JsFuture::from(self.0.copy_to(destination, &options).map_err(refused)?).await.map_err(refused)?;
        Ok(())
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        self.0.close();
    }
}
