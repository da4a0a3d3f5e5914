//! The thing inside a rough circle: what lies outside is ground, what lies inside is ground or the thing, and the cut between them follows edges.
//! GrabCut (Rother, Kolmogorov & Blake, SIGGRAPH 2004) on the graph of pieces, with densities in place of mixtures of Gaussians.

use super::graph::Graph;
use super::likeness::Likeness;
use super::max_flow::MaxFlow;

/// How often models and cut take turns at most.
const ROUNDS: usize = 5;
/// Densities, and likeness to the nearest samples, that count as none.
const FLOOR: f32 = 0.002;
const NEAR_FLOOR: f32 = 0.04;
/// How much densities count, and likeness to the nearest samples.
const DENSE: f32 = 0.5;
const NEAR: f32 = 0.7;
/// Most that colours say for or against a piece.
const SURE: f32 = 3.0;
/// How much more the middle of the circle is trusted than its rim, and where both are even, as a share of the depth.
const MIDDLE: f32 = 1.6;
const EVEN: f32 = 0.22;
/// What an edge of mean length costs at most, in the units of what colours say.
const SMOOTH: f32 = 2.2;

/// Which pieces belong to the thing. `inside` is the share of each piece that is enclosed, `depth` how deep in the circle it lies, 0 to 1.
pub(super) fn thing(graph: &Graph, likeness: &Likeness, inside: &[f32], depth: &[f32]) -> Vec<bool> {
    let is_open: Vec<bool> = inside.iter().map(|share| *share > 0.5).collect();
    let is_ground = |piece: usize| inside[piece] < 0.1;
    let as_ground = likeness.nearest(is_ground);
    // What is unlike the ground is the thing to begin with.
    let mut thing: Vec<f32> =
        weights(graph, |i| if is_open[i] { (1.0 - as_ground[i]).powi(2) * (0.2 + depth[i]) } else { 0.0 });
    let mut found: Vec<bool> = vec![];
    for round in 0..ROUNDS {
        let of_thing = likeness.densities(&thing);
        let of_ground = likeness.densities(&weights(graph, |i| {
            if is_ground(i) {
                1.0
            } else if round > 0 && !found[i] {
                0.5
            } else {
                0.0
            }
        }));
        let as_thing = if round > 0 { likeness.nearest(|i| found[i]) } else { vec![] };
        let says = |i: usize| {
            let dense = ((of_thing[i] + FLOOR) / (of_ground[i] + FLOOR)).ln();
            let near = match round {
                0 => ((1.0 - as_ground[i] + 0.05) / (as_ground[i] + 0.05)).ln(),
                _ => ((as_thing[i] + NEAR_FLOOR) / (as_ground[i] + NEAR_FLOOR)).ln(),
            };
            let colours = (DENSE * dense + NEAR * near).clamp(-SURE, SURE);
            colours + MIDDLE * (depth[i] - EVEN).clamp(-0.5, 0.5)
        };
        let cut = cut(graph, |i| if is_open[i] { says(i) } else { -1e3 });
        let same = cut == found;
        found = cut;
        if same {
            break;
        }
        thing = weights(graph, |i| if found[i] { 1.0 } else { 0.0 });
    }
    found
}

/// Areas of the pieces, weighted.
fn weights(graph: &Graph, weight: impl Fn(usize) -> f32) -> Vec<f32> {
    graph.pieces.iter().enumerate().map(|(i, piece)| piece.area * weight(i)).collect()
}

/// Cuts the graph so that what is said of the pieces holds where it can and the cut follows strong edges.
pub(super) fn cut(graph: &Graph, says: impl Fn(usize) -> f32) -> Vec<bool> {
    let area = graph.raster.pixels.len() as f32 / graph.pieces.len() as f32;
    let lengths: f32 = graph.edges.iter().map(|edge| edge.length).sum();
    let contrasts: f32 = graph.edges.iter().map(|edge| edge.length * edge.contrast).sum();
    let (length, contrast) = (lengths / graph.edges.len().max(1) as f32, (contrasts / lengths.max(1.0)).max(1.0));
    let mut flow = MaxFlow::new(graph.pieces.len());
    for (i, piece) in graph.pieces.iter().enumerate() {
        flow.prefer(i, says(i) * piece.area / area);
    }
    for edge in &graph.edges {
        let [a, b] = edge.pieces.map(usize::from);
        let strength = edge.contrast / (1.5 * contrast);
        flow.join(a, b, 0.05 + SMOOTH * edge.length / length * (-strength * strength).exp());
    }
    flow.cut()
}
