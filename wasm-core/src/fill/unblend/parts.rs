//! The connected parts of what a mark is thought to cover: whether the edges of each are those of the mark.
//!
//! A labelling covers what the mark covers, and here and there something of the picture that happens to look alike. The latter has edges of its own.

use super::beliefs::Beliefs;
use super::colour::Rgb;
use super::copies::Cover;
use super::edges::Edges;
use super::graph::Graph;
use super::mark::Mark;
use super::scene::Scene;

/// Minimum cover of a part's pixels, and maximum cover of what lies beside it.
const COVERED: f32 = 0.2;
const BARE: f32 = 0.05;
/// Minimum cover of the first of the two pixels that are compared across a part's edge.
const SOLID: f32 = 0.4;
/// Distances of these two pixels, in pixels: the first that leads to a bare one.
const ACROSS: std::ops::RangeInclusive<i64> = 2..=5;
/// Logarithms of likelihood ratios count up to this.
const MAX_GAIN: f32 = 3.0;
/// Parts with fewer pairs of pixels across their edge are judged by what lies beside them: within so many pixels.
const MIN_PAIRS: usize = 12;
const NEAR: u32 = 10;
/// Width of what belongs to a part around it, in pixels.
const AROUND: u32 = 3;

/// How the parts of a mark's cover are judged.
pub(super) struct Parts {
    /// `[window.height, window.width]`: whether a pixel belongs to a part that is the mark's, or lies beside one.
    pub(super) is_own: Vec<bool>,
    /// Pairs of pixels across the edges of the mark's parts, and those of the other parts.
    pub(super) pairs: [usize; 2],
    /// Sum of the logarithms of the likelihood ratios of the former, in nats.
    pub(super) gain: f32,
    /// Number of pixels of the mark's parts.
    pub(super) covered: usize,
}

/// The expected cover of each pixel of the window, by the beliefs on a graph; 0 where that has none.
pub(super) fn covers(graph: &Graph<'_>, beliefs: &Beliefs) -> Vec<f32> {
    let window = graph.scene.pieces.window;
    let mut covers = vec![0.0; window.area()];
    for (site, states) in graph.sites.iter().zip(&beliefs.states) {
        covers[(site.y * window.width + site.x) as usize] = Cover::expected(states);
    }
    covers
}

/// A connected part of what is covered.
struct Part {
    pixels: Vec<usize>,
    pairs: usize,
    gain: f32,
}

/// The connected parts (8-neighbourhood) of what is covered by at least [`COVERED`].
fn parts(cover: &[f32], width: usize) -> Vec<Part> {
    let mut is_open: Vec<bool> = cover.iter().map(|cover| *cover >= COVERED).collect();
    let mut parts = vec![];
    for start in 0..cover.len() {
        if !std::mem::take(&mut is_open[start]) {
            continue;
        }
        let (mut pixels, mut next) = (vec![start], 0);
        while let Some(at) = pixels.get(next).copied() {
            next += 1;
            let (x, y) = (at % width, at / width);
            for y in y.saturating_sub(1)..(y + 2).min(cover.len() / width) {
                for x in x.saturating_sub(1)..(x + 2).min(width) {
                    if std::mem::take(&mut is_open[y * width + x]) {
                        pixels.push(y * width + x);
                    }
                }
            }
        }
        parts.push(Part { pixels, pairs: 0, gain: 0.0 });
    }
    parts
}

/// Judges the parts of `cover`, which is the mark's share of each pixel of the window.
#[inline(never)]
pub(super) fn judged(scene: &Scene<'_>, edges: &Edges, mark: &Mark, cover: &[f32]) -> Parts {
    let width = scene.pieces.window.width as usize;
    let mut parts = parts(cover, width);
    for part in &mut parts {
        note_edges(scene, edges, mark, cover, part);
    }
    let is_large = |part: &Part| part.pairs >= MIN_PAIRS;
    let is_sure = |part: &Part| is_large(part) && part.gain > 0.0;
    let mut is_near = vec![false; cover.len()];
    parts.iter().filter(|part| is_sure(part)).for_each(|part| mark_around(&mut is_near, width, &part.pixels, NEAR));
    let mut judged = Parts { is_own: vec![false; cover.len()], pairs: [0; 2], gain: 0.0, covered: 0 };
    for part in &parts {
        let is_own = is_sure(part) || !is_large(part) && part.gain >= 0.0 && is_near[part.pixels[0]];
        judged.pairs[usize::from(!is_own)] += part.pairs;
        if is_own {
            judged.gain += part.gain;
            judged.covered += part.pixels.len();
            mark_around(&mut judged.is_own, width, &part.pixels, AROUND);
        }
    }
    judged
}

