//! A decoded picture, and the part of one that a fill changes.

use super::Rect;
use crate::{Error, Result};

/// A picture in RGBA with straight alpha, 8 bits a channel, rows from top to bottom, in the colour space of its source.
///
/// The engine does not convert colours: a Display P3 picture stays one, and [`codec`](crate::codec) carries its profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    width: u32,
    height: u32,
    rgba: Vec<u8>,
}

/// Maximum number of pixels of a picture. A decoded picture takes 4 bytes a pixel of the 4 GiB that wasm can address, and a fill needs its share.
pub const MAX_PIXELS: u64 = 120_000_000;

impl Image {
    /// Checks a size before anything of that size is allocated.
    ///
    /// # Errors
    /// [`Error::TooLarge`] above [`MAX_PIXELS`], [`Error::EmptyImage`] for a side of 0.
    pub fn check_size(width: u32, height: u32) -> Result<()> {
        if width == 0 || height == 0 {
            return Err(Error::EmptyImage);
        }
        if u64::from(width) * u64::from(height) > MAX_PIXELS {
            return Err(Error::TooLarge { width, height });
        }
        Ok(())
    }

    /// A picture from `width * height * 4` bytes (`[height, width, 4]`).
    ///
    /// # Errors
    /// Those of [`Image::check_size`]; [`Error::WrongLength`] when the bytes do not match the size.
    pub fn new(width: u32, height: u32, rgba: Vec<u8>) -> Result<Self> {
        Self::check_size(width, height)?;
        let expected = width as usize * height as usize * 4;
        if rgba.len() != expected {
            return Err(Error::WrongLength(rgba.len(), expected));
        }
        Ok(Self { width, height, rgba })
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The rectangle of all pixels.
    pub fn bounds(&self) -> Rect {
        Rect::of_size(self.width, self.height)
    }

    /// The bytes, `[height, width, 4]`.
    pub fn rgba(&self) -> &[u8] {
        &self.rgba
    }

    /// The bytes, `[height, width, 4]`, without a copy.
    pub fn into_rgba(self) -> Vec<u8> {
        self.rgba
    }

    /// Red, green, blue and alpha of a pixel.
    pub fn pixel(&self, x: u32, y: u32) -> [u8; 4] {
        let at = (y as usize * self.width as usize + x as usize) * 4;
        [self.rgba[at], self.rgba[at + 1], self.rgba[at + 2], self.rgba[at + 3]]
    }

    /// Whether every pixel is fully opaque.
    pub fn is_opaque(&self) -> bool {
        self.rgba.chunks_exact(4).all(|p| p[3] == 255)
    }

    /// A copy of the pixels in `rect`.
    ///
    /// # Errors
    /// [`Error::MaskOutside`] when `rect` does not lie inside the picture.
    pub fn crop(&self, rect: Rect) -> Result<Patch> {
        if !self.bounds().contains(&rect) {
            return Err(Error::MaskOutside);
        }
        let mut rgba = Vec::with_capacity(rect.area() * 4);
        for y in rect.y..rect.bottom() {
            let start = (y as usize * self.width as usize + rect.x as usize) * 4;
            rgba.extend_from_slice(&self.rgba[start..start + rect.width as usize * 4]);
        }
        Ok(Patch { rect, rgba })
    }

    /// Replaces the pixels of the patch's rectangle and returns those that were there.
    ///
    /// # Errors
    /// [`Error::MaskOutside`] when the patch does not lie inside the picture, [`Error::WrongLength`] when its bytes do not match its rectangle.
    pub fn replace(&mut self, patch: &Patch) -> Result<Patch> {
        let before = self.crop(patch.rect)?;
        if patch.rgba.len() != before.rgba.len() {
            return Err(Error::WrongLength(patch.rgba.len(), before.rgba.len()));
        }
        let row = patch.rect.width as usize * 4;
        for (i, y) in (patch.rect.y..patch.rect.bottom()).enumerate() {
            let start = (y as usize * self.width as usize + patch.rect.x as usize) * 4;
            self.rgba[start..start + row].copy_from_slice(&patch.rgba[i * row..(i + 1) * row]);
        }
        Ok(before)
    }
}

/// A rectangular part of a picture, such as the result of a fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Its place in the picture.
    pub rect: Rect,
    /// `[rect.height, rect.width, 4]`, as in [`Image::rgba`].
    pub rgba: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn replacing_a_patch_and_putting_the_old_one_back_restores_the_picture(
            width in 1u32..20, height in 1u32..20, seed: u64, fx in 0.0..1.0f64, fy in 0.0..1.0f64
        ) {
            let byte = |i: usize| (seed.wrapping_mul(i as u64 * 2 + 1) >> 24) as u8;
            let mut image = Image::new(width, height, (0..width as usize * height as usize * 4).map(byte).collect()).unwrap();
            let original = image.clone();
            let (x, y) = ((fx * f64::from(width)) as u32, (fy * f64::from(height)) as u32);
            let rect = Rect { x, y, width: width - x, height: height - y };
            let patch = Patch { rect, rgba: vec![byte(77); rect.area() * 4] };
            let before = image.replace(&patch).unwrap();
            prop_assert_eq!(&image.crop(rect).unwrap(), &patch);
            image.replace(&before).unwrap();
            prop_assert_eq!(image, original);
        }
    }

    #[test]
    fn refuses_empty_and_inconsistent_pictures() {
        assert!(matches!(Image::new(0, 5, vec![]), Err(Error::EmptyImage)));
        assert!(matches!(Image::new(2, 2, vec![0; 15]), Err(Error::WrongLength(15, 16))));
        let image = Image::new(2, 2, vec![7; 16]).unwrap();
        assert!(image.crop(Rect { x: u32::MAX, y: 0, width: 2, height: 1 }).is_err());
    }
}
