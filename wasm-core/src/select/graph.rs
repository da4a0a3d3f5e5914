//! The pieces of a raster as a graph: what each looks like, and how strong the edge is between two that touch.

use super::raster::{Raster, apart, units};
use super::superpixels::superpixels;

/// How many numbers describe a piece.
pub(super) const FEATURES: usize = 5;

/// What a piece looks like: its mean colour, how much colours change from pixel to pixel in it, and how far they are from the mean.
pub(super) type Features = [f32; FEATURES];

/// Weights of the features: lightness counts less than colours, because shading changes it within one thing.
const WEIGHTS: Features = [0.8, 1.0, 1.0, 1.2, 1.0];

/// A piece.
#[derive(Clone, Debug, Default)]
pub(super) struct Piece {
    /// Pixels of the raster.
    pub(super) area: f32,
    /// Middle, in pixels of the raster.
    pub(super) x: f32,
    pub(super) y: f32,
    /// See [`Features`].
    pub(super) features: Features,
    /// How many sides of its pixels lie at the raster's border.
    pub(super) rim: f32,
}

/// Two pieces that touch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    /// Their numbers, the lower one first.
    pub(super) pieces: [u16; 2],
    /// Sides of pixels along which they touch.
    pub(super) length: f32,
    /// Mean difference of colour across it, in units of L*a*b*.
    pub(super) contrast: f32,
}

/// See the module.
pub(super) struct Graph {
    pub(super) raster: Raster,
    /// The piece of each pixel.
    pub(super) labels: Vec<u16>,
    pub(super) pieces: Vec<Piece>,
    pub(super) edges: Vec<Edge>,
}

impl Graph {
    /// Takes a raster apart into pieces about `step` pixels wide.
    pub(super) fn new(raster: Raster, step: usize) -> Self {
        let (labels, count) = superpixels(&raster, step);
        let pieces = pieces(&raster, &labels, count);
        let edges = edges(&raster, &labels);
        Self { raster, labels, pieces, edges }
    }

    /// The edges of each piece, by their numbers.
    pub(super) fn beside(&self) -> Vec<Vec<u32>> {
        let mut beside = vec![vec![]; self.pieces.len()];
        for (number, edge) in self.edges.iter().enumerate() {
            edge.pieces.iter().for_each(|piece| beside[usize::from(*piece)].push(number as u32));
        }
        beside
    }
}

/// The squared distance of two descriptions.
pub(super) fn unlike(a: &Features, b: &Features) -> f32 {
    (0..FEATURES).map(|i| ((a[i] - b[i]) * WEIGHTS[i]).powi(2)).sum()
}

fn pieces(raster: &Raster, labels: &[u16], count: usize) -> Vec<Piece> {
    let mut pieces = vec![Piece::default(); count];
    let mut squares = vec![0.0f32; count];
    let (width, height) = (raster.width, raster.height);
    for (at, label) in labels.iter().enumerate() {
        let (x, y) = (at % width, at / width);
        let piece = &mut pieces[usize::from(*label)];
        let colour = units(raster.pixels[at]);
        piece.area += 1.0;
        piece.x += x as f32;
        piece.y += y as f32;
        (0..3).for_each(|i| piece.features[i] += colour[i]);
        squares[usize::from(*label)] += colour.iter().map(|v| v * v).sum::<f32>();
        let sides = [x == 0, x + 1 == width, y == 0, y + 1 == height];
        piece.rim += sides.iter().filter(|is_rim| **is_rim).count() as f32;
        // Changes within the piece only: what lies at its edge is told by the edges.
        for near in [at + 1, at + width] {
            let is_inside = if near == at + 1 { x + 1 < width } else { y + 1 < height };
            if is_inside && labels[near] == *label {
                piece.features[3] += apart(raster.pixels[at], raster.pixels[near]).sqrt() / 2.0;
            }
        }
    }
    for (piece, squares) in pieces.iter_mut().zip(squares) {
        let area = piece.area.max(1.0);
        piece.x /= area;
        piece.y /= area;
        piece.features[..4].iter_mut().for_each(|feature| *feature /= area);
        let mean: f32 = piece.features[..3].iter().map(|v| v * v).sum();
        piece.features[4] = (squares / area - mean).max(0.0).sqrt();
    }
    pieces
}

fn edges(raster: &Raster, labels: &[u16]) -> Vec<Edge> {
    let (width, height) = (raster.width, raster.height);
    let mut sides: Vec<(u32, f32)> = vec![];
    let mut side = |a: usize, b: usize, before: usize, after: usize| {
        let (low, high) = (labels[a].min(labels[b]), labels[a].max(labels[b]));
        // A soft edge is wider than the step from one pixel to the next.
        let wide = |p: usize, q: usize| apart(raster.pixels[p], raster.pixels[q]);
        sides.push((u32::from(low) << 16 | u32::from(high), wide(a, b).max(wide(before, after)).sqrt()));
    };
    for at in 0..labels.len() {
        let (x, y) = (at % width, at / width);
        if x + 1 < width && labels[at] != labels[at + 1] {
            side(at, at + 1, if x > 0 { at - 1 } else { at }, if x + 2 < width { at + 2 } else { at + 1 });
        }
        if y + 1 < height && labels[at] != labels[at + width] {
            let before = if y > 0 { at - width } else { at };
            side(at, at + width, before, if y + 2 < height { at + 2 * width } else { at + width });
        }
    }
    sides.sort_unstable_by_key(|(pair, _)| *pair);
    let same = sides.chunk_by(|a, b| a.0 == b.0);
    same.map(|sides| Edge {
        pieces: [(sides[0].0 >> 16) as u16, sides[0].0 as u16],
        length: sides.len() as f32,
        contrast: sides.iter().map(|side| side.1).sum::<f32>() / sides.len() as f32,
    })
    .collect()
}
