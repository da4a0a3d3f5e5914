//! Pieces merged two by two into a tree, the most alike first: a binary partition tree (Salembier & Garrido, "Binary Partition Tree as an Efficient
//! Representation for Image Processing", 2000). The branches around a piece are the things it may belong to, from small to large.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::graph::{FEATURES, Features, Graph, unlike};

/// How much the size of the smaller region counts: small ones are merged first.
const OF_SIZE: f32 = 0.22;
/// How much the edge between two regions counts against how unlike they are.
const OF_EDGE: f32 = 0.5;

/// The tree: the parent of each region; the first regions are the pieces, the last one is all.
pub(super) struct Hierarchy {
    parents: Vec<u32>,
}

/// A region while it is merged.
struct Region {
    area: f32,
    features: Features,
    /// The regions that touch it: length, and contrast times length.
    beside: BTreeMap<u32, (f32, f32)>,
}

impl Hierarchy {
    pub(super) fn new(graph: &Graph) -> Self {
        let region = |piece: &super::graph::Piece| Region {
            area: piece.area,
            features: piece.features,
            beside: BTreeMap::new(),
        };
        let mut regions: Vec<Option<Region>> = graph.pieces.iter().map(|piece| Some(region(piece))).collect();
        for edge in &graph.edges {
            let [a, b] = edge.pieces.map(u32::from);
            for (from, to) in [(a, b), (b, a)] {
                if let Some(region) = &mut regions[from as usize] {
                    region.beside.insert(to, (edge.length, edge.contrast * edge.length));
                }
            }
        }
        let mut queue = BinaryHeap::new();
        for edge in &graph.edges {
            let [a, b] = edge.pieces.map(u32::from);
            queue.push(Reverse((apart(&regions, a, b), a, b)));
        }
        let mut parents = vec![u32::MAX; regions.len()];
        while let Some(Reverse((_, a, b))) = queue.pop() {
            let (Some(_), Some(_)) = (&regions[a as usize], &regions[b as usize]) else { continue };
            let number = regions.len() as u32;
            let (first, second) = (regions[a as usize].take(), regions[b as usize].take());
            let (Some(first), Some(second)) = (first, second) else { continue };
            let merged = merged(first, second, a, b);
            let near: Vec<u32> = merged.beside.keys().copied().collect();
            regions.push(Some(merged));
            parents[a as usize] = number;
            parents[b as usize] = number;
            parents.push(u32::MAX);
            for other in near {
                let Some(region) = &mut regions[other as usize] else { continue };
                let (from_a, from_b) = (region.beside.remove(&a), region.beside.remove(&b));
                let sum = |x: (f32, f32), y: (f32, f32)| (x.0 + y.0, x.1 + y.1);
                region.beside.insert(number, sum(from_a.unwrap_or_default(), from_b.unwrap_or_default()));
                queue.push(Reverse((apart(&regions, other, number), other, number)));
            }
        }
        Self { parents }
    }

    /// The regions around a piece, the smallest first.
    pub(super) fn around(&self, piece: usize) -> Vec<u32> {
        let up = |at: &u32| self.parents.get(*at as usize).copied().filter(|parent| *parent != u32::MAX);
        std::iter::successors(Some(piece as u32), up).collect()
    }

    /// For each piece the place in `branch` of the smallest region there that it lies in.
    pub(super) fn places(&self, branch: &[u32], pieces: usize) -> Vec<usize> {
        let mut place: Vec<usize> = vec![usize::MAX; self.parents.len()];
        branch.iter().enumerate().for_each(|(i, region)| place[*region as usize] = i);
        // Parents have higher numbers than what they are made of.
        for region in (0..self.parents.len()).rev() {
            if place[region] == usize::MAX && self.parents[region] != u32::MAX {
                place[region] = place[self.parents[region] as usize];
            }
        }
        place.truncate(pieces);
        place
    }
}

/// How unlike two regions are, as a whole number in order to be sorted.
fn apart(regions: &[Option<Region>], a: u32, b: u32) -> u64 {
    let (Some(first), Some(second)) = (&regions[a as usize], &regions[b as usize]) else { return u64::MAX };
    let (length, contrast) = first.beside.get(&b).copied().unwrap_or((1.0, 0.0));
    let edge = contrast / length.max(1.0);
    let unlike = unlike(&first.features, &second.features).sqrt();
    let size = first.area.min(second.area).powf(OF_SIZE);
    ((unlike * (1.0 - OF_EDGE) + edge * OF_EDGE) * size * 1000.0) as u64
}

fn merged(a: Region, b: Region, of_a: u32, of_b: u32) -> Region {
    let area = a.area + b.area;
    let mut features = [0.0; FEATURES];
    for (i, feature) in features.iter_mut().enumerate() {
        *feature = (a.features[i] * a.area + b.features[i] * b.area) / area;
    }
    let mut beside = a.beside;
    for (other, (length, contrast)) in b.beside {
        let sum = beside.entry(other).or_default();
        *sum = (sum.0 + length, sum.1 + contrast);
    }
    beside.remove(&of_a);
    beside.remove(&of_b);
    Region { area, features, beside }
}
