//! How well pieces of a graph fit what is known to belong to a thing and what is known not to: kernel density estimates over colour and texture
//! (Parzen 1962) whose samples count more the nearer they are, so that a ground that changes over the picture is met everywhere by its own colours.

use super::falloff::falloff;
use super::graph::{Features, Graph, unlike};

/// Width of the kernel over colours, in units of L*a*b*, for pieces without texture.
const WIDTH: f32 = 5.0;
/// How much wider it is for each unit of texture.
const OF_TEXTURE: f32 = 0.35;
/// What far samples count, against 1 for near ones; and how far is near, as a share of the raster's diagonal.
const FAR: f32 = 0.12;
const NEAR: f32 = 0.16;
/// How many samples are the nearest ones.
const NEAREST: usize = 3;
/// Kernels are kept as whole numbers of these.
const STEPS: f32 = 65_535.0;

/// The kernel between any two pieces.
pub(super) struct Likeness {
    count: usize,
    kernels: Vec<u16>,
}

impl Likeness {
    pub(super) fn new(graph: &Graph) -> Self {
        let count = graph.pieces.len();
        let diagonal = (graph.raster.width as f32).hypot(graph.raster.height as f32);
        let near = 1.0 / (2.0 * (NEAR * diagonal).powi(2));
        let width = |features: &Features| WIDTH + OF_TEXTURE * features[4];
        let mut kernels = vec![0; count * count];
        for (i, a) in graph.pieces.iter().enumerate() {
            for (j, b) in graph.pieces[..=i].iter().enumerate() {
                let width = width(&a.features) * width(&b.features);
                let apart = (a.x - b.x).powi(2) + (a.y - b.y).powi(2);
                let place = FAR + (1.0 - FAR) * falloff(apart * near);
                let kernel = (falloff(unlike(&a.features, &b.features) / (2.0 * width)) * place * STEPS) as u16;
                kernels[i * count + j] = kernel;
                kernels[j * count + i] = kernel;
            }
        }
        Self { count, kernels }
    }

    /// How dense samples with these weights are around each piece. A piece is no sample for itself.
    pub(super) fn densities(&self, weights: &[f32]) -> Vec<f32> {
        let total: f32 = weights.iter().sum();
        let mut sums = vec![0.0f32; self.count];
        // Kernels are symmetric: what has no weight is passed over as a whole.
        for (sample, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
            let row = &self.kernels[sample * self.count..(sample + 1) * self.count];
            sums.iter_mut().zip(row).for_each(|(sum, kernel)| *sum += f32::from(*kernel) * weight);
        }
        let of = |(piece, sum): (usize, f32)| {
            let own = f32::from(self.kernels[piece * self.count + piece]) * weights[piece];
            (sum - own).max(0.0) / (STEPS * (total - weights[piece]).max(1.0))
        };
        sums.into_iter().enumerate().map(of).collect()
    }

    /// How like each piece is to the few samples that are most like it, 0 to 1. A piece is no sample for itself. However many samples there are of
    /// something, this says the same (as in Boiman, Shechtman & Irani, "In Defense of Nearest-Neighbor Based Image Classification", CVPR 2008).
    pub(super) fn nearest(&self, is_sample: impl Fn(usize) -> bool) -> Vec<f32> {
        let mut best = vec![[0u16; NEAREST]; self.count];
        for sample in (0..self.count).filter(|sample| is_sample(*sample)) {
            let row = &self.kernels[sample * self.count..(sample + 1) * self.count];
            for (piece, (best, kernel)) in best.iter_mut().zip(row).enumerate() {
                // In order, the least first.
                if *kernel > best[0] && piece != sample {
                    best[0] = *kernel;
                    let mut at = 0;
                    while at + 1 < NEAREST && best[at] > best[at + 1] {
                        best.swap(at, at + 1);
                        at += 1;
                    }
                }
            }
        }
        best.into_iter()
            .map(|best| best.iter().map(|k| f32::from(*k)).sum::<f32>() / (NEAREST as f32 * STEPS))
            .collect()
    }
}
