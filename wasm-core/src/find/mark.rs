//! What a mark adds to the picture that it lies on, and the colour in which that is seen best.

use super::plane::{on_white, seen_in};
use crate::pixels::{Image, Patch, Rect};
use crate::{Error, Result};

/// What a mark adds to a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Red, green and blue of the picture with the mark minus the picture without, `[height, width]`.
    pub(super) changes: Vec<[i16; 3]>,
}

/// A mark as it is seen in one colour.
pub(super) struct View {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) colour: Colour,
    /// `[height, width]`.
    pub(super) difference: Vec<f32>,
}

/// Brightness alone.
pub(super) const BRIGHTNESS: Colour = [0.51, 0.8, 0.31];

/// Weights of red, green and blue, of the length 1.
pub(super) type Colour = [f32; 3];

/// Steps to the direction of a mark's colour, each of which brings it nearer.
const STEPS: usize = 20;

/// The direction in which the changes are largest (their first principal component, uncentred).
pub(super) fn main_colour(changes: &[[i16; 3]]) -> Colour {
    let mut spread = [[0.0f32; 3]; 3];
    for change in changes {
        for (row, a) in spread.iter_mut().zip(change) {
            row.iter_mut().zip(change).for_each(|(sum, b)| *sum += f32::from(*a) * f32::from(*b));
        }
    }
    let mut colour = BRIGHTNESS;
    for _ in 0..STEPS {
        let next = spread.map(|row| row.iter().zip(&colour).map(|(a, b)| a * b).sum::<f32>());
        let length = next.iter().map(|part| part * part).sum::<f32>().sqrt();
        if length == 0.0 {
            break;
        }
        colour = next.map(|part| part / length);
    }
    colour
}

impl Mark {
    /// What is gone from `image` in `erased`. None where nothing is.
    pub fn between(image: &Image, erased: &Patch) -> Option<Self> {
        let Rect { width, height, .. } = erased.rect;
        let change = |((x, y), without): ((u32, u32), &[u8])| {
            let (with, without) = (on_white(&image.pixel(x, y)), on_white(without));
            [0, 1, 2].map(|channel| (with[channel] - without[channel]).round() as i16)
        };
        let changes: Vec<[i16; 3]> = erased.rect.places().zip(erased.rgba.chunks_exact(4)).map(change).collect();
        changes.iter().flatten().any(|change| *change != 0).then_some(Self { width, height, changes })
    }

    /// A mark of this size, in pixels, from what [`Self::to_bytes`] gave.
    ///
    /// # Errors
    /// [`Error::WrongLength`] when there are not six bytes for each pixel, [`Error::EmptyMask`] when there is no pixel.
    pub fn from_bytes(width: u32, height: u32, bytes: &[u8]) -> Result<Self> {
        let expected = Rect::of_size(width, height).area() * size_of::<[i16; 3]>();
        if bytes.len() != expected {
            return Err(Error::WrongLength(bytes.len(), expected));
        }
        if expected == 0 {
            return Err(Error::EmptyMask);
        }
        let pairs = |six: &[u8; 6]| [0, 2, 4].map(|at| i16::from_le_bytes([six[at], six[at + 1]]));
        Ok(Self { width, height, changes: bytes.as_chunks().0.iter().map(pairs).collect() })
    }

    /// Its changes, little-endian, pixel by pixel.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.changes.iter().flatten().flat_map(|change| change.to_le_bytes()).collect()
    }

    /// As it is seen in a colour.
    pub(super) fn seen(&self, colour: Colour) -> View {
        let value = |change: &[i16; 3]| seen_in(colour, change.map(f32::from));
        let difference = self.changes.iter().map(value).collect();
        View { width: self.width, height: self.height, colour, difference }
    }
}