/// Marks the pixels at most so many rows and columns away.
fn mark_around(marked: &mut [bool], width: usize, pixels: &[usize], reach: u32) {
    let reach = reach as usize;
    for at in pixels {
        let (x, y) = (at % width, at / width);
        for y in y.saturating_sub(reach)..(y + reach + 1).min(marked.len() / width) {
            marked[y * width + x.saturating_sub(reach)..y * width + (x + reach + 1).min(width)].fill(true);
        }
    }
}

/// Compares pixels of a part with the nearest bare ones beside it in rows and columns.
#[inline(never)]
fn note_edges(scene: &Scene<'_>, edges: &Edges, mark: &Mark, cover: &[f32], part: &mut Part) {
    let window = scene.pieces.window;
    let (width, height) = (i64::from(window.width), i64::from(window.height));
    let colour = |x: i64, y: i64| -> Rgb { scene.colour(x as u32, y as u32) };
    for at in &part.pixels {
        let (x, y) = (*at as i64 % width, *at as i64 / width);
        if cover[*at] < SOLID {
            continue;
        }
        for (dx, dy) in [(1, 0), (-1, 0), (0, 1), (0, -1)] {
            let place = |steps: i64| {
                let (x, y) = (x + dx * steps, y + dy * steps);
                let is_inside = x >= 0 && y >= 0 && x < width && y < height;
                is_inside.then(|| (x, y, cover[(y * width + x) as usize]))
            };
            // The pixel next to the edge with the most cover stands for the part.
            if place(1).is_none_or(|next| next.2 >= cover[*at] - BARE) {
                continue;
            }
            let bare = ACROSS.filter_map(place).find(|there| there.2 <= BARE);
            if let Some((u, v, _)) = bare {
                let place = ((x as u32) + window.x, (y as u32) + window.y);
                let axis = usize::from(dx == 0);
                let gain = edges.seam(mark, cover[*at], colour(u, v), colour(x, y), place, axis);
                part.pairs += 1;
                part.gain += gain.clamp(-MAX_GAIN, MAX_GAIN);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{foliage, laid_over, letters, scene_of};
    use super::*;
    use crate::Unpaced;
    use crate::pixels::Mask;

    #[test]
    fn letters_have_the_edges_of_their_mark_and_a_part_of_the_picture_has_not() {
        let (opacity, colour) = (0.4, [255.0; 3]);
        let picture = |x, y| foliage(x, y, 7);
        let (_, marked, mask) = scene_of(picture, letters, |_, _, under, t| laid_over(under, opacity * t, colour));
        let rect = mask.rect();
        let mask = Mask::new(rect, vec![255; rect.area()]).unwrap();
        let scene = pollster::block_on(Scene::new(&marked, &mask, &Unpaced)).unwrap().unwrap();
        let edges = pollster::block_on(Edges::new(&scene, &Unpaced)).unwrap().unwrap();
        let mark = Mark::new(1.0 - opacity, colour);
        let window = scene.pieces.window;
        let places = || (window.y..window.bottom()).flat_map(|y| (window.x..window.right()).map(move |x| (x, y)));
        let of_letters: Vec<f32> = places().map(|(x, y)| letters(x, y)).collect();
        let found = judged(&scene, &edges, &mark, &of_letters);
        assert!(found.gain > 0.0 && found.pairs[1] * 10 < found.pairs[0], "{:?} {}", found.pairs, found.gain);
        // Bars where there are no letters.
        let bar = |x: u32, y: u32| f32::from(u8::from((60..75).contains(&y) && x % 30 < 20));
        let of_bars: Vec<f32> = places().map(|(x, y)| if letters(x, y) > 0.0 { 0.0 } else { bar(x, y) }).collect();
        let found = judged(&scene, &edges, &mark, &of_bars);
        assert!(found.pairs[0] * 10 < found.pairs[1], "{:?} {}", found.pairs, found.gain);
    }
}
