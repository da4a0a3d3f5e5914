//! What speaks for text, and what of the same place speaks more.

use super::grouping::Group;
use super::line::Line;
use super::plane::Plane;
use super::words;
use crate::pixels::Rect;

/// A line is at most so many times as high as its letters, and their strokes are at most this share of it wide.
const TALL: f32 = 4.0;
const THICK: f32 = 0.4;
/// The narrowest line, by the height of its letters: what is narrower is a rule.
const SLIM: f32 = 0.15;
/// The ground is flat where it varies by no more than this share of the contrast. On flat ground, little else is there but text; edges make out at
/// least this share of the outlines.
const FLAT: f32 = 0.05;
const EDGES_ON_FLAT: f32 = 0.93;
/// What stands alone there is a letter if it has at least this contrast, and strokes of at most this width by its height; else it is a bullet, or the
/// corner of a frame.
const ALONE: f32 = 48.0;
const BULLET: f32 = 0.33;
/// On other ground much looks like letters. Those have edges all around, one colour (up to this share of the contrast) and neighbours: two are
/// enough where they are wide.
const EDGES: f32 = 0.96;
const COLOURS: f32 = 0.05;
const PAIR: f32 = 3.0;
/// Of lines with equally much ink, the one whose outlines have more edges weighs more, counted from here, and the one on flatter ground: half as much
/// where the ground varies by this share of the contrast.
const FEW_EDGES: f32 = 0.8;
const ROUGH: f32 = 0.15;
/// The largest share of a line that one with more weight may cover.
const SHARED: f32 = 0.4;

/// How much speaks for a line, more than 0; none where it is no text.
pub(super) fn weight(line: &Group, plane: &Plane, ink: &Plane) -> Option<f32> {
    let height = words::height(line);
    let total = |of: &dyn Fn(&super::parts::Part) -> f32| line.letters.iter().map(of).sum::<f32>();
    let area = total(&|part| part.area as f32);
    let mean = |of: &dyn Fn(&super::parts::Part) -> f32| total(&|part| of(part) * part.area as f32) / area;
    let edges = total(&|part| part.edges as f32) / total(&|part| part.outline as f32).max(1.0);
    let (thick, wide) = (mean(&|part| part.stroke()) / height, line.rect.width as f32 / height);
    if line.rect.height as f32 > TALL * height || thick > THICK || wide < SLIM {
        return None;
    }
    let contrast = line.contrast();
    let roughness = variation(line.rect, plane, ink) / contrast;
    let darkest = mean(&|part| f32::from(part.darkest));
    let colours = mean(&|part| (f32::from(part.darkest) - darkest).abs()) / contrast;
    let count = line.letters.len();
    let is_text = if roughness <= FLAT {
        edges >= EDGES_ON_FLAT && (count > 1 || (contrast >= ALONE && thick <= BULLET))
    } else {
        edges >= EDGES && colours <= COLOURS && (count > 2 || (count == 2 && wide >= PAIR))
    };
    is_text.then(|| area * (edges - FEW_EDGES) / (1.0 + (roughness / ROUGH).powi(2)))
}

/// The standard deviation of the ground in a line's box and just around it, away from the ink, in levels.
fn variation(rect: Rect, plane: &Plane, ink: &Plane) -> f32 {
    let (width, height) = (plane.width, plane.height);
    let around = rect.grown(2, &Rect::of_size(width as u32, height as u32));
    let is_ink = |at: Option<usize>| at.and_then(|at| ink.levels.get(at)).is_some_and(|ink| *ink > 0);
    let (mut count, mut sum, mut squares) = (0.0f32, 0.0f32, 0.0f32);
    // Every other column is enough.
    for (x, y) in around.places().filter(|(x, _)| x % 2 == around.x % 2) {
        let at = y as usize * width + x as usize;
        let near = [Some(at), at.checked_sub(1), Some(at + 1), at.checked_sub(width), Some(at + width)];
        if !near.into_iter().any(is_ink) {
            let level = f32::from(plane.levels[at]);
            count += 1.0;
            sum += level;
            squares += level * level;
        }
    }
    let mean = sum / count.max(1.0);
    (squares / count.max(1.0) - mean * mean).max(0.0).sqrt()
}

/// Of lines that share a place, the one with the most weight.
pub(super) fn best(mut found: Vec<(f32, Line)>) -> Vec<Line> {
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut kept: Vec<Line> = vec![];
    for (_, line) in found {
        let shared = |other: &Line| {
            let along = |start: u32, end: u32| end.saturating_sub(start) as f32;
            along(line.rect.x.max(other.rect.x), line.rect.right().min(other.rect.right()))
                * along(line.rect.y.max(other.rect.y), line.rect.bottom().min(other.rect.bottom()))
        };
        if kept.iter().all(|other| shared(other) < SHARED * line.rect.area() as f32) {
            kept.push(line);
        }
    }
    kept
}
