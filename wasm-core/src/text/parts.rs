//! The connected parts of what is thin and dark.

use super::plane::Plane;
use crate::pixels::Rect;
use crate::{Pacer, Result};

/// Rows between two checkpoints: a few milliseconds of work.
const ROWS: usize = 128;

/// A connected part (8-neighbourhood).
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Its box.
    pub(super) rect: Rect,
    /// Number of its pixels.
    pub(super) area: u32,
    /// The sum over its pixels of how much darker they are than the ground.
    pub(super) contrasts: u64,
    /// The darkest level in it.
    pub(super) darkest: u8,
    /// Number of sides of pixels at its outline, and how many of them have an edge of the picture there.
    pub(super) outline: u32,
    pub(super) edges: u32,
}

impl Part {
    /// The share of its outline where the picture has an edge. The ground between two letters is as thin as they are, and ends where nothing is seen.
    pub(super) fn edge_share(&self) -> f32 {
        self.edges as f32 / self.outline.max(1) as f32
    }

    /// Mean contrast to the ground, in levels.
    pub(super) fn contrast(&self) -> f32 {
        self.contrasts as f32 / self.area as f32
    }

    /// Mean width of its strokes, in pixels.
    pub(super) fn stroke(&self) -> f32 {
        2.0 * self.area as f32 / self.outline.max(1) as f32
    }
}

/// Neighbouring pixels of a row.
#[derive(Clone, Copy)]
struct Run {
    start: u32,
    end: u32,
    /// Another run of its part that came before, or itself.
    parent: u32,
}

/// The parts of the pixels whose `ink`, their contrast, is not 0.
///
/// # Errors
/// [`Error::Cancelled`](crate::Error::Cancelled) from `pacer`.
pub(super) async fn parts(plane: &Plane, ink: &Plane, pacer: &dyn Pacer) -> Result<Vec<Part>> {
    let (mut runs, mut rows) = (Vec::<Run>::new(), vec![0]);
    for (y, row) in ink.levels.chunks_exact(ink.width.max(1)).enumerate() {
        if y.is_multiple_of(ROWS) {
            pacer.checkpoint().await?;
        }
        let above = y.checked_sub(1).map_or(0, |above| rows[above]);
        let first = runs.len();
        append(&mut runs, row);
        connect(&mut runs, above, first);
        rows.push(runs.len());
    }
    let mut parts: Vec<Part> = vec![];
    // A root is the first run of its part: what is found there is known when the others come.
    let mut number = vec![0u32; runs.len()];
    for y in 0..rows.len() - 1 {
        if y.is_multiple_of(ROWS) {
            pacer.checkpoint().await?;
        }
        for at in rows[y]..rows[y + 1] {
            let Run { start, end, parent } = runs[at];
            let rect = Rect { x: start, y: y as u32, width: end - start, height: 1 };
            if parent as usize == at {
                number[at] = parts.len() as u32;
                parts.push(Part { rect, area: 0, contrasts: 0, darkest: 255, outline: 0, edges: 0 });
            } else {
                number[at] = number[root(&runs, parent) as usize];
            }
            let part = &mut parts[number[at] as usize];
            part.rect = part.rect.union(&rect);
            measure(part, plane, ink, y, start as usize..end as usize);
        }
    }
    Ok(parts)
}

fn append(runs: &mut Vec<Run>, row: &[u8]) {
    let mut x = 0;
    while let Some(start) = row[x..].iter().position(|ink| *ink > 0).map(|skipped| x + skipped) {
        let end = row[start..].iter().position(|ink| *ink == 0).map_or(row.len(), |length| start + length);
        let parent = runs.len() as u32;
        runs.push(Run { start: start as u32, end: end as u32, parent });
        x = end;
    }
}

fn root(runs: &[Run], mut at: u32) -> u32 {
    while runs[at as usize].parent != at {
        at = runs[at as usize].parent;
    }
    at
}

