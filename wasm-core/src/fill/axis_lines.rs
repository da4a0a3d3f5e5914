//! Continues horizontal and vertical lines through a hole on a screen: rules of tables, borders of panels, bars.
//!
//! A row that shows the same colour or gradient on both sides of the hole most likely shows it in between as well; the same holds for columns.
//! Patches see no further than their own size and often end a rule under a wide brush.
//!
//! Lines that are drawn whatever else the hole may hold have to be seen for a while on both sides, and nothing may contradict them; what has the
//! ground's colour is left to [`flats`](super::flats) and to patches. [`panels`](super::panels), which look whether everything in the hole is
//! explained, are content with the shortest stub, and where a row and a column disagree, the thinner one lies on top; of two wide ones, the
//! direction in which the colours change is that of the panels.

use super::field::{FIXED_POINT_SCALE, Field, Pixel, State, Window, quantised};
use super::strokes::{RULE, Stroke};

/// Number of known pixels on each side of the hole that are compared.
const RUN: usize = 12;
/// Distance from the hole within which they lie, in pixels: known pixels may be interrupted by other strokes, and those of panels by glyphs.
const REACH: usize = 48;
const PANEL_REACH: usize = 96;

/// What rows and columns tell about the targets: index and colour, in raster order. Those of the `ground`'s colour are included. With `strokes`,
/// stubs between the hole and structure count as well.
pub(super) fn find(field: &Field, strokes: Option<&[Stroke]>, ground: Pixel) -> Vec<(usize, Pixel)> {
    let window = Window::of_targets(field, 0);
    let rows = Stretches::of(field, strokes, window, Axis::Row);
    let columns = Stretches::of(field, strokes, window, Axis::Column);
    let columns_change = columns.changes(field);
    let are_bands = rows.changes(field) > columns_change;
    let is_panel = strokes.is_some();
    // Across a line, the two sides show the ground, a line that crosses it, or, if the line is a border, two different grounds.
    let colour = |at: usize| match (rows.sides(at), columns.sides(at)) {
        (Sides::Alike(row), Sides::Alike(column)) if !is_panel => {
            if row == ground || row == column {
                Some(column)
            } else {
                (column == ground).then_some(row)
            }
        }
        (Sides::Alike(row), Sides::Alike(column)) => {
            let is_row = match (rows.is_thin(at), columns.is_thin(at)) {
                (true, false) => rows.lies_on(at, column) || rows.crosses(field, at, row, column),
                (false, true) => !(columns.lies_on(at, row) || columns.crosses(field, at, column, row)),
                (true, true) => false,
                (false, false) => are_bands,
            };
            Some(if is_row { row } else { column })
        }
        // A bar with a gradient along it.
        (Sides::Sloped(colour), Sides::Alike(beside)) | (Sides::Alike(beside), Sides::Sloped(colour))
            if beside == ground =>
        {
            Some(colour)
        }
        (edge, Sides::Alike(column)) => {
            let is_band = is_panel && !are_bands && columns_change > 0 && edge.is_seen();
            (is_band || columns.is_thin(at) || rows.are_met_by(&columns, at)).then_some(column)
        }
        (Sides::Alike(row), edge) => {
            let is_band = is_panel && are_bands && edge.is_seen();
            (is_band || rows.is_thin(at) || columns.are_met_by(&rows, at)).then_some(row)
        }
        _ => None,
    };
    let targets = window.pixels().filter(|at| field.states[*at] == State::Target);
    targets.filter_map(|at| Some((at, colour(at)?))).collect()
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

impl Sides {
    /// Whether both sides show a colour each.
    fn is_seen(self) -> bool {
        matches!(self, Self::Edge([Some(_), Some(_)]))
    }
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Axis {
    Row = 0,
    Column = 1,
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

/// The known pixels on one side of a stretch, from the hole outwards.
struct Side {
    /// Position along the line and colour of the first few.
    near: Vec<(f32, Pixel)>,
    /// The one colour that it shows. None beyond the picture.
    colour: Option<Pixel>,
    /// Whether it shows more than one colour.
    is_noisy: bool,
    /// Whether a rule across the line borders on the hole. What is seen behind it may be something else.
    is_flush: bool,
    /// Whether too few pixels are known.
    is_short: bool,
}

impl Side {
    /// The side whose known pixels are at `places`, each given with its index in the field.
    fn of(field: &Field, strokes: Option<&[Stroke]>, axis: Axis, places: impl Iterator<Item = (usize, usize)>) -> Self {
        let mut side = Self { near: vec![], colour: None, is_noisy: false, is_flush: false, is_short: false };
        let (mut is_closed, mut flush) = (true, 0);
        for (place, at) in places {
            let pixel = field.pixels[at];
            let stroke = strokes.map(|strokes| strokes[at]);
            if stroke.is_some_and(|s| side.near.is_empty() && s.is_rule[1 - axis as usize])
                && (flush > 0 || goes_beyond(field, at, axis))
            {
                side.is_flush = true;
                flush += 1;
                if flush > RULE {
                    return Self { is_noisy: true, ..side };
                }
                continue;
            }
            if side.near.len() == RUN {
                break;
            }
            if pixel != *side.colour.get_or_insert(pixel) && !side.is_noisy {
                // What crosses the line tells nothing about it.
                if stroke.is_some_and(|s| !s.is_structure) {
                    continue;
                }
                side.is_noisy = true;
                is_closed = stroke.is_some();
            }
            side.near.push((place as f32, pixel));
        }
        side.is_noisy &= !is_closed;
        side.is_short = strokes.is_none() && side.near.len() < RUN;
        side
    }
}

/// Whether the line across `axis` that borders on the hole at `at` goes on behind it. What does not is the rest of a panel around the hole.
pub(super) fn goes_beyond(field: &Field, at: usize, axis: Axis) -> bool {
    let (place, length, step) = match axis {
        Axis::Row => (at / field.width, field.height, field.width),
        Axis::Column => (at % field.width, field.width, 1),
    };
    let is_line = |next: &usize| field.states[*next] == State::Known && field.pixels[*next] == field.pixels[at];
    let before = (0..place).rev().map(|i| at - (place - i) * step).take_while(is_line);
    let after = (place + 1..length).map(|i| at + (i - place) * step).take_while(is_line);
    let is_long = |line: &mut dyn Iterator<Item = usize>| {
        line.filter(|next| !field.is_beside(*next, State::Target)).nth(RUN).is_some()
    };
    is_long(&mut { before }) || is_long(&mut { after })
}

impl Seen {
    /// Compares the known pixels before and after a stretch.
    fn of(before: &Side, after: &Side) -> Self {
        if !before.is_noisy && !after.is_noisy {
            return Self::Even(match (before.colour, after.colour) {
                (a, b) if before.is_short || after.is_short => Sides::Edge([a, b]),
                (Some(a), b) if b == Some(a) || after.is_flush && !before.is_flush => Sides::Alike(a),
                (_, Some(b)) if before.is_flush && !after.is_flush => Sides::Alike(b),
                (a, b) => Sides::Edge([a, b]),
            });
        }
        let (before, after) = (&before.near, &after.near);
        let is_even = |side: &[(f32, Pixel)]| side.iter().all(|(_, colour)| *colour == side[0].1);
        // Where two panels meet, at least one side shows a single colour; that is no gradient.
        if before.len().min(after.len()) < RUN || is_even(before) || is_even(after) {
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
    fn of(field: &Field, strokes: Option<&[Stroke]>, window: Window, axis: Axis) -> Self {
        let reach = if strokes.is_some() { PANEL_REACH } else { REACH };
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
            let side = |places: &mut dyn Iterator<Item = usize>| {
                let known = places.filter(is_known).map(|i| (i, start + i * step));
                Side::of(field, strokes, axis, known)
            };
            let before = side(&mut (first.saturating_sub(reach)..first).rev());
            let after = side(&mut (end..(end + reach).min(length)));
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

    /// The distance between neighbours across the lines, as indices into the field.
    fn across(&self) -> usize {
        if self.axis == Axis::Row { self.row } else { 1 }
    }

    /// Whether the pixels across the line that agree with `at` are at most as many as a rule is thick.
    fn is_thin(&self, at: usize) -> bool {
        let step = self.across();
        let same = |next: &usize| self.stretch(*next).is_some() && self.sides(*next) == self.sides(at);
        let before = (1..=RULE).map_while(|i| at.checked_sub(i * step)).take_while(same).count();
        let after = (1..=RULE).map(|i| at + i * step).take_while(same).count();
        before + after < RULE
    }

    /// Whether the thin line at `at` lies on a ground of this colour: the lines beside it show that.
    fn lies_on(&self, at: usize, ground: Pixel) -> bool {
        let (step, own) = (self.across(), self.sides(at));
        let before = (1..=RULE).map_while(|i| at.checked_sub(i * step)).find(|next| self.sides(*next) != own);
        let after = (1..=RULE).map(|i| at + i * step).find(|next| self.sides(*next) != own);
        before.into_iter().chain(after).any(|next| self.sides(next) == Sides::Alike(ground))
    }

    /// Whether the line through `at` is seen on top of a `band` of this colour elsewhere.
    fn crosses(&self, field: &Field, at: usize, line: Pixel, band: Pixel) -> bool {
        let ((place, step), across) = (self.place(at), self.across());
        let length = if self.axis == Axis::Row { field.width } else { field.height };
        let shows =
            |at: usize, colour: Pixel| field.states.get(at) == Some(&State::Known) && field.pixels[at] == colour;
        (0..length).map(|i| at - place * step + i * step).filter(|at| shows(*at, line)).any(|at| {
            (1..=RULE).filter_map(|i| at.checked_sub(i * across)).any(|at| shows(at, band))
                && (1..=RULE).any(|i| shows(at + i * across, band))
        })
    }

    /// How many targets lie on wide lines of another colour than most.
    fn changes(&self, field: &Field) -> usize {
        let wide = self.window.pixels().filter(|at| field.states[*at] == State::Target && !self.is_thin(*at));
        let mut colours: Vec<u64> = wide
            .filter_map(|at| match self.sides(at) {
                Sides::Alike(colour) => Some(bytemuck::cast(colour)),
                _ => None,
            })
            .collect();
        colours.sort_unstable();
        colours.len() - colours.chunk_by(|a, b| a == b).map(<[u64]>::len).max().unwrap_or(0)
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

    /// Draws what is not the ground.
    fn draw(field: &mut Field) -> Vec<usize> {
        let ground = ground(field).unwrap();
        let mut drawn = find(field, None, ground);
        drawn.retain(|(_, colour)| *colour != ground);
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
