//! Fills flat parts of screens: table cells, buttons, bars and the page's ground.
//!
//! A part of the hole that is nearly surrounded by one colour had that colour before something was put on it. Patches would look for an example and
//! might find one with letters in it, or with the edge of another cell.

use super::field::{FAINT, Field, Pixel, State, apart};
use crate::{Pacer, Result};

/// At least this share of the known pixels around a flat part have its colour.
const SHARE: f32 = 0.6;
/// Thickness, in pixels, of what else may touch the rim of a flat part: edges and ends of things are one pixel thick, or two where they are
/// antialiased.
const EDGE: usize = 2;
/// Number of pixels around a flat part that may be shades of its colour: as many can be antialiased corners of edges out of sight. More are a
/// gradient or a pattern.
const CORNERS: usize = 2;
/// Something that is seen on two sides of the hole, and goes on straight for this many pixels behind both, runs through it: a bar or a line.
const ONWARD: usize = 12;
/// With more edges than this around the hole, the surroundings are text and nothing is filled.
const MAX_ENDS: usize = 1000;
/// Minimum number of pixels that have a colour before it is taken for that of a flat part.
const MIN_COUNT: usize = 8;

/// Fills the flat parts among the targets, marks them known and returns their indices. Pixels that were `drawn` before bound the parts, but
/// are not counted as surroundings.
pub(super) async fn fill(field: &mut Field, drawn: &[usize], pacer: &dyn Pacer) -> Result<Vec<usize>> {
    let mut marks = vec![Mark::Unseen; field.states.len()];
    drawn.iter().for_each(|at| marks[*at] = Mark::Seen);
    let mut parts = vec![];
    let mut ends = vec![];
    for start in 0..field.states.len() {
        if field.states[start] != State::Target || marks[start] != Mark::Unseen {
            continue;
        }
        pacer.checkpoint().await?;
        let (part, rim) = part(field, start, &mut marks);
        pacer.checkpoint().await?;
        if let Some((colour, groups)) = flat_colour(field, &rim, &mut marks) {
            ends.extend(groups.into_iter().map(|group| (parts.len(), group)));
            parts.push((colour, part));
        }
        rim.iter().for_each(|at| marks[*at] = Mark::Unseen);
    }
    if ends.len() > MAX_ENDS {
        return Ok(vec![]);
    }
    // Ends of different parts are compared as well: a rule that was drawn may divide what runs through.
    let mut is_crossed = vec![false; parts.len()];
    for (i, (a, from)) in ends.iter().enumerate() {
        pacer.checkpoint().await?;
        for (b, to) in &ends[..i] {
            if from.goes_on(field, to, parts[*a].0) && to.goes_on(field, from, parts[*b].0) {
                (is_crossed[*a], is_crossed[*b]) = (true, true);
            }
        }
    }
    let mut filled = vec![];
    for ((colour, part), _) in parts.into_iter().zip(is_crossed).filter(|(_, is_crossed)| !is_crossed) {
        for at in part {
            field.settle(at, colour);
            filled.push(at);
        }
    }
    Ok(filled)
}

/// How far a pixel has been looked at.
#[derive(Clone, Copy, PartialEq)]
enum Mark {
    Unseen,
    Seen,
    /// On the rim of the present part, of another colour than most of the rim, and in no group yet.
    Other,
}

/// The targets that are connected with `start` (4-neighbourhood), and the known pixels that touch them.
fn part(field: &Field, start: usize, marks: &mut [Mark]) -> (Vec<usize>, Vec<usize>) {
    let (mut part, mut rim) = (vec![start], vec![]);
    marks[start] = Mark::Seen;
    let mut next = 0;
    while let Some(at) = part.get(next).copied() {
        next += 1;
        for near in field.beside(at) {
            if marks[near] == Mark::Unseen {
                match field.states[near] {
                    State::Target => part.push(near),
                    State::Known => rim.push(near),
                    State::Excluded => continue,
                }
                marks[near] = Mark::Seen;
            }
        }
    }
    (part, rim)
}

/// The most frequent colour of `rim`, and the groups of pixels of other colours; none if the part is not flat.
fn flat_colour(field: &Field, rim: &[usize], marks: &mut [Mark]) -> Option<(Pixel, Vec<Group>)> {
    let (colour, count) = field.most_frequent(rim.iter().copied())?;
    if count < MIN_COUNT || (count as f32) < SHARE * rim.len() as f32 {
        return None;
    }
    let others: Vec<usize> = rim.iter().copied().filter(|at| field.pixels[*at] != colour).collect();
    others.iter().for_each(|at| marks[*at] = Mark::Other);
    let (mut shades, mut groups) = (0, vec![]);
    for start in others {
        let Some(group) = group(field, start, colour, marks) else { continue };
        if group.away <= FAINT {
            shades += group.pixels;
        }
        if shades > CORNERS || group.extent.into_iter().all(|e| e > EDGE) {
            return None;
        }
        groups.push(group);
    }
    Some((colour, groups))
}