/// Connects the runs from `first` on with those of the row above, which begin at `above`.
fn connect(runs: &mut [Run], above: usize, first: usize) {
    let mut upper = above;
    for at in first..runs.len() {
        let Run { start, end, .. } = runs[at];
        while upper < first && runs[upper].end < start {
            upper += 1;
        }
        let mut touching = upper;
        while touching < first && runs[touching].start <= end {
            let [one, other] = [touching, at].map(|run| root(runs, run as u32));
            let (early, late) = (one.min(other), one.max(other));
            runs[late as usize].parent = early;
            // Short ways to the root, for those who ask next.
            runs[at].parent = early;
            runs[touching].parent = early;
            touching += 1;
        }
    }
}

/// Adds a run to what is known of its part.
fn measure(part: &mut Part, plane: &Plane, ink: &Plane, y: usize, run: std::ops::Range<usize>) {
    let width = plane.width;
    let row = y * width;
    part.area += run.len() as u32;
    for at in row + run.start..row + run.end {
        part.contrasts += u64::from(ink.levels[at]);
        part.darkest = part.darkest.min(plane.levels[at]);
    }
    let level = |at: usize| plane.levels[at];
    // From a pixel of the outline, `step` pixels on are outside; `room` is how many there are before the picture ends.
    let mut side = |at: usize, step: isize, room: usize, behind: bool| {
        if room == 0 {
            return;
        }
        let to = |steps: isize| (at as isize + steps * step) as usize;
        let outside = if room > 1 { level(to(1)).max(level(to(2))) } else { level(to(1)) };
        let inside = if behind { level(at).min(level(to(-1))) } else { level(at) };
        part.outline += 1;
        part.edges += u32::from(outside.saturating_sub(inside) >= ink.levels[at] / 2);
    };
    let (last, is_long) = (row + run.end - 1, run.len() > 1);
    side(row + run.start, -1, run.start, is_long);
    side(last, 1, width - run.end, is_long);
    for at in row + run.start..row + run.end {
        let is_ink = |at: Option<usize>| at.and_then(|at| ink.levels.get(at)).is_some_and(|ink| *ink > 0);
        let [above, below] = [is_ink(at.checked_sub(width)), is_ink(Some(at + width))];
        if !above {
            side(at, -(width as isize), y, below);
        }
        if !below {
            side(at, width as isize, plane.height - 1 - y, above);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unpaced;

    /// The parts of a drawing in which `#` is ink.
    fn of(drawing: &[&str]) -> Vec<Part> {
        let (width, height) = (drawing[0].len(), drawing.len());
        let is_ink = drawing.iter().flat_map(|row| row.bytes().map(|mark| mark == b'#'));
        let levels: Vec<u8> = is_ink.map(|is_ink| if is_ink { 20 } else { 220 }).collect();
        let plane = Plane { width, height, levels };
        let ink = Plane { levels: plane.levels.iter().map(|level| 220 - level).collect(), ..plane.clone() };
        pollster::block_on(parts(&plane, &ink, &Unpaced)).unwrap()
    }

    #[test]
    fn parts_are_what_touches_also_at_corners() {
        let found = of(&["#.#..", "#.#.#", ".#...", "....#", "#.#.#"]);
        let boxes: Vec<_> = found.iter().map(|p| (p.rect.x, p.rect.y, p.rect.width, p.rect.height, p.area)).collect();
        assert_eq!(boxes, [(0, 0, 3, 3, 5), (4, 1, 1, 1, 1), (4, 3, 1, 2, 2), (0, 4, 1, 1, 1), (2, 4, 1, 1, 1)]);
    }

    #[test]
    fn a_part_on_plain_ground_has_an_edge_all_around() {
        let [part] = of(&[".....", ".###.", ".#.#.", ".###.", "....."])[..] else { panic!("one part") };
        assert_eq!((part.outline, part.edges, part.contrasts, part.darkest), (16, 16, 8 * 200, 20));
    }
}
