//! Tells what is drawn apart: structure, which a fill may continue, and glyphs, which it must never copy.
//!
//! Structure is what runs straight for a while or covers a square: grounds, panels, bars, rules, borders, and what is connected with them in the
//! same colour. What else is small and stands on one ground is a letter, a digit or an icon. Whoever erases a word does not want parts of other
//! words in its place.

use super::field::{FAINT, FIXED_POINT_SCALE, Field, Pixel, State, apart};

/// Minimum length of a straight run of one colour, in pixels: longer than the strokes of letters.
const RUN: u8 = 32;
/// Side of a square that no stroke of a letter covers, in pixels.
const SQUARE: u8 = 9;
/// Largest height and width of a letter, in pixels. What is wider has to fill more than one in [`SPARSE`] pixels of its rectangle: a word does, a
/// curve does not.
const LETTER: usize = 64;
const SPARSE: usize = 5;
/// Scaling with a cubic filter makes colours beside an edge overshoot by less than one in so many parts of its contrast.
const OVERSHOOT: u16 = 8;
/// What makes up more than one in so many pixels of the hole's rim is no letter that the hole cuts, but what the hole lies in.
const PANEL: usize = 4;
/// Largest thickness of a rule, in pixels.
pub(super) const RULE: usize = 4;

/// Largest difference, in steps, that compression with losses makes beside edges of drawings.
const NOISE: u16 = 6 * FIXED_POINT_SCALE.unsigned_abs();
/// How far from where lines meet that is so, in pixels.
const MEETING: usize = 4;
/// A line of its own colour has this many pixels: strokes of letters have fewer.
const LINE: usize = 32;
/// A colour is frequent if one in this many pixels has it.
const FREQUENT: usize = 200;

/// Gives every known pixel the frequent colour that it nearly has. In drawings that were scaled or compressed with losses, one colour has become
/// many, and none of the comparisons that follow would hold.
pub(super) fn flatten(field: &mut Field) {
    let is_known = |at: &usize| field.states[*at] == State::Known;
    let known: Vec<usize> = (0..field.states.len()).filter(is_known).collect();
    let mut colours: Vec<u64> = known.iter().map(|at| bytemuck::cast(field.pixels[*at])).collect();
    colours.sort_unstable();
    let counts = colours.chunk_by(|a, b| a == b).map(|same| (same.len(), same[0]));
    let mut frequent: Vec<(usize, u64)> = counts.filter(|(count, _)| count * FREQUENT > known.len()).collect();
    frequent.sort_unstable();
    let mut palette: Vec<Pixel> = vec![];
    for (_, colour) in frequent.into_iter().rev() {
        let colour: Pixel = bytemuck::cast(colour);
        if palette.iter().all(|other| apart(*other, colour) > NOISE) {
            palette.push(colour);
        }
    }
    for colour in lines(field, &palette) {
        if palette.iter().all(|other| apart(*other, colour) > NOISE) {
            palette.push(colour);
        }
    }
    let mut rest = known;
    rest.retain(|at| {
        let pixel = field.pixels[*at];
        let nearest = palette.iter().copied().min_by_key(|colour| apart(*colour, pixel));
        let near = nearest.filter(|colour| apart(*colour, pixel) <= NOISE);
        near.is_none_or(|colour| {
            field.pixels[*at] = colour;
            false
        })
    });
    // Where lines meet, an encoder errs more. What lies beside a colour is then that colour, too.
    for _ in 0..MEETING {
        let beside = |at: usize| {
            let near = |next: &usize| palette.contains(&field.pixels[*next]) && field.states[*next] == State::Known;
            let colours = field.beside(at).filter(near).map(|next| field.pixels[next]);
            colours.min_by_key(|colour| apart(*colour, field.pixels[at])).map(|colour| (at, colour))
        };
        let found: Vec<(usize, Pixel)> = rest.iter().filter_map(|at| beside(*at)).collect();
        for (at, colour) in found {
            if apart(colour, field.pixels[at]) <= 2 * NOISE {
                field.pixels[at] = colour;
            }
        }
        rest.retain(|at| !palette.contains(&field.pixels[*at]));
    }
}

