//! How much a set of pieces stands out as a thing.

use super::graph::{Graph, unlike};
use super::likeness::Likeness;

/// How many numbers tell it.
pub(super) const CUES: usize = 11;

/// What tells a thing from a part of one and from more than one. Contrasts are in units of the mean contrast of the picture.
pub(super) fn cues(graph: &Graph, likeness: &Likeness, is_in: &[bool]) -> [f32; CUES] {
    let edges = Edges::of(graph, is_in);
    let shape = Shape::of(graph, is_in);
    let areas = |is_it: &[bool]| -> Vec<f32> {
        graph.pieces.iter().zip(is_it).map(|(piece, is_it)| if *is_it { piece.area } else { 0.0 }).collect()
    };
    let (ring, set) = (areas(&edges.touches), areas(is_in));
    let (of_ring, of_set) = (likeness.densities(&ring), likeness.densities(&set));
    let says = |i: usize| ((of_set[i] + FLOOR) / (of_ring[i] + FLOOR)).ln();
    let over = |weights: &[f32]| {
        let sum: f32 = weights.iter().enumerate().filter(|(_, w)| **w > 0.0).map(|(i, w)| w * says(i)).sum();
        sum / weights.iter().sum::<f32>().max(1.0)
    };
    let perimeter = edges.border.length + shape.rim;
    let side = shape.area.sqrt();
    [
        edges.border.contrast / edges.border.length.max(1.0),
        edges.unlike / edges.border.length.max(1.0),
        edges.strong / edges.border.length.max(1.0),
        edges.within.contrast / edges.within.length.max(1.0),
        edges.outside.contrast / edges.outside.length.max(1.0),
        over(&set),
        -over(&ring),
        (shape.area / graph.raster.pixels.len() as f32).max(1e-6).ln(),
        shape.rim / perimeter.max(1.0),
        perimeter / side.max(1.0),
        (shape.width + side * 0.1) * (shape.height + side * 0.1) / shape.area.max(1.0),
    ]
}

/// Whether there is an edge around a set at all: shades of one ground are no things.
pub(super) fn is_bounded(graph: &Graph, is_in: &[bool]) -> bool {
    let border = Edges::of(graph, is_in).border;
    border.contrast * mean_contrast(graph) >= FAINTEST * border.length
}

/// Densities that count as none.
const FLOOR: f32 = 0.02;
/// The faintest edge of a thing, in units of L*a*b*.
const FAINTEST: f32 = 2.5;

/// Length, and length times contrast.
#[derive(Default)]
struct Sum {
    length: f32,
    contrast: f32,
}

impl Sum {
    fn add(&mut self, length: f32, contrast: f32) {
        self.length += length;
        self.contrast += length * contrast;
    }
}

/// Edges of a set, within it, and between the pieces that touch it and others outside.
#[derive(Default)]
struct Edges {
    border: Sum,
    within: Sum,
    outside: Sum,
    /// Over the border: how unlike the pieces on its sides are, and how long its edges are that are stronger than usual.
    unlike: f32,
    strong: f32,
    /// The pieces outside that touch the set.
    touches: Vec<bool>,
}

impl Edges {
    fn of(graph: &Graph, is_in: &[bool]) -> Self {
        let mean = mean_contrast(graph);
        let mut sums = Self { touches: vec![false; is_in.len()], ..Self::default() };
        for edge in &graph.edges {
            let [a, b] = edge.pieces.map(usize::from);
            if is_in[a] != is_in[b] {
                sums.touches[if is_in[a] { b } else { a }] = true;
                sums.border.add(edge.length, edge.contrast / mean);
                let unlike = unlike(&graph.pieces[a].features, &graph.pieces[b].features).sqrt();
                sums.unlike += edge.length * unlike / mean;
                sums.strong += if edge.contrast > mean { edge.length } else { 0.0 };
            } else if is_in[a] {
                sums.within.add(edge.length, edge.contrast / mean);
            }
        }
        for edge in &graph.edges {
            let [a, b] = edge.pieces.map(usize::from);
            if !is_in[a] && !is_in[b] && (sums.touches[a] || sums.touches[b]) {
                sums.outside.add(edge.length, edge.contrast / mean);
            }
        }
        sums
    }
}

/// The mean contrast along all edges of the graph, in units of L*a*b*; 1 at least.
fn mean_contrast(graph: &Graph) -> f32 {
    let mut all = Sum::default();
    graph.edges.iter().for_each(|edge| all.add(edge.length, edge.contrast));
    (all.contrast / all.length.max(1.0)).max(1.0)
}

/// Size and place of a set, in pixels of the raster.
struct Shape {
    area: f32,
    /// Sides of pixels at the raster's border.
    rim: f32,
    width: f32,
    height: f32,
}

impl Shape {
    fn of(graph: &Graph, is_in: &[bool]) -> Self {
        let (mut area, mut rim) = (0.0, 0.0);
        let (mut low, mut high) = ((f32::MAX, f32::MAX), (f32::MIN, f32::MIN));
        for (piece, _) in graph.pieces.iter().zip(is_in).filter(|(_, is_in)| **is_in) {
            area += piece.area;
            rim += piece.rim;
            low = (low.0.min(piece.x), low.1.min(piece.y));
            high = (high.0.max(piece.x), high.1.max(piece.y));
        }
        Self { area, rim, width: (high.0 - low.0).max(0.0), height: (high.1 - low.1).max(0.0) }
    }
}

/// Between what bounds a cue counts, and how much. The weights are those of a ridge regression of the overlap with the thing on the cues, over all
/// candidates for 150 composites (`select_bench` with the seeds 11 and 12, which its figures are not taken from).
const WEIGHTS: [(f32, f32, f32); CUES] = [
    (0.0, 4.0, -0.015),
    (0.0, 4.0, 0.029),
    (0.0, 1.0, 0.136),
    (0.0, 3.0, 0.020),
    (0.0, 3.0, -0.061),
    (-4.0, 4.0, 0.027),
    (-4.0, 4.0, 0.090),
    (-20.0, 0.0, 0.071),
    (0.0, 1.0, -1.426),
    (0.0, 20.0, -0.025),
    (0.0, 6.0, 0.023),
];

/// See the module; the more, the better.
pub(super) fn salience(cues: &[f32; CUES]) -> f32 {
    cues.iter().zip(WEIGHTS).map(|(cue, (low, high, weight))| weight * cue.clamp(low, high)).sum()
}
