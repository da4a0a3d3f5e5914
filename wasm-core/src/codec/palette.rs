//! Pictures of few colours: how a PNG holds them in few bits, as the file did that was read.

use crate::pixels::Image;
use std::collections::HashMap;

/// How many colours a palette holds at most.
const MOST: usize = 256;
/// By how many levels a filled pixel may differ from the colour of the source that it gets, so that the picture keeps its palette.
const NEAR: u8 = 6;
/// Bits of a pixel that a PNG knows.
const DEPTHS: [u8; 4] = [1, 2, 4, 8];

/// The colours of a picture, straight RGBA, in the order in which they appear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Palette(Vec<[u8; 4]>);

/// A picture by the numbers of its colours.
pub(super) struct Indexed {
    pub colours: Vec<[u8; 4]>,
    /// One for each pixel.
    pub indices: Vec<u8>,
    /// Bits of a pixel.
    pub depth: u8,
    /// The numbers are levels of grey, from black to white, and need no palette.
    pub is_grey: bool,
}

impl Palette {
    /// The colours of a picture; none where there are more than a palette holds.
    pub fn of(image: &Image) -> Option<Self> {
        let mut known = HashMap::new();
        let mut last = None;
        for pixel in image.rgba().chunks_exact(4).map(colour) {
            if last != Some(pixel) {
                last = Some(pixel);
                let next = known.len();
                known.entry(pixel).or_insert(next);
                if known.len() > MOST {
                    return None;
                }
            }
        }
        let mut colours: Vec<([u8; 4], usize)> = known.into_iter().collect();
        colours.sort_unstable_by_key(|(_, number)| *number);
        Some(Self(colours.into_iter().map(|(colour, _)| colour).collect()))
    }

    /// A picture in these colours, and in as many others as there is room for. None where there is not enough: pixels that were filled get the
    /// nearest colour if that is very near, all others keep their own.
    pub(super) fn fit(&self, image: &Image) -> Option<Indexed> {
        let mut colours = self.0.clone();
        let mut known: HashMap<[u8; 4], u8> = HashMap::new();
        for (number, colour) in (0..=u8::MAX).zip(&colours) {
            known.insert(*colour, number);
        }
        let mut indices = Vec::with_capacity(image.bounds().area());
        let mut last = None;
        for pixel in image.rgba().chunks_exact(4).map(colour) {
            let number = match last.filter(|(same, _)| *same == pixel) {
                Some((_, number)) => number,
                None => match known.get(&pixel) {
                    Some(number) => *number,
                    None => {
                        let number = nearest(&self.0, pixel).or_else(|| {
                            colours.push(pixel);
                            u8::try_from(colours.len() - 1).ok()
                        })?;
                        known.insert(pixel, number);
                        number
                    }
                },
            };
            last = Some((pixel, number));
            indices.push(number);
        }
        Some(packed(colours, indices))
    }
}

fn colour(pixel: &[u8]) -> [u8; 4] {
    [pixel[0], pixel[1], pixel[2], pixel[3]]
}

/// The number of the nearest colour that is very near.
fn nearest(colours: &[[u8; 4]], pixel: [u8; 4]) -> Option<u8> {
    let apart = |other: &[u8; 4]| (0..4).map(|i| other[i].abs_diff(pixel[i])).max().unwrap_or(0);
    let (number, colour) = (0..=u8::MAX).zip(colours).min_by_key(|(_, colour)| apart(colour))?;
    (apart(colour) <= NEAR).then_some(number)
}

/// The fewest bits that hold these colours.
fn packed(colours: Vec<[u8; 4]>, mut indices: Vec<u8>) -> Indexed {
    let in_palette = DEPTHS.into_iter().find(|depth| colours.len() <= 1 << depth).unwrap_or(8);
    let is_grey = colours.iter().all(|[r, g, b, a]| r == g && g == b && *a == 255);
    let step = |depth: u8| 255 / ((1u16 << depth) - 1) as u8;
    let in_grey = DEPTHS.into_iter().find(|depth| colours.iter().all(|[level, ..]| level % step(*depth) == 0));
    match in_grey.filter(|depth| is_grey && *depth <= in_palette) {
        Some(depth) => {
            indices.iter_mut().for_each(|number| *number = colours[usize::from(*number)][0] / step(depth));
            Indexed { colours, indices, depth, is_grey: true }
        }
        None => Indexed { colours, indices, depth: in_palette, is_grey: false },
    }
}

