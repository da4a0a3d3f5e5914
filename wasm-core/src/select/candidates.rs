//! What may be meant by a click: the branches of the hierarchy around it, and cuts between its surroundings and what lies farther away.

use super::enclose::cut;
use super::graph::Graph;
use super::hierarchy::Hierarchy;
use super::likeness::Likeness;

/// Largest share of the picture that is a thing.
const LARGEST: f32 = 0.6;
/// Least radius around a click, as a share of the diagonal; how much wider each further one is, and how many there are.
const NARROWEST: f32 = 0.05;
const WIDER: f32 = 1.45;
const RADII: i32 = 6;

/// Sets of pieces, each with the piece that was clicked.
pub(super) fn candidates(graph: &Graph, likeness: &Likeness, hierarchy: &Hierarchy, piece: usize) -> Vec<Vec<bool>> {
    let mut all = branches(graph, hierarchy, piece);
    let beside = graph.beside();
    for i in 0..RADII {
        let diagonal = (graph.raster.width as f32).hypot(graph.raster.height as f32);
        let set = around(graph, &beside, likeness, piece, diagonal * NARROWEST * WIDER.powi(i));
        all.push(set);
    }
    let most = LARGEST * graph.raster.pixels.len() as f32;
    let area = |set: &Vec<bool>| {
        graph.pieces.iter().zip(set).filter(|(_, is_in)| **is_in).map(|(piece, _)| piece.area).sum::<f32>()
    };
    all.retain(|set| set[piece] && area(set) < most);
    all
}

fn branches(graph: &Graph, hierarchy: &Hierarchy, piece: usize) -> Vec<Vec<bool>> {
    let branch = hierarchy.around(piece);
    let places = hierarchy.places(&branch, graph.pieces.len());
    (0..branch.len()).map(|i| places.iter().map(|place| *place <= i).collect()).collect()
}

/// The thing around a piece that ends within a radius.
fn around(graph: &Graph, beside: &[Vec<u32>], likeness: &Likeness, piece: usize, radius: f32) -> Vec<bool> {
    let middle = &graph.pieces[piece];
    let away = |i: usize| (graph.pieces[i].x - middle.x).hypot(graph.pieces[i].y - middle.y) / radius;
    let mut thing: Vec<f32> =
        (0..graph.pieces.len()).map(|i| graph.pieces[i].area * (-8.0 * away(i).powi(2)).exp()).collect();
    let ring = |i: usize| f32::from(u8::from((1.0..1.8).contains(&away(i))));
    let mut ground: Vec<f32> = (0..graph.pieces.len()).map(|i| graph.pieces[i].area * ring(i)).collect();
    let mut found: Vec<bool> = vec![];
    for _ in 0..3 {
        let (of_thing, of_ground) = (likeness.densities(&thing), likeness.densities(&ground));
        let floor = 0.02;
        let says = |i: usize| {
            if i == piece {
                return 1e3;
            }
            if away(i) > 1.0 {
                return -1e3;
            }
            ((of_thing[i] + floor) / (of_ground[i] + floor)).ln().clamp(-3.0, 3.0) + 1.2 * (0.6 - away(i))
        };
        let mut cut = cut(graph, says);
        connected(graph, beside, &mut cut, piece);
        if cut == found {
            break;
        }
        thing = (0..cut.len()).map(|i| graph.pieces[i].area * f32::from(u8::from(cut[i]))).collect();
        ground = (0..cut.len()).map(|i| graph.pieces[i].area * f32::from(u8::from(!cut[i] && away(i) < 1.8))).collect();
        found = cut;
    }
    found
}

/// Keeps what hangs together with a piece.
fn connected(graph: &Graph, beside: &[Vec<u32>], is_in: &mut [bool], piece: usize) {
    let mut kept = vec![false; is_in.len()];
    kept[piece] = true;
    let mut open = vec![piece];
    while let Some(at) = open.pop() {
        for edge in &beside[at] {
            for near in graph.edges[*edge as usize].pieces.map(usize::from) {
                if is_in[near] && !std::mem::replace(&mut kept[near], true) {
                    open.push(near);
                }
            }
        }
    }
    is_in.copy_from_slice(&kept);
}
