//! The mask: which pixels are to be erased, and how much of each.

use super::{Image, Rect};
use crate::{Error, Result};

/// Coverage of a part of a picture, 0 to 255: 0 keeps a pixel, 255 replaces it by the fill, values in between blend the two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    /// Its place in the picture.
    rect: Rect,
    /// `[rect.height, rect.width]`.
    coverage: Vec<u8>,
}

impl Mask {
    /// A mask from the coverage of each pixel of `rect`, row by row.
    ///
    /// # Errors
    /// [`Error::WrongLength`] when the coverage does not match the rectangle.
    pub fn new(rect: Rect, coverage: Vec<u8>) -> Result<Self> {
        if coverage.len() != rect.area() {
            return Err(Error::WrongLength(coverage.len(), rect.area()));
        }
        Ok(Self { rect, coverage })
    }

    /// Its place in the picture.
    pub fn rect(&self) -> Rect {
        self.rect
    }

    /// The coverage of a pixel of the picture; 0 outside the mask's rectangle.
    pub fn at(&self, x: u32, y: u32) -> u8 {
        if x < self.rect.x || y < self.rect.y || x >= self.rect.right() || y >= self.rect.bottom() {
            return 0;
        }
        let row = (y - self.rect.y) as usize * self.rect.width as usize;
        self.coverage[row + (x - self.rect.x) as usize]
    }

    /// The mask, cropped to the pixels that it covers at all.
    ///
    /// # Errors
    /// [`Error::EmptyMask`] when it covers none, [`Error::WholeMask`] when it covers every pixel of `image`,
    /// [`Error::MaskOutside`] when it does not lie inside of it.
    pub fn fitted(&self, image: &Image) -> Result<Self> {
        if !image.bounds().contains(&self.rect) {
            return Err(Error::MaskOutside);
        }
        let rows = || (self.rect.y..).zip(self.coverage.chunks_exact((self.rect.width as usize).max(1)));
        let bounds = rows().filter_map(|(y, row)| {
            let first = row.iter().position(|c| *c > 0)? as u32;
            let last = row.iter().rposition(|c| *c > 0)? as u32;
            Some(Rect { x: self.rect.x + first, y, width: last + 1 - first, height: 1 })
        });
        let rect = bounds.reduce(|all, row| all.union(&row)).ok_or(Error::EmptyMask)?;
        if rect == image.bounds() && self.coverage.iter().all(|c| *c > 0) {
            return Err(Error::WholeMask);
        }
        let start = (rect.x - self.rect.x) as usize;
        let cut = rows().filter(|(y, _)| (rect.y..rect.bottom()).contains(y));
        let coverage = cut.flat_map(|(_, row)| &row[start..start + rect.width as usize]).copied().collect();
        Ok(Self { rect, coverage })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: u32, height: u32) -> Image {
        Image::new(width, height, vec![128; (width * height * 4) as usize]).unwrap()
    }

    #[test]
    fn fitting_cuts_to_what_is_covered() {
        let mut coverage = vec![0; 12];
        coverage[5] = 9;
        coverage[6] = 255;
        let mask = Mask::new(Rect { x: 10, y: 20, width: 4, height: 3 }, coverage).unwrap();
        let fitted = mask.fitted(&grey(30, 30)).unwrap();
        assert_eq!(fitted.rect(), Rect { x: 11, y: 21, width: 2, height: 1 });
        assert_eq!([fitted.at(11, 21), fitted.at(12, 21), fitted.at(13, 21)], [9, 255, 0]);
    }

    #[test]
    fn refuses_masks_that_leave_nothing_to_do_or_nothing_to_fill_from() {
        let image = grey(3, 2);
        let mask = |c: u8| Mask::new(image.bounds(), vec![c; 6]).unwrap();
        assert!(matches!(mask(0).fitted(&image), Err(Error::EmptyMask)));
        assert!(matches!(mask(1).fitted(&image), Err(Error::WholeMask)));
        let outside = Mask::new(Rect { x: 2, y: 0, width: 2, height: 1 }, vec![255; 2]).unwrap();
        assert!(matches!(outside.fitted(&image), Err(Error::MaskOutside)));
    }
}