/// Pixels of the rim that are not of the flat colour and at most two steps apart (city-block distance).
struct Group {
    /// Width and height of its rectangle, in pixels.
    extent: [usize; 2],
    pixels: usize,
    /// Centre of its rectangle.
    middle: [f32; 2],
    /// The largest difference from the flat colour, in fixed-point steps.
    away: u16,
}

impl Group {
    /// Whether it goes on behind the rim in the direction from `other` to it, with the flat `colour` on both sides. Then it comes out of the part and
    /// is no edge of it.
    fn goes_on(&self, field: &Field, other: &Self, colour: Pixel) -> bool {
        let way = [0, 1].map(|i| self.middle[i] - other.middle[i]);
        let length = way[0].hypot(way[1]).max(1.0);
        let is_wide = (self.extent[0], way[1].abs()) > (self.extent[1], way[0].abs());
        let flank = self.extent[0].max(self.extent[1]) as f32 / 2.0 + EDGE as f32;
        let behind = |i: usize, aside: f32| {
            let aside = if is_wide { [aside, 0.0] } else { [0.0, aside] };
            let [x, y] = [0, 1].map(|axis| (self.middle[axis] + i as f32 * way[axis] / length + aside[axis]).round());
            let is_there = (0.0..field.width as f32).contains(&x) && (0.0..field.height as f32).contains(&y);
            is_there.then_some(y as usize * field.width + x as usize).filter(|at| field.states[*at] == State::Known)
        };
        let is_other = |at: usize| apart(field.pixels[at], colour) > FAINT;
        let (mut seen, mut agree) = (0, 0);
        for i in EDGE + 1..=EDGE + ONWARD {
            let Some(at) = behind(i, 0.0) else { continue };
            let is_flanked = [flank, -flank].into_iter().all(|f| !behind(i, f).is_some_and(is_other));
            seen += 1;
            agree += usize::from(is_other(at) && is_flanked);
        }
        seen >= MIN_COUNT / 2 && agree * 4 > seen * 3
    }
}

