//! Lines that run straight through a hole on a screen: rules of tables, borders of panels.
//!
//! A row with one and the same colour on both sides of the hole, which is not the ground's, most likely has it in between; the same
//! goes for columns. Patches only see as far as their own size, and often end a rule under a wide brush. The ground is left to
//! [`flats`](super::flats), which comes after, and to them.

use super::field::{Field, Pixel, STEPS, State, quantised};

/// So many pixels on either side have to be exactly alike.
const RUN: usize = 12;
/// And no further away than this.
const REACH: usize = 48;
/// Borders between panels are no thicker than this.
const BORDER: usize = 4;

/// Draws the lines across the targets and makes them known; their indices.
pub(super) fn draw(field: &mut Field) -> Vec<usize> {
    let (width, height) = (field.width, field.height);
    let rows = spans(field, width, 1, (0..height).map(|y| y * width));
    let columns = spans(field, height, width, 0..width);
    let Some(ground) = ground(field) else { return vec![] };
    let mut drawn = vec![];
    for at in 0..field.states.len() {
        // Beside a line there is the ground, another line that it crosses, or, if it is a border, two grounds.
        let colour = match (rows[at], columns[at]) {
            (Sides::Alike(row), Sides::Alike(column)) if row != ground => {
                (column == ground || row == column).then_some(row)
            }
            (Sides::Alike(_), Sides::Alike(column)) => Some(column),
            // A bar with a gradient along it.
            (Sides::Sloped(colour), Sides::Alike(beside)) | (Sides::Alike(beside), Sides::Sloped(colour))
                if beside == ground =>
            {
                Some(colour)
            }
            (Sides::Differ | Sides::Sloped(_), Sides::Alike(column)) => {
                is_thin(&columns, width, at, 1).then_some(column)
            }
            (Sides::Alike(row), Sides::Differ | Sides::Sloped(_)) => is_thin(&rows, width, at, width).then_some(row),
            // At the border of the picture.
            (Sides::Alike(colour), Sides::Unseen) | (Sides::Unseen, Sides::Alike(colour)) => Some(colour),
            _ => None,
        };
        let colour = colour.filter(|colour| *colour != ground);
        if let Some(colour) = colour.filter(|_| field.states[at] == State::Target) {
            field.pixels[at] = colour;
            drawn.push(at);
        }
    }
    drawn.iter().for_each(|at| field.states[*at] = State::Known);
    drawn
}

/// Whether what is alike at `at` is no thicker than a border, counted in steps across it.
fn is_thin(sides: &[Sides], width: usize, at: usize, step: usize) -> bool {
    let in_line = |next: &usize| step != 1 || next / width == at / width;
    let same = |next: &usize| in_line(next) && sides.get(*next) == Some(&sides[at]);
    let before = (1..=BORDER).map_while(|i| at.checked_sub(i * step)).take_while(same).count();
    let after = (1..=BORDER).map(|i| at + i * step).take_while(same).count();
    before + after < BORDER
}

/// What the two sides of a stretch of targets show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sides {
    /// Too little of them.
    Unseen,
    /// Not one colour.
    Differ,
    /// This colour and nothing else.
    Alike(Pixel),
    /// A gradient that has this colour here.
    Sloped(Pixel),
}

/// The sides of a whole stretch.
enum Seen {
    Same(Sides),
    /// A colour at a place, and its slope.
    Sloped(f32, Colour, Colour),
}

type Colour = [f32; 4];

impl Seen {
    /// From the places and colours next to a stretch, on either side.
    fn of(before: &[(f32, Pixel)], after: &[(f32, Pixel)]) -> Self {
        if before.len().min(after.len()) < RUN {
            return Self::Same(Sides::Unseen);
        }
        let is_even = |side: &[(f32, Pixel)]| side.iter().all(|(_, colour)| *colour == side[0].1);
        if is_even(before) && is_even(after) && before[0].1 == after[0].1 {
            return Self::Same(Sides::Alike(before[0].1));
        }
        let middle = |side: &[(f32, Pixel)]| {
            let sum = |value: &dyn Fn(&(f32, Pixel)) -> f32| side.iter().map(value).sum::<f32>() / RUN as f32;
            (sum(&|(place, _)| *place), std::array::from_fn(|i| sum(&|(_, colour)| f32::from(colour[i]))))
        };
        let ((from, first), (to, last)): ((f32, Colour), (f32, Colour)) = (middle(before), middle(after));
        let slope = std::array::from_fn(|i| (last[i] - first[i]) / (to - from));
        let is_near = |(place, colour): &(f32, Pixel)| {
            let off = |i: usize| first[i] + slope[i] * (place - from) - f32::from(colour[i]);
            (0..4).all(|i| off(i).abs() <= f32::from(STEPS))
        };
        // Two even sides may be two panels.
        if is_even(before) || is_even(after) || !before.iter().chain(after).all(is_near) {
            return Self::Same(Sides::Differ);
        }
        Self::Sloped(from, first, slope)
    }

    fn at(&self, place: f32) -> Sides {
        match self {
            Self::Same(sides) => *sides,
            Self::Sloped(from, colour, slope) => {
                let value = |i: usize| ((colour[i] + slope[i] * (place - from)) / f32::from(STEPS)).round();
                Sides::Sloped(quantised(std::array::from_fn(|i| value(i) * f32::from(STEPS))))
            }
        }
    }
}

