//! Continues horizontal and vertical lines through a hole on a screen: rules of tables, borders of panels, bars.
//!
//! A row that shows the same colour or gradient on both sides of the hole, other than the ground's, most likely shows it in between as well; the same
//! holds for columns. Patches see no further than their own size and often end a rule under a wide brush. The ground itself is left to
//! [`flats`](super::flats), which comes next, and to patches.

use super::field::{FIXED_POINT_SCALE, Field, Pixel, State, Window, quantised};

/// Number of known pixels on each side of the hole that are compared.
const RUN: usize = 12;
/// Distance from the hole within which they lie, in pixels: known pixels may be interrupted by other strokes.
const REACH: usize = 48;
/// Largest thickness of a border between panels, in pixels.
const BORDER: usize = 4;

/// The targets that lie on lines across a `ground` of one colour, by index, with their colours.
pub(super) fn find(field: &Field, ground: Pixel) -> Vec<(usize, Pixel)> {
    let window = Window::of_targets(field, 0);
    let rows = Stretches::of(field, window, Axis::Row);
    let columns = Stretches::of(field, window, Axis::Column);
    // Across a line, the two sides show the ground, a line that crosses it, or, if the line is a border, two different grounds.
    let colour = |at: usize| match (rows.sides(at), columns.sides(at)) {
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
        (_, Sides::Alike(column)) => (columns.is_thin(at) || rows.are_met_by(&columns, at)).then_some(column),
        (Sides::Alike(row), _) => (rows.is_thin(at) || columns.are_met_by(&rows, at)).then_some(row),
        _ => None,
    };
    let targets = window.pixels().filter(|at| field.states[*at] == State::Target);
    targets.filter_map(|at| Some((at, colour(at).filter(|colour| *colour != ground)?))).collect()
}

/// What the two sides of a stretch suggest for one of its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sides {
    /// Nothing: one side shows more than one colour.
    Differ,
    /// Each side shows one colour, but they differ, or too few pixels are known. None for a side beyond the picture.
    Edge([Option<Pixel>; 2]),
    /// Both sides show this colour.
    Alike(Pixel),
    /// Both sides show a gradient that has this colour here.
    Sloped(Pixel),
}

#[derive(Clone, Copy, PartialEq)]
enum Axis {
    Row,
    Column,
}

/// Consecutive unknown pixels of a row or a column.
struct Stretch {
    /// Indices of its first and last pixel in the field.
    ends: [usize; 2],
    seen: Seen,
}

/// What the known pixels on both sides of a stretch show.
enum Seen {
    /// The same for every pixel of the stretch.
    Even(Sides),
    /// A linear gradient: a position along the line, the colour there, and the change of colour per pixel.
    Sloped(f32, Colour, Colour),
}

type Colour = [f32; 4];

impl Seen {
    /// Compares the known pixels before and after a stretch, each given by its position along the line and its colour.
    fn of(before: &[(f32, Pixel)], after: &[(f32, Pixel)]) -> Self {
        let is_even = |side: &[(f32, Pixel)]| side.iter().all(|(_, colour)| *colour == side[0].1);
        let is_seen = before.len().min(after.len()) == RUN;
        if is_even(before) && is_even(after) {
            let colours = [before, after].map(|side| Some(side.first()?.1));
            return Self::Even(match colours {
                [Some(a), Some(b)] if a == b && is_seen => Sides::Alike(a),
                _ => Sides::Edge(colours),
            });
        }
        // Where two panels meet, at least one side shows a single colour; that is no gradient.
        if !is_seen || is_even(before) || is_even(after) {
            return Self::Even(Sides::Differ);
        }
        let middle = |side: &[(f32, Pixel)]| {
            let sum = |value: &dyn Fn(&(f32, Pixel)) -> f32| side.iter().map(value).sum::<f32>() / RUN as f32;
            (sum(&|(place, _)| *place), std::array::from_fn(|i| sum(&|(_, colour)| f32::from(colour[i]))))
        };
        let ((from, first), (to, last)): ((f32, Colour), (f32, Colour)) = (middle(before), middle(after));
        let slope = std::array::from_fn(|i| (last[i] - first[i]) / (to - from));
        let is_near = |(place, colour): &(f32, Pixel)| {
            let off = |i: usize| first[i] + slope[i] * (place - from) - f32::from(colour[i]);
            (0..4).all(|i| off(i).abs() <= f32::from(FIXED_POINT_SCALE))
        };
        if before.iter().chain(after).all(is_near) {
            Self::Sloped(from, first, slope)
        } else {
            Self::Even(Sides::Differ)
        }
    }

    /// What they suggest for the pixel at a position along the line.
    fn at(&self, place: usize) -> Sides {
        match self {
            Self::Even(sides) => *sides,
            Self::Sloped(from, colour, slope) => {
                let level =
                    |i: usize| ((colour[i] + slope[i] * (place as f32 - from)) / f32::from(FIXED_POINT_SCALE)).round();
                Sides::Sloped(quantised(std::array::from_fn(|i| level(i) * f32::from(FIXED_POINT_SCALE))))
            }
        }
    }
}

/// All stretches along one axis that touch a window.
struct Stretches {
    window: Window,
    axis: Axis,
    /// Width of the field.
    row: usize,
    list: Vec<Stretch>,
    /// For each pixel of the window, the position of its stretch in `list`.
    numbers: Vec<Option<u32>>,
}

