//! A raster taken apart into small connected pieces of one colour: SNIC (Achanta & Süsstrunk, "Superpixels and Polygons Using Simple
//! Non-Iterative Clustering", CVPR 2017). One pass with a queue; every piece is connected by construction.

use super::raster::{Raster, units};

/// How much a piece prefers being round over following colours, in units of L*a*b* for a distance of one step of the grid.
const COMPACTNESS: f32 = 9.0;
/// Buckets of the queue for a distance of 1, and in all.
const FINENESS: f32 = 64.0;
const BUCKETS: usize = 2048;
/// Most pieces of a raster: their numbers share a word with those of pixels.
pub(super) const MOST: usize = 1 << 12;
const UNKNOWN: u16 = u16::MAX;

/// The number of the piece of each pixel, and how many pieces there are.
pub(super) fn superpixels(raster: &Raster, step: usize) -> (Vec<u16>, usize) {
    let seeds = seeds(raster, step);
    let mut labels = vec![UNKNOWN; raster.pixels.len()];
    let mut pieces = vec![Piece::default(); seeds.len()];
    let mut queue = Queue { buckets: vec![vec![]; BUCKETS], lowest: 0 };
    for (number, seed) in seeds.iter().enumerate() {
        queue.push(0, *seed, number);
    }
    let (of_place, of_colour) = (1.0 / (step * step) as f32, 1.0 / (COMPACTNESS * COMPACTNESS));
    while let Some((at, number)) = queue.pop() {
        if labels[at] != UNKNOWN {
            continue;
        }
        labels[at] = number as u16;
        let piece = &mut pieces[number];
        piece.add(sample(raster, at));
        let mean = piece.mean();
        for near in raster.beside(at).filter(|near| labels[*near] == UNKNOWN) {
            let s = sample(raster, near);
            let squared = |i: usize| (s[i] - mean[i]) * (s[i] - mean[i]);
            let distance = (squared(0) + squared(1) + squared(2)) * of_colour + (squared(3) + squared(4)) * of_place;
            queue.push((distance.sqrt() * FINENESS) as usize, near, number);
        }
    }
    (labels, seeds.len())
}

/// The pixels in the middles of a grid of this step; wider where that were too many.
fn seeds(raster: &Raster, step: usize) -> Vec<usize> {
    let mut step = step;
    while raster.width.div_ceil(step) * raster.height.div_ceil(step) > MOST {
        step += 1;
    }
    let middles = |length: usize| {
        let count = (length / step).max(1);
        (0..count).map(move |i| (2 * i + 1) * length / (2 * count))
    };
    middles(raster.height).flat_map(|y| middles(raster.width).map(move |x| y * raster.width + x)).collect()
}

/// Colour and place.
type Sample = [f32; 5];

fn sample(raster: &Raster, at: usize) -> Sample {
    let [l, a, b] = units(raster.pixels[at]);
    [l, a, b, (at % raster.width) as f32, (at / raster.width) as f32]
}

#[derive(Clone, Default)]
struct Piece {
    sum: Sample,
    count: f32,
}

impl Piece {
    fn add(&mut self, sample: Sample) {
        self.sum.iter_mut().zip(sample).for_each(|(sum, value)| *sum += value);
        self.count += 1.0;
    }

    fn mean(&self) -> Sample {
        self.sum.map(|sum| sum / self.count)
    }
}

/// Pixels that wait for a piece, the nearest first, by classes of distance.
struct Queue {
    /// Pixels in the lower 20 bits, pieces in the upper 12.
    buckets: Vec<Vec<u32>>,
    lowest: usize,
}

impl Queue {
    fn push(&mut self, distance: usize, at: usize, number: usize) {
        let bucket = distance.min(BUCKETS - 1);
        self.lowest = self.lowest.min(bucket);
        self.buckets[bucket].push((number << 20 | at) as u32);
    }

    fn pop(&mut self) -> Option<(usize, usize)> {
        while self.lowest < BUCKETS {
            if let Some(packed) = self.buckets[self.lowest].pop() {
                return Some((packed as usize & 0xf_ffff, packed as usize >> 20));
            }
            self.lowest += 1;
        }
        None
    }
}