/// For each target, the sides of its stretch along lines of `length` pixels that are `step` apart. What else is masked is passed over.
fn spans(field: &Field, length: usize, step: usize, starts: impl Iterator<Item = usize>) -> Vec<Sides> {
    let mut found = vec![Sides::Unseen; field.states.len()];
    for start in starts {
        let is_known = |i: &usize| field.states[start + i * step] == State::Known;
        let mut i = 0;
        while i < length {
            if is_known(&i) {
                i += 1;
                continue;
            }
            let end = (i..length).find(is_known).unwrap_or(length);
            let side = |places: &mut dyn Iterator<Item = usize>| -> Vec<(f32, Pixel)> {
                places.filter(is_known).take(RUN).map(|i| (i as f32, field.pixels[start + i * step])).collect()
            };
            let before = side(&mut (i.saturating_sub(REACH)..i).rev());
            let after = side(&mut (end..(end + REACH).min(length)));
            let seen = Seen::of(&before, &after);
            (i..end).for_each(|i| found[start + i * step] = seen.at(i as f32));
            i = end;
        }
    }
    found
}

/// The most frequent colour beside the targets.
fn ground(field: &Field) -> Option<Pixel> {
    let rim = (0..field.states.len()).filter(|at| field.is_rim(*at));
    Some(field.most_frequent(rim)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: usize = 63;
    const HEIGHT: usize = 49;
    const GROUND: Pixel = [1900; 4];

    /// A ground with `over` on top and a hole of 23 x 17, and what the hole hides.
    fn scene(over: impl Fn(usize, usize) -> Option<i16>) -> (Field, Vec<Pixel>) {
        let place = |i: usize| (i % WIDTH, i / WIDTH);
        let truth: Vec<Pixel> =
            (0..WIDTH * HEIGHT).map(place).map(|(x, y)| over(x, y).map_or(GROUND, |v| [v; 4])).collect();
        let is_hole = |i: usize| matches!(place(i), (20..43, 15..32));
        let states: Vec<State> =
            (0..truth.len()).map(|i| if is_hole(i) { State::Target } else { State::Known }).collect();
        let pixels = truth.iter().enumerate().map(|(i, p)| if is_hole(i) { [7; 4] } else { *p }).collect();
        (Field { width: WIDTH, height: HEIGHT, pixels, states }, truth)
    }

    #[test]
    fn rules_cross_each_other() {
        let rules = |x: usize, y: usize| match (x, y) {
            (30, _) => Some(400),
            (_, 20..22) => Some(400),
            _ => None,
        };
        let (mut field, truth) = scene(rules);
        let drawn = draw(&mut field);
        assert_eq!(drawn.len(), 17 + 2 * 22);
        assert!(drawn.iter().all(|at| field.states[*at] == State::Known && field.pixels[*at] == truth[*at]));
    }

    #[test]
    fn a_thin_border_between_two_grounds_is_drawn_and_nothing_else() {
        for (thickness, drawn) in [(1, 17), (4, 4 * 17), (6, 0)] {
            let border = |x: usize, _: usize| match x {
                ..27 => None,
                x if x < 27 + thickness => Some(400),
                _ => Some(900),
            };
            let (mut field, truth) = scene(border);
            let found = draw(&mut field);
            assert_eq!(found.len(), drawn, "{thickness}");
            assert!(found.iter().all(|at| field.pixels[*at] == truth[*at]));
        }
    }

    #[test]
    fn a_bar_keeps_its_gradient_although_the_hole_is_higher() {
        for slope in [3, -7] {
            let bar = |x: usize, y: usize| (20..26).contains(&y).then_some(800 + 8 * (x as i16 * slope / 4));
            let (mut field, truth) = scene(bar);
            let drawn = draw(&mut field);
            assert_eq!(drawn.len(), 23 * 6);
            let level = u16::try_from(STEPS).unwrap();
            assert!(
                drawn.iter().all(|at| field.pixels[*at].iter().zip(truth[*at]).all(|(a, b)| a.abs_diff(b) <= level))
            );
        }
    }

    #[test]
    fn two_panels_of_nearly_one_colour_are_no_gradient() {
        let panels = |x: usize, y: usize| (20..26).contains(&y).then_some(if x < 31 { 800 } else { 816 });
        assert!(draw(&mut scene(panels).0).is_empty());
    }

    #[test]
    fn what_reaches_the_border_of_the_picture_is_drawn() {
        let (whole, truth) = scene(|_, y| (y >= 26).then_some(400));
        let rows = 32 * WIDTH;
        let cut = |all: &[Pixel]| all[..rows].to_vec();
        let mut field =
            Field { height: 32, pixels: cut(&whole.pixels), states: whole.states[..rows].to_vec(), ..whole };
        let drawn = draw(&mut field);
        assert_eq!(drawn.len(), 23 * 6);
        assert!(drawn.iter().all(|at| field.pixels[*at] == truth[*at]));
    }

    #[test]
    fn corners_and_noise_are_left_to_others() {
        let corner = |x: usize, y: usize| (x > 27 && y > 22).then_some(900);
        let noise = |x: usize, y: usize| Some(((x * 37 + y * 91) % 500) as i16);
        assert!(draw(&mut scene(corner).0).is_empty());
        assert!(draw(&mut scene(noise).0).is_empty());
    }
}