impl Stretches {
    fn of(field: &Field, window: Window, axis: Axis) -> Self {
        let mut found =
            Self { window, axis, row: field.width, list: vec![], numbers: vec![None; window.pixels().count()] };
        for at in window.pixels() {
            if field.states[at] == State::Known || found.numbers[window.slot(at)].is_some() {
                continue;
            }
            let (place, step) = found.place(at);
            let length = if axis == Axis::Row { field.width } else { field.height };
            let start = at - place * step;
            let is_known = |i: &usize| field.states[start + i * step] == State::Known;
            let first = (0..place).rev().find(is_known).map_or(0, |before| before + 1);
            let end = (place..length).find(is_known).unwrap_or(length);
            let side = |places: &mut dyn Iterator<Item = usize>| -> Vec<(f32, Pixel)> {
                places.filter(is_known).take(RUN).map(|i| (i as f32, field.pixels[start + i * step])).collect()
            };
            let before = side(&mut (first.saturating_sub(REACH)..first).rev());
            let after = side(&mut (end..(end + REACH).min(length)));
            let ends = [start + first * step, start + (end - 1) * step];
            for at in (first..end).map(|i| start + i * step).filter(|at| window.contains(*at)) {
                found.numbers[window.slot(at)] = Some(found.list.len() as u32);
            }
            found.list.push(Stretch { ends, seen: Seen::of(&before, &after) });
        }
        found
    }

    /// The position of a pixel along its row or column, and the distance between neighbours there as indices into the field.
    fn place(&self, at: usize) -> (usize, usize) {
        match self.axis {
            Axis::Row => (at % self.row, 1),
            Axis::Column => (at / self.row, self.row),
        }
    }

    /// The stretch of a pixel, given by its index in the field.
    fn stretch(&self, at: usize) -> Option<&Stretch> {
        let slot = self.window.contains(at).then(|| self.window.slot(at))?;
        Some(&self.list[self.numbers[slot]? as usize])
    }

    /// What the stretch of a pixel suggests for it.
    #[inline(never)]
    fn sides(&self, at: usize) -> Sides {
        self.stretch(at).map_or(Sides::Differ, |stretch| stretch.seen.at(self.place(at).0))
    }

    /// Whether the pixels across the line that agree with `at` are at most as many as a border is thick.
    fn is_thin(&self, at: usize) -> bool {
        let step = if self.axis == Axis::Row { self.row } else { 1 };
        let same = |next: &usize| self.stretch(*next).is_some() && self.sides(*next) == self.sides(at);
        let before = (1..=BORDER).map_while(|i| at.checked_sub(i * step)).take_while(same).count();
        let after = (1..=BORDER).map(|i| at + i * step).take_while(same).count();
        before + after < BORDER
    }

    /// Whether the stretch at `at` is divided by an edge that `lines`, the stretches of the other axis, follow: the lines at its two ends have the
    /// colours that its two sides show. A side beyond the picture agrees with any line.
    fn are_met_by(&self, lines: &Self, at: usize) -> bool {
        let Some(Stretch { ends, seen: Seen::Even(Sides::Edge(colours)) }) = self.stretch(at) else { return false };
        ends.iter()
            .zip(colours)
            .all(|(end, colour)| colour.is_none_or(|colour| lines.sides(*end) == Sides::Alike(colour)))
    }
}

/// The most frequent colour at the rim of the targets; none without a rim.
pub(super) fn ground(field: &Field) -> Option<Pixel> {
    let rim = Window::of_targets(field, 1).pixels().filter(|at| field.is_rim(*at));
    Some(field.most_frequent(rim)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(field: &mut Field) -> Vec<usize> {
        let drawn = find(field, ground(field).unwrap());
        drawn.iter().for_each(|(at, colour)| field.pixels[*at] = *colour);
        drawn.into_iter().map(|(at, _)| at).collect()
    }

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
        assert!(drawn.iter().all(|at| field.pixels[*at] == truth[*at]));
    }

    #[test]
    fn a_border_between_two_panels_is_drawn_and_so_is_the_smaller_one() {
        for thickness in [1, 4, 6] {
            let border = |x: usize, _: usize| match x {
                ..27 => None,
                x if x < 27 + thickness => Some(400),
                _ => Some(900),
            };
            let (mut field, truth) = scene(border);
            let ground = ground(&field).unwrap();
            let drawn = draw(&mut field);
            assert!(drawn.len() >= 17 * (7 + thickness), "{thickness}: {}", drawn.len());
            for at in (0..truth.len()).filter(|at| field.states[*at] == State::Target) {
                assert_eq!(if drawn.contains(&at) { field.pixels[at] } else { ground }, truth[at]);
            }
        }
    }

    #[test]
    fn a_bar_keeps_its_gradient_although_the_hole_is_higher() {
        for slope in [3, -7] {
            let bar = |x: usize, y: usize| (20..26).contains(&y).then_some(800 + 8 * (x as i16 * slope / 4));
            let (mut field, truth) = scene(bar);
            let drawn = draw(&mut field);
            assert_eq!(drawn.len(), 23 * 6);
            let level = u16::try_from(FIXED_POINT_SCALE).unwrap();
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
    fn what_stands_on_the_border_of_the_picture_is_not_wiped_out() {
        // A column that the hole cuts off at its foot.
        let (whole, truth) = scene(|x, _| (!(22..42).contains(&x)).then_some(400));
        let rows = 20 * WIDTH;
        let mut field =
            Field { height: 20, pixels: whole.pixels[..rows].to_vec(), states: whole.states[..rows].to_vec(), ..whole };
        assert!(draw(&mut field).into_iter().all(|at| field.pixels[at] == truth[at]));
    }

    #[test]
    fn the_edge_between_two_panels_is_straight() {
        let (mut field, truth) = scene(|_, y| (y >= 23).then_some(400));
        let drawn = draw(&mut field);
        assert!(drawn.len() >= 23 * 8, "all but the ground");
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