/// The colours of long lines that are near none of the `palette`, the longest first: rules of one pixel are too rare to be frequent, and what an encoder
/// makes of their colour is seldom twice the same.
fn lines(field: &Field, palette: &[Pixel]) -> Vec<Pixel> {
    let is_new = |at: usize| {
        field.states[at] == State::Known && palette.iter().all(|colour| apart(*colour, field.pixels[at]) > NOISE)
    };
    let (width, height) = (field.width, field.states.len() / field.width.max(1));
    let mut found: Vec<(usize, u64)> = vec![];
    for (count, length, across, along) in [(height, width, width, 1), (width, height, 1, width)] {
        for start in (0..count).map(|line| line * across) {
            let mut run: Vec<Pixel> = vec![];
            for at in (0..length).map(|i| start + i * along) {
                let goes_on =
                    is_new(at) && run.first().is_none_or(|first| apart(*first, field.pixels[at]) <= 2 * NOISE);
                if !goes_on {
                    found.extend(line_colour(&mut run));
                }
                if is_new(at) {
                    run.push(field.pixels[at]);
                }
            }
            found.extend(line_colour(&mut run));
        }
    }
    found.sort_unstable();
    found.into_iter().rev().map(|(_, colour)| bytemuck::cast(colour)).collect()
}

/// Length and median colour of a run that is long enough for a line. The run is empty then.
fn line_colour(run: &mut Vec<Pixel>) -> Option<(usize, u64)> {
    let run = std::mem::take(run);
    let median = |channel: usize| {
        let mut values: Vec<i16> = run.iter().map(|pixel| pixel[channel]).collect();
        values.sort_unstable();
        values[values.len() / 2]
    };
    (run.len() >= LINE).then(|| (run.len(), bytemuck::cast([0, 1, 2, 3].map(median))))
}

/// What a pixel is part of.
#[derive(Clone, Copy, Default)]
pub(super) struct Stroke {
    /// Length of the run of equal known pixels along the row and along the column that ends here, up to [`RUN`]; later of the whole run.
    run: [u8; 2],
    /// Side of the largest square of one colour that ends here, up to [`SQUARE`]; later whether the pixel lies in one that large.
    square: u8,
    /// Part of a structure.
    pub(super) is_structure: bool,
    /// Whether it lies on a thin line along the row and along the column, of a colour that no ground has.
    pub(super) is_rule: [bool; 2],
}

/// What each pixel of a field is part of.
pub(super) fn strokes(field: &Field) -> Vec<Stroke> {
    let (width, count) = (field.width, field.states.len());
    let mut strokes = vec![Stroke::default(); count];
    let is_same = |a: usize, b: usize| {
        field.states[a] == State::Known && field.states[b] == State::Known && field.pixels[a] == field.pixels[b]
    };
    for at in (0..count).filter(|at| field.states[*at] == State::Known) {
        let left = if at % width > 0 && is_same(at, at - 1) { strokes[at - 1] } else { Stroke::default() };
        let above = if at >= width && is_same(at, at - width) { strokes[at - width] } else { Stroke::default() };
        let is_corner = left.square > 0 && above.square > 0 && is_same(at, at - width - 1);
        let corner = if is_corner { strokes[at - width - 1].square } else { 0 };
        strokes[at] = Stroke {
            run: [left.run[0], above.run[1]].map(|run| (run + 1).min(RUN)),
            square: (left.square.min(above.square).min(corner) + 1).min(SQUARE),
            ..Stroke::default()
        };
    }
    // Backwards, each pixel of a run learns how long it became, and each pixel of a square how far its last corner is.
    let mut open = vec![];
    for at in (0..count).rev().filter(|at| field.states[*at] == State::Known) {
        let right = Some(at + 1).filter(|next| next % width > 0 && is_same(at, *next));
        let below = Some(at + width).filter(|next| *next < count && is_same(at, *next));
        let corner = right.and(below).map(|below| below + 1).filter(|next| *next < count && is_same(at, *next));
        let mut stroke = strokes[at];
        for (axis, next) in [right, below].into_iter().enumerate() {
            stroke.run[axis] = stroke.run[axis].max(next.map_or(0, |next| strokes[next].run[axis]));
        }
        let own = if stroke.square == SQUARE { SQUARE } else { 0 };
        let inherited = [right, below, corner].into_iter().flatten().map(|next| strokes[next].square.saturating_sub(1));
        stroke.square = inherited.max().unwrap_or(0).max(own);
        stroke.is_structure = stroke.run.contains(&RUN) || stroke.square > 0;
        if stroke.is_structure {
            open.push(at);
        }
        strokes[at] = stroke;
    }
    let of_ground = (0..count).filter(|at| strokes[*at].square > 0).map(|at| bytemuck::cast(field.pixels[at]));
    let mut grounds: Vec<u64> = of_ground.collect();
    grounds.sort_unstable();
    grounds.dedup();
    for (stroke, pixel) in strokes.iter_mut().zip(&field.pixels) {
        let is_thin = |axis: usize| stroke.run[axis] == RUN && usize::from(stroke.run[1 - axis]) <= RULE;
        stroke.is_rule = [0, 1].map(is_thin);
        if stroke.is_rule != [false; 2] && grounds.binary_search(&bytemuck::cast(*pixel)).is_ok() {
            stroke.is_rule = [false; 2];
        }
    }
    while let Some(at) = open.pop() {
        for next in field.beside(at) {
            if !strokes[next].is_structure && is_same(at, next) {
                strokes[next].is_structure = true;
                open.push(next);
            }
        }
    }
    strokes
}