/// The group that `start` belongs to, whose pixels become [`Mark::Seen`]; none if they already are.
fn group(field: &Field, start: usize, colour: Pixel, marks: &mut [Mark]) -> Option<Group> {
    let (mut low, mut high) = ([start % field.width, start / field.width], [0; 2]);
    let (mut pixels, mut away) = (0, 0);
    let mut open = vec![start];
    while let Some(at) = open.pop() {
        if std::mem::replace(&mut marks[at], Mark::Seen) != Mark::Other {
            continue;
        }
        let place = [at % field.width, at / field.width];
        for i in 0..2 {
            (low[i], high[i]) = (low[i].min(place[i]), high[i].max(place[i] + 1));
        }
        pixels += 1;
        away = away.max(apart(field.pixels[at], colour));
        for y in place[1].saturating_sub(2)..(place[1] + 3).min(field.height) {
            for x in place[0].saturating_sub(2)..(place[0] + 3).min(field.width) {
                let is_near = x.abs_diff(place[0]) + y.abs_diff(place[1]) <= 2;
                if is_near && marks[y * field.width + x] == Mark::Other {
                    open.push(y * field.width + x);
                }
            }
        }
    }
    let middle = [0, 1].map(|i| (low[i] + high[i]) as f32 / 2.0 - 0.5);
    (pixels > 0).then(|| Group { extent: [0, 1].map(|i| high[i] - low[i]), pixels, middle, away })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Unpaced;

    fn flats(field: &mut Field, drawn: &[usize]) -> Vec<usize> {
        pollster::block_on(fill(field, drawn, &Unpaced)).unwrap()
    }

    const WIDTH: usize = 61;
    const HEIGHT: usize = 37;

    /// What is around a hole of 30 x 12 that begins at (10, 8), and the colour that it is filled with.
    fn filled(around: impl Fn(usize, usize) -> i16) -> Option<i16> {
        filled_hole(|x, y| matches!((x, y), (10..40, 8..20)), around)
    }

    fn filled_hole(hole: impl Fn(usize, usize) -> bool, around: impl Fn(usize, usize) -> i16) -> Option<i16> {
        let place = |i: usize| (i % WIDTH, i / WIDTH);
        let is_hole = |i: usize| hole(place(i).0, place(i).1);
        let state = |i: usize| if is_hole(i) { State::Target } else { State::Known };
        let colour = |i: usize| if is_hole(i) { [3; 4] } else { [around(place(i).0, place(i).1); 4] };
        let mut field = Field {
            width: WIDTH,
            height: HEIGHT,
            pixels: (0..WIDTH * HEIGHT).map(colour).collect(),
            states: (0..WIDTH * HEIGHT).map(state).collect(),
        };
        let filled = flats(&mut field, &[]);
        assert!(filled.is_empty() || filled.len() == (0..WIDTH * HEIGHT).filter(|i| is_hole(*i)).count());
        assert!(
            filled.iter().all(|at| field.states[*at] == State::Known && field.pixels[*at] == field.pixels[filled[0]])
        );
        filled.first().map(|at| field.pixels[*at][0])
    }

    #[test]
    fn a_cell_is_flat_although_the_hole_touches_its_edge_and_a_letter() {
        assert_eq!(filled(|_, _| 1700), Some(1700));
        assert_eq!(filled(|x, _| if x < 10 { 2000 } else { 1700 }), Some(1700));
        assert_eq!(filled(|x, y| if x == 33 && y < 9 { 160 } else { 1700 }), Some(1700));
    }

    #[test]
    fn corners_shades_and_crowds_are_left_to_others() {
        assert_eq!(filled(|x, _| if x < 14 { 2000 } else { 1700 }), None);
        assert_eq!(filled(|_, y| 1700 - 8 * (y as i16 / 9)), None);
        assert_eq!(filled(|x, y| if x % 10 == 5 && y % 5 == 2 { 1640 } else { 1700 }), None);
        assert_eq!(filled(|x, y| ((x * 37 + y * 91) % 900) as i16), None);
    }

    #[test]
    fn bars_and_lines_that_run_through_are_not_cut() {
        // With a gradient, so that it is no line of one colour.
        let bar = |x: usize, y: usize| if (11..16).contains(&y) { 1000 + 6 * x as i16 } else { 1700 };
        let slanted = |x: usize, y: usize| if (2 * x).abs_diff(y + 30) < 3 { 300 } else { 1700 };
        assert_eq!(filled(bar), None);
        assert_eq!(filled(slanted), None);
        // One that ends in the hole, and two that have nothing to do with each other.
        assert_eq!(filled(|x, y| if x < 20 { bar(x, y) } else { 1700 }), Some(1700));
        assert_eq!(filled(|x, y| if (x == 15 && y < 12) || (x == 33 && y > 12) { 300 } else { 1700 }), Some(1700));
    }

    #[test]
    fn a_brush_that_slips_over_both_edges_of_a_button_crosses_no_bar() {
        let hole = |x: usize, y: usize| matches!((x, y), (10..40, 9..19) | (20..24, 7..21));
        assert_eq!(filled_hole(hole, |_, y| if (8..20).contains(&y) { 1700 } else { 2000 }), Some(1700));
    }

    #[test]
    fn the_frame_of_a_picture_is_no_line() {
        let frame = |x: usize, _: usize| if (5..56).contains(&x) { 1700 } else { 300 };
        assert_eq!(filled_hole(|x, y| matches!((x, y), (5..56, 2..35)), frame), Some(1700));
    }

    #[test]
    fn between_rules_that_were_drawn_there_is_the_ground() {
        let (rules, width, height) = ([5, 11], 40, 20);
        let state = |i: usize| match (i % width, i / width) {
            (5..35, y) if !rules.contains(&y) && y < 18 => State::Target,
            _ => State::Known,
        };
        let colour = |i: usize| [if rules.contains(&(i / width)) { 1500 } else { 1900 }; 4];
        let states: Vec<State> = (0..width * height).map(state).collect();
        let mut field = Field { width, height, pixels: (0..width * height).map(colour).collect(), states };
        let drawn: Vec<usize> = rules.into_iter().flat_map(|y| y * width + 5..y * width + 35).collect();
        let truth = field.pixels.clone();
        let filled = flats(&mut field, &drawn);
        assert_eq!(filled.len(), 30 * 16);
        assert_eq!(field.pixels, truth);
    }

    #[test]
    fn a_hole_across_the_whole_picture_is_nothing_special() {
        let field = |states: Vec<State>| Field { width: 9, height: 5, pixels: vec![[700; 4]; 45], states };
        assert!(flats(&mut field(vec![State::Target; 45]), &[]).is_empty());
        let mut half = field((0..45).map(|i| if i < 20 { State::Target } else { State::Known }).collect());
        assert_eq!(flats(&mut half, &[]).len(), 20);
    }
}