/// A row of `indices` in bytes, the first pixel in the highest bits.
pub(super) fn row(indices: &[u8], depth: u8) -> Vec<u8> {
    let in_byte = usize::from(8 / depth);
    let byte = |pixels: &[u8]| {
        let packed = pixels.iter().fold(0u8, |byte, number| if depth == 8 { *number } else { byte << depth | number });
        packed << (usize::from(depth) * (in_byte - pixels.len()))
    };
    indices.chunks(in_byte).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Metadata, Source, at_once, write_png_of_few};
    use super::*;
    use crate::Unpaced;

    fn picture(width: u32, height: u32, at: impl Fn(u32, u32) -> [u8; 4]) -> Image {
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        Image::new(width, height, places.flat_map(|(x, y)| at(x, y)).collect()).unwrap()
    }

    fn written(image: &Image, palette: &Palette) -> (Vec<u8>, png::ColorType, png::BitDepth) {
        let mut file = vec![];
        at_once(write_png_of_few(image, palette, &Metadata::default(), &mut file, &Unpaced)).unwrap();
        let reader = png::Decoder::new(std::io::Cursor::new(&file)).read_info().unwrap();
        let (colour, depth) = (reader.info().color_type, reader.info().bit_depth);
        drop(reader);
        (file, colour, depth)
    }

    #[test]
    fn few_colours_take_few_bits_and_come_back_exactly() {
        use png::{BitDepth, ColorType};
        let grey = |v: u8| [v, v, v, 255];
        type At = fn(u32, u32) -> [u8; 4];
        let cases: [(At, ColorType, BitDepth); 6] = [
            (|x, y| if (x + y) % 2 == 0 { [0, 0, 0, 255] } else { [255; 4] }, ColorType::Grayscale, BitDepth::One),
            (
                |x, _| {
                    [(x % 4) as u8 * 85; 3].map(|v| v).into_iter().chain([255]).collect::<Vec<_>>().try_into().unwrap()
                },
                ColorType::Grayscale,
                BitDepth::Two,
            ),
            (
                |x, _| if x % 2 == 0 { [200, 10, 10, 255] } else { [10, 10, 200, 255] },
                ColorType::Indexed,
                BitDepth::One,
            ),
            (|x, _| [(x % 13) as u8 * 19, 7, 7, 255 - (x % 3) as u8 * 80], ColorType::Indexed, BitDepth::Eight),
            (|x, _| [(x % 11) as u8 * 19, 7, 7, 255], ColorType::Indexed, BitDepth::Four),
            (
                |x, y| [(x * 7 + y) as u8; 3].into_iter().chain([255]).collect::<Vec<_>>().try_into().unwrap(),
                ColorType::Grayscale,
                BitDepth::Eight,
            ),
        ];
        assert_eq!(grey(3), [3, 3, 3, 255]);
        for (width, height) in [(37, 11), (40, 16), (1, 9)] {
            for (at, colour, depth) in cases {
                let image = picture(width, height, at);
                let (file, found, bits) = written(&image, &Palette::of(&image).expect("few"));
                if width > 30 {
                    assert_eq!((found, bits), (colour, depth));
                }
                assert_eq!(Source::inspect(&file).decode(&file).unwrap(), Some(image));
            }
        }
    }

    #[test]
    fn a_fill_takes_colours_that_are_very_near_and_others_join_while_there_is_room() {
        let source = picture(20, 20, |x, _| if x < 10 { [100, 100, 100, 255] } else { [200, 50, 50, 255] });
        let palette = Palette::of(&source).expect("few");
        let filled = picture(20, 20, |x, y| {
            if (x, y) == (3, 3) {
                [103, 99, 101, 255]
            } else if x < 10 {
                [100, 100, 100, 255]
            } else {
                [200, 50, 50, 255]
            }
        });
        assert_eq!(palette.fit(&filled).expect("it fits").colours.len(), 2);
        let other = picture(20, 20, |x, y| if y == 0 { [x as u8 * 12, 0, 0, 255] } else { [100, 100, 100, 255] });
        assert!(palette.fit(&other).expect("it fits").colours.len() > 10);
        let many = picture(40, 40, |x, y| [x as u8 * 6, y as u8 * 6, 0, 255]);
        assert!(palette.fit(&many).is_none());
        let (file, colour, _) = written(&many, &palette);
        assert_eq!(colour, png::ColorType::Rgb);
        assert_eq!(Source::inspect(&file).decode(&file).unwrap(), Some(many));
    }
}
