//! Fills holes in tables and among panels, where rows and columns tell the colour of every pixel.
//!
//! A cell that lies wholly inside the hole shows its own tint nowhere at the rim, but its row does further away, on the other side of a rule or
//! behind a word. Such evidence is slight for a single line. It is believed where it explains a whole part of the hole and agrees with what
//! surrounds that part.

use super::axis_lines::{self, Axis};
use super::content::Content;
use super::field::{Field, Pixel, State, Window};
use super::strokes::{self, Stroke};
use crate::{Pacer, Result};

/// Margin around the hole in which structure is looked for, in pixels.
const MARGIN: usize = 160;
/// One in so many pixels of structure around a part may differ from what was told: corners and ends of edges.
const STRAY: usize = 32;
/// If more than one in so many pixels of the rim belong to glyphs, the hole lies across text, and text belongs into it. Along a hole that cuts the
/// words of some cells, one in ten does.
const TEXT: usize = 4;
/// The same where it is only to be said that what is filled in is made up: paragraphs have gaps between their lines.
const LINES: usize = 10;

/// What was found out about a field.
#[derive(Default)]
pub(super) struct Panels {
    /// The indices of what was filled and marked known.
    pub(super) drawn: Vec<usize>,
    /// The indices of the glyphs around the hole, which must not be copied into it; none if the hole lies across text.
    pub(super) glyphs: Vec<usize>,
}

/// What is drawn around a hole, told apart.
struct Drawing {
    /// The indices of its pixels in the field.
    places: Vec<usize>,
    drawing: Field,
    ground: Pixel,
    strokes: Vec<Stroke>,
    /// The indices of the glyphs in the drawing.
    glyphs: Vec<usize>,
    /// How many pixels the hole's rim has, and how many of them belong to glyphs.
    rim: usize,
    cut: usize,
}

/// Tells apart what is drawn around the hole; none where there is no hole or no ground.
async fn tell_apart(field: &Field, content: Content, pacer: &dyn Pacer) -> Result<Option<Drawing>> {
    let window = Window::of_targets(field, MARGIN);
    if window.width == 0 {
        return Ok(None);
    }
    let places: Vec<usize> = window.pixels().collect();
    let mut drawing = Field {
        width: window.width,
        height: window.height,
        pixels: places.iter().map(|at| field.pixels[*at]).collect(),
        states: places.iter().map(|at| field.states[*at]).collect(),
    };
    if content.is_lossy {
        strokes::flatten(&mut drawing);
    }
    let Some(ground) = axis_lines::ground(&drawing) else { return Ok(None) };
    let mut strokes = strokes::strokes(&drawing);
    pacer.checkpoint().await?;
    let is_rim: Vec<bool> = (0..places.len()).map(|at| drawing.is_rim(at)).collect();
    let rim = is_rim.iter().filter(|is_rim| **is_rim).count();
    let glyphs = strokes::exclude_glyphs(&mut drawing, &mut strokes, rim);
    let cut = glyphs.iter().filter(|at| is_rim[**at]).count();
    Ok(Some(Drawing { places, drawing, ground, strokes, glyphs, rim, cut }))
}

/// Whether the hole lies across text, so that whatever is filled in looks like text and says nothing.
pub(super) async fn lies_across_text(field: &Field, content: Content, pacer: &dyn Pacer) -> Result<bool> {
    let told = tell_apart(field, content, pacer).await?;
    Ok(told.is_some_and(|drawing| drawing.cut * LINES > drawing.rim))
}

/// Fills the parts of the hole that rows and columns explain.
pub(super) async fn fill(field: &mut Field, content: Content, pacer: &dyn Pacer) -> Result<Panels> {
    let Some(told) = tell_apart(field, content, pacer).await? else { return Ok(Panels::default()) };
    let Drawing { places, drawing, ground, strokes, mut glyphs, rim, cut } = told;
    // What a thin hole cuts goes on behind it.
    if cut > 0 && content.is_thin || is_text(cut, rim) {
        glyphs.clear();
    }
    pacer.checkpoint().await?;
    let told = axis_lines::find(&drawing, Some(&strokes), ground);
    pacer.checkpoint().await?;
    let mut claims: Vec<Option<Pixel>> = vec![None; places.len()];
    told.into_iter().for_each(|(at, colour)| claims[at] = Some(colour));
    let mut is_seen = vec![false; places.len()];
    let mut drawn = vec![];
    for start in 0..places.len() {
        if drawing.states[start] == State::Target && !is_seen[start] {
            let part = part(&drawing, start, &mut is_seen);
            if agrees(&drawing, &strokes, &claims, &part) {
                for at in part {
                    field.settle(places[at], claims[at].unwrap_or_default());
                    drawn.push(places[at]);
                }
            }
        }
    }
    glyphs.iter_mut().for_each(|at| *at = places[*at]);
    Ok(Panels { drawn, glyphs })
}

