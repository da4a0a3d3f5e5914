//! What is left of a picture that is cropped and turned by quarter turns. No value is changed: pixels go or move.

use crate::pacer::Pacer;
use crate::pixels::{Image, Rect};
use crate::{Error, Result};

/// Rows that are written side by side. A row of a picture that is turned is a column of the other one, of which neighbours lie in the same lines of memory.
const BAND: usize = 16;

/// A part of a picture, and how it is turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Framing {
    /// The part, in pixels of the picture.
    pub part: Rect,
    /// Quarter turns clockwise, of which four are none.
    pub turns: u8,
}

impl Framing {
    /// Whether what was above comes to lie at a side.
    pub fn lies(&self) -> bool {
        self.turns % 2 == 1
    }

    /// Width and height of what is left, pixels.
    pub fn size(&self) -> (u32, u32) {
        let Rect { width, height, .. } = self.part;
        if self.lies() { (height, width) } else { (width, height) }
    }

    /// What is left of a picture.
    ///
    /// # Errors
    /// [`Error::MaskOutside`] where the part does not lie in the picture, [`Error::EmptyImage`] where it is empty, [`Error::Cancelled`] when `pacer`
    /// says so.
    pub async fn of(&self, image: &Image, pacer: &dyn Pacer) -> Result<Image> {
        if !image.bounds().contains(&self.part) {
            return Err(Error::MaskOutside);
        }
        let (width, height) = self.size();
        Image::check_size(width, height)?;
        Image::new(width, height, self.samples(image.rgba(), image.width(), pacer).await?)
    }

    /// What is left of a picture with four samples a pixel that is `width` pixels wide and holds the part.
    ///
    /// # Errors
    /// [`Error::Cancelled`] when `pacer` says so.
    pub(crate) async fn samples<T: Copy + Default>(
        &self,
        samples: &[T],
        width: u32,
        pacer: &dyn Pacer,
    ) -> Result<Vec<T>> {
        let [x, y, across, down, width] =
            [self.part.x, self.part.y, self.part.width, self.part.height, width].map(|length| length as isize);
        // The first pixel, and how far it is from there to the next one and to the next row.
        let ((column, row), next, below) = match self.turns % 4 {
            0 => ((0, 0), 1, width),
            1 => ((0, down - 1), -width, 1),
            2 => ((across - 1, down - 1), -1, -width),
            _ => ((across - 1, 0), width, -1),
        };
        let first = (y + row) * width + x + column;
        let (columns, rows) = self.size();
        let (columns, rows) = (columns as usize, rows as usize);
        let mut left = vec![T::default(); columns * rows * 4];
        for top in (0..rows).step_by(BAND) {
            pacer.checkpoint().await?;
            for column in 0..columns {
                for row in top..(top + BAND).min(rows) {
                    let from = (first + row as isize * below + column as isize * next) as usize * 4;
                    let to = (row * columns + column) * 4;
                    left[to..to + 4].copy_from_slice(&samples[from..from + 4]);
                }
            }
        }
        Ok(left)
    }
}

#[cfg(test)]
mod tests {
    use super::super::rows::at_once;
    use super::*;
    use crate::Unpaced;
    use proptest::prelude::*;

    fn picture(width: u32, height: u32) -> Image {
        let rgba = (0..height).flat_map(|y| (0..width).flat_map(move |x| [x as u8, y as u8, 7, 255])).collect();
        Image::new(width, height, rgba).unwrap()
    }

    fn framed(image: &Image, part: Rect, turns: u8) -> Image {
        at_once(Framing { part, turns }.of(image, &Unpaced)).unwrap()
    }

    proptest! {
        #[test]
        fn every_pixel_that_is_left_is_one_of_the_picture_in_its_new_place(
            part in (0u32..9, 0u32..9, 1u32..40, 1u32..40), beyond in (0u32..5, 0u32..5), turns in 0u8..8,
        ) {
            let part = Rect { x: part.0, y: part.1, width: part.2, height: part.3 };
            let image = picture(part.right() + beyond.0, part.bottom() + beyond.1);
            let left = framed(&image, part, turns);
            for (x, y) in Rect::of_size(part.width, part.height).places() {
                // Clockwise, the left edge becomes the upper one.
                let mut to = (x, y);
                let mut size = (part.width, part.height);
                for _ in 0..turns {
                    to = (size.1 - 1 - to.1, to.0);
                    size = (size.1, size.0);
                }
                prop_assert_eq!((left.width(), left.height()), size);
                prop_assert_eq!(left.pixel(to.0, to.1), image.pixel(part.x + x, part.y + y));
            }
        }
    }

    #[test]
    fn what_is_outside_or_empty_is_refused() {
        let image = picture(4, 3);
        let refused = |part| at_once(Framing { part, turns: 1 }.of(&image, &Unpaced));
        assert!(matches!(refused(Rect { x: 1, y: 0, width: 4, height: 1 }), Err(Error::MaskOutside)));
        assert!(matches!(refused(Rect { x: 1, y: 0, width: 0, height: 1 }), Err(Error::EmptyImage)));
    }
}
