//! Masks as pictures: white where something is to be erased, black elsewhere. A mask whose file has transparent pixels is what is opaque of it.

use super::laying::Places;
use super::mask::{Mask, MaskOp};
use crate::protocol::Rect;

/// From here on, a pixel is bright, or opaque.
const HALF: u32 = 128;

/// Row `y` of the file of a mask: `width` pixels of straight RGBA.
pub fn row(places: &Places, coverage: &[u8], y: u32) -> Vec<u8> {
    let Rect { x, y: top, width, height } = places.rect;
    let mut row = [0, 0, 0, 255].repeat(places.width as usize);
    if (top..top + height).contains(&y) {
        let line = &coverage[(y - top) as usize * width as usize..][..width as usize];
        for (pixel, c) in row.chunks_exact_mut(4).skip(x as usize).zip(line) {
            pixel[..3].fill(*c);
        }
    }
    row
}

/// What is read of a mask's file, piece by piece.
pub struct Reading {
    width: u32,
    height: u32,
    bright: Vec<u8>,
    opaque: Vec<u8>,
    /// Some pixel is not opaque.
    is_clear: bool,
}

impl Reading {
    /// Nothing was read yet of a file of this size, pixels.
    pub fn new(width: u32, height: u32) -> Self {
        let pixels = width as usize * height as usize;
        let [bright, opaque] = [(); 2].map(|()| Vec::with_capacity(pixels));
        Self { width, height, bright, opaque, is_clear: false }
    }

    /// Reads further pixels, straight RGBA, row after row.
    pub fn read(&mut self, rgba: &[u8]) {
        for pixel in rgba.chunks_exact(4) {
            let [r, g, b, a] = [pixel[0], pixel[1], pixel[2], pixel[3]].map(u32::from);
            // Luma, as ITU-R BT.601 weighs it.
            let luma = (299 * r + 587 * g + 114 * b) / 1000;
            self.bright.push(if luma >= HALF { 255 } else { 0 });
            self.opaque.push(if a >= HALF { 255 } else { 0 });
            self.is_clear |= a < 255;
        }
    }

    /// The mask; none where it is empty.
    pub fn places(self) -> Option<Places> {
        let coverage = if self.is_clear { self.opaque } else { self.bright };
        let mut mask = Mask::new(self.width, self.height);
        mask.apply(&MaskOp::region(Rect { x: 0, y: 0, width: self.width, height: self.height }, &coverage));
        Places::of(&mask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(width: u32, height: u32, pixels: &[[u8; 4]]) -> Option<Places> {
        let mut reading = Reading::new(width, height);
        // In pieces, as the browser gives them.
        for piece in pixels.chunks(3) {
            reading.read(piece.as_flattened());
        }
        reading.places()
    }

    const BLACK: [u8; 4] = [0, 0, 0, 255];
    const WHITE: [u8; 4] = [255; 4];
    const CLEAR: [u8; 4] = [255, 255, 255, 0];

    #[test]
    fn white_is_the_mask_where_all_is_opaque() {
        let [grey, dark] = [[140, 140, 140, 255], [90, 90, 90, 255]];
        let found = read(3, 2, &[BLACK, grey, dark, BLACK, WHITE, BLACK]).expect("some white");
        assert_eq!((found.width, found.height), (3, 2));
        assert_eq!((found.rect, found.runs), (Rect { x: 1, y: 0, width: 1, height: 2 }, vec![0, 2]));
        assert_eq!(read(2, 1, &[BLACK, dark]), None);
    }

    #[test]
    fn what_is_opaque_is_the_mask_where_something_is_clear() {
        let found = read(4, 1, &[CLEAR, BLACK, WHITE, [0, 0, 0, 100]]).expect("something opaque");
        assert_eq!((found.rect, found.runs), (Rect { x: 1, y: 0, width: 2, height: 1 }, vec![0, 2]));
        assert_eq!(read(2, 1, &[CLEAR, CLEAR]), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(on in prop::collection::vec(any::<bool>(), 35)) {
            let pixels: Vec<[u8; 4]> = on.iter().map(|on| if *on { WHITE } else { BLACK }).collect();
            let places = read(7, 5, &pixels);
            prop_assert_eq!(places.is_some(), on.contains(&true));
            if let Some(places) = places {
                let coverage = places.coverage();
                let rows: Vec<u8> = (0..5).flat_map(|y| row(&places, &coverage, y)).collect();
                prop_assert_eq!(rows, pixels.as_flattened());
            }
        }
    }
}