/// Excludes the glyphs among the known pixels of a drawing, and returns their indices: what they hide is unknown as in the hole. What is left of
/// a panel around the hole, whose rim has `rim` pixels, becomes structure.
pub(super) fn exclude_glyphs(field: &mut Field, strokes: &mut [Stroke], rim: usize) -> Vec<usize> {
    let mut glyphs = vec![];
    let mut is_seen: Vec<bool> = strokes.iter().map(|stroke| stroke.is_structure).collect();
    for start in 0..is_seen.len() {
        if is_seen[start] || field.states[start] != State::Known {
            continue;
        }
        is_seen[start] = true;
        let mut glyph = vec![start];
        let (mut low, mut high) = ([start % field.width, start / field.width], [0; 2]);
        // Ranges of the colours of the structure around and of its own.
        let [mut around, mut own] = [Range::default(); 2];
        let mut next = 0;
        while let Some(at) = glyph.get(next).copied() {
            next += 1;
            own.note(field.pixels[at]);
            let place = [at % field.width, at / field.width];
            for i in 0..2 {
                (low[i], high[i]) = (low[i].min(place[i]), high[i].max(place[i] + 1));
            }
            for y in place[1].saturating_sub(1)..(place[1] + 2).min(field.height) {
                for x in place[0].saturating_sub(1)..(place[0] + 2).min(field.width) {
                    let near = y * field.width + x;
                    if strokes[near].is_structure {
                        around.note(field.pixels[near]);
                    } else if !is_seen[near] && field.states[near] == State::Known {
                        is_seen[near] = true;
                        glyph.push(near);
                    }
                }
            }
        }
        let [width, height] = [0, 1].map(|i| high[i] - low[i]);
        let is_letter = height <= LETTER && (width <= LETTER || glyph.len() * SPARSE > width * height);
        let is_edge = around.is_wide() && around.holds(own);
        let is_panel = glyph.iter().filter(|at| field.is_rim(**at)).count() * PANEL > rim;
        // The end of a rule between the hole and a rule across.
        let is_met = |at: &usize| field.beside(*at).any(|next| strokes[next].is_rule != [false; 2]);
        let is_stub = glyph.len() == width * height && width.min(height) <= RULE && glyph.iter().any(is_met);
        if is_panel {
            glyph.into_iter().for_each(|at| strokes[at].is_structure = true);
        } else if is_letter && !is_edge && !is_stub {
            glyphs.extend(glyph);
        }
    }
    glyphs.iter().for_each(|at| field.states[*at] = State::Excluded);
    glyphs
}

/// The range of some colours, by channel.
#[derive(Clone, Copy)]
struct Range {
    low: Pixel,
    high: Pixel,
}

impl Default for Range {
    fn default() -> Self {
        Self { low: [i16::MAX; 4], high: [i16::MIN; 4] }
    }
}

impl Range {
    fn note(&mut self, colour: Pixel) {
        for (i, value) in colour.into_iter().enumerate() {
            (self.low[i], self.high[i]) = (self.low[i].min(value), self.high[i].max(value));
        }
    }