/// Whether a hole of which `cut` pixels of the `rim` belong to glyphs lies across text.
fn is_text(cut: usize, rim: usize) -> bool {
    cut * TEXT > rim
}

/// The targets that are connected with `start`.
fn part(field: &Field, start: usize, is_seen: &mut [bool]) -> Vec<usize> {
    let mut part = vec![start];
    is_seen[start] = true;
    let mut next = 0;
    while let Some(at) = part.get(next).copied() {
        next += 1;
        for near in field.beside(at) {
            if field.states[near] == State::Target && !std::mem::replace(&mut is_seen[near], true) {
                part.push(near);
            }
        }
    }
    part
}

/// Whether a part of the hole is explained by its `claims`, and these agree with what surrounds it.
fn agrees(field: &Field, strokes: &[Stroke], claims: &[Option<Pixel>], part: &[usize]) -> bool {
    let (mut seen, mut stray, mut cut) = (0, 0, 0);
    for at in part {
        let Some(claim) = claims[*at] else { return false };
        for near in field.beside(*at).filter(|near| field.states[*near] != State::Target) {
            seen += 1;
            if field.states[near] == State::Excluded {
                cut += 1;
                continue;
            }
            if field.pixels[near] == claim {
                continue;
            }
            let axis = if near.abs_diff(*at) == 1 { Axis::Row } else { Axis::Column };
            if strokes[near].is_rule[1 - axis as usize] && axis_lines::goes_beyond(field, near, axis) {
                continue;
            }
            // Whatever is no structure and ends here may go on inside.
            if !strokes[near].is_structure {
                return false;
            }
            stray += 1;
        }
    }
    stray * STRAY <= seen && !is_text(cut, seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unpaced;

    const WIDTH: usize = 300;
    const HEIGHT: usize = 120;

    /// How many pixels of a hole from 90 to 170, 40 to 80 are filled, after all of these were found right.
    fn filled(truth: impl Fn(usize, usize) -> i16) -> usize {
        let place = |i: usize| (i % WIDTH, i / WIDTH);
        let is_hole = |i: usize| matches!(place(i), (90..170, 40..80));
        let pixels: Vec<Pixel> = (0..WIDTH * HEIGHT).map(|i| [truth(place(i).0, place(i).1); 4]).collect();
        let mut field = Field {
            width: WIDTH,
            height: HEIGHT,
            pixels: pixels.iter().enumerate().map(|(i, p)| if is_hole(i) { [7; 4] } else { *p }).collect(),
            states: (0..pixels.len()).map(|i| if is_hole(i) { State::Target } else { State::Known }).collect(),
        };
        let content = Content { is_thin: false, is_fine: false, is_flat: true, is_drawn: true, is_lossy: false };
        let drawn = pollster::block_on(fill(&mut field, content, &Unpaced)).unwrap().drawn;
        assert!(drawn.iter().all(|at| field.pixels[*at] == pixels[*at]));
        drawn.len()
    }

    #[test]
    fn cells_get_the_tint_of_their_row_and_all_rules_however_short_the_stubs() {
        // The border of the table touches the hole; rules and tints show themselves behind it only.
        let table = |x: usize, y: usize| match (x, y) {
            (89, _) | (130, _) => 900,
            (_, y) if y.is_multiple_of(15) => 900,
            (_, y) if (y / 15).is_multiple_of(2) => 1960,
            _ => 1900,
        };
        assert_eq!(filled(table), 80 * 40);
    }

    #[test]
    fn what_is_left_of_a_chip_around_the_hole_is_its_ground_and_no_border() {
        let chip = |x: usize, y: usize| if (86..175).contains(&x) && (37..83).contains(&y) { 700 } else { 1900 };
        assert_eq!(filled(chip), 80 * 40);
    }

    #[test]
    fn what_may_go_on_inside_is_left_to_others() {
        let curve = |x: usize, y: usize| if (2 * y).abs_diff(x + 20) < 5 { 400 } else { 1900 };
        let text = |x: usize, y: usize| if x % 9 < 7 && y % 10 < 8 { 300 } else { 1900 };
        assert_eq!([filled(curve), filled(text)], [0, 0]);
    }
}