    /// Whether two of the colours are no shades of each other.
    fn is_wide(self) -> bool {
        self.low[0] <= self.high[0] && apart(self.low, self.high) > FAINT
    }

    /// Whether the colours of `other` lie between these, or beyond them by as little as scaling overshoots at an edge.
    fn holds(self, other: Self) -> bool {
        let slack = (apart(self.low, self.high) / OVERSHOOT) as i16;
        (0..4).all(|i| self.low[i] - slack <= other.low[i] && other.high[i] <= self.high[i] + slack)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: usize = 120;
    const HEIGHT: usize = 80;

    fn field(colour: impl Fn(usize, usize) -> i16) -> Field {
        let hole = |i: usize| matches!((i % WIDTH, i / WIDTH), (50..70, 30..50));
        Field {
            width: WIDTH,
            height: HEIGHT,
            pixels: (0..WIDTH * HEIGHT).map(|i| [colour(i % WIDTH, i / WIDTH); 4]).collect(),
            states: (0..WIDTH * HEIGHT).map(|i| if hole(i) { State::Target } else { State::Known }).collect(),
        }
    }

    #[test]
    fn letters_are_excluded_and_rules_stubs_panels_and_curves_are_not() {
        let mut field = field(|x, y| match (x, y) {
            // A letter, also where it touches the hole.
            (20..28, 60 | 65 | 70) | (20, 60..70) | (44..52, 33) | (44, 33..40) => 200,
            // A border beside the hole, a rule that meets it there, a panel.
            (74, _) => 700,
            (_, 44) if x < 75 => 1100,
            (90..110, 50..70) => 1500,
            // A curve.
            (5..85, _) if y == 5 + x / 3 => 300,
            _ => 2000,
        });
        let mut strokes = strokes(&field);
        let rim = (0..strokes.len()).filter(|at| field.is_rim(*at)).count();
        exclude_glyphs(&mut field, &mut strokes, rim);
        let at = |x: usize, y: usize| y * WIDTH + x;
        let state = |x: usize, y: usize| field.states[at(x, y)];
        assert_eq!([state(23, 60), state(20, 67), state(46, 33), state(44, 38)], [State::Excluded; 4]);
        let kept = [state(74, 3), state(10, 44), state(71, 44), state(100, 60), state(60, 25), state(24, 12)];
        assert_eq!(kept, [State::Known; 6]);
        assert_eq!([strokes[at(74, 3)].is_rule, strokes[at(10, 44)].is_rule], [[false, true], [true, false]]);
        assert_eq!(strokes[at(40, 60)].is_rule, [false; 2]);
    }

    #[test]
    fn a_ground_with_noise_is_one_colour_and_another_ground_stays() {
        let mut field = field(|x, y| match x {
            ..60 => 1900 + 8 * ((x * 7 + y * 3) % 50 / 45) as i16,
            _ => 1700,
        });
        flatten(&mut field);
        assert!(field.pixels.iter().zip(&field.states).enumerate().all(|(i, (pixel, state))| {
            *state == State::Target || pixel[0] == if i % WIDTH < 60 { 1900 } else { 1700 }
        }));
    }

    #[test]
    fn a_rule_that_an_encoder_has_changed_is_one_colour_also_where_another_one_meets_it() {
        // Levels on both rules, and how far they are off where these meet.
        let off = |x: usize, y: usize| [-4, 3, 0, 4, -3][(x * 3 + y * 7) % 5] * FIXED_POINT_SCALE;
        let meets = |x: usize, y: usize| x.abs_diff(90).max(y.abs_diff(20)) <= 2;
        let mut field = field(|x, y| match (x, y) {
            (90, _) | (_, 20) if meets(x, y) => 1784 + 11 * FIXED_POINT_SCALE,
            (90, _) | (_, 20) => 1784 + off(x, y),
            _ => 2040,
        });
        flatten(&mut field);
        let rules = (0..WIDTH).map(|x| 20 * WIDTH + x).chain((0..HEIGHT).map(|y| y * WIDTH + 90));
        let colours: std::collections::BTreeSet<i16> = rules.map(|at| field.pixels[at][0]).collect();
        assert_eq!(colours.len(), 1, "{colours:?}");
        assert!(field.pixels.iter().all(|pixel| pixel[0] == 2040 || colours.contains(&pixel[0])));
    }
}
