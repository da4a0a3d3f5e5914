//! Continues straight structures of any direction through a hole: wires, poles, horizons and joints in photographs, slanted lines on screens.
//!
//! Patches see no further than their own size, and would end such structures in the hole. Where the same cross section is found on both sides of
//! the hole along one straight line, and does not change along it, the structure most likely runs through. The search starts wherever the
//! structure tensor sees a line enter the hole, and shifts and turns it until the cross sections on both sides agree best.

use super::content::Content;
use super::field::{FIXED_POINT_SCALE, Field, Pixel, State, Window, quantised};
use crate::{Pacer, Result};

/// Half the width of a cross section, in pixels.
const HALF: usize = 4;
/// Width of a cross section, in pixels.
const WIDTH: usize = 2 * HALF + 1;
/// The part of a cross section in which both sides have to agree.
const INNER: std::ops::Range<usize> = 2..WIDTH - 2;
/// Length over which the line is followed on either side, in pixels. It decides how precisely the direction is known.
const LENGTH: usize = 40;
/// Minimum number of those pixels that are known, at every place of the cross section.
const MIN_KNOWN: usize = 24;
/// Minimum length of the line within the hole, in pixels.
const MIN_CROSSING: f32 = 6.0;

/// Radius of the structure tensor, in pixels.
const TENSOR: usize = 4;
/// Minimum mean squared gradient across a line, in squared levels.
const MIN_GRADIENT: f32 = 16.0;
/// Maximum share of the gradient across the line that the gradient along it may have.
const MAX_ALONG: f32 = 0.3;
/// Maximum number of places that the search starts from.
const MAX_SEEDS: usize = 96;
/// Seeds are further apart than this in x or y, in pixels.
const APART: usize = 2;

/// Maximum [`Agreement::misfit`] of a line that is drawn.
const MISFIT: f32 = 0.12;
/// On screens, both components of the direction (a unit vector) are larger than this. Other lines are left to [`axis_lines`](super::axis_lines),
/// because most that seem to be some are parts of letters.
const SLANTED: f32 = 0.05;
/// Maximum misfit of a single place beside the line that is drawn with it.
const LOCAL_MISFIT: f32 = 0.25;
/// Minimum standard deviation of colours across a line, in levels.
const CONTRAST: f32 = 8.0;
/// Two lines are the same when both pairs of ends are nearer than this, in pixels.
const SAME: f32 = 5.0;
/// Grids of the search from coarse to fine: step of the shift in pixels, step of the turn in radians.
const GRIDS: [(f32, f32); 3] = [(1.0, 0.02), (0.5, 0.007), (0.25, 0.0025)];

/// How often a line is moved to the centre of the structure.
const CENTRINGS: usize = 3;

type Point = [f32; 2];
type Colour = [f32; 4];

/// A line through the hole.
#[derive(Clone, Copy, Debug)]
struct Line {
    /// The last point before the hole and the first point after it.
    ends: [Point; 2],
    /// Unit vector from the first end to the second.
    along: Point,
    /// [`Agreement::misfit`] of its two cross sections.
    misfit: f32,
}

/// The cross section on one side of the hole, over [`LENGTH`] pixels along the line.
#[derive(Clone, Copy)]
struct Section {
    /// Mean colour along the line, for each place across it.
    mean: [Colour; WIDTH],
    /// Variance along the line, mean over the colour channels, in squared steps.
    variance: [f32; WIDTH],
}

/// The targets that lie on structures through the hole, by index, with their colours. Of two structures that cross, the one that fits better comes
/// later and so lies on top.
pub(super) async fn find(field: &Field, content: Content, pacer: &dyn Pacer) -> Result<Vec<(usize, Pixel)>> {
    let is_slanted = |line: &Line| line.along.into_iter().all(|way| way.abs() > SLANTED);
    let mut lines: Vec<Line> = vec![];
    for (at, direction) in seeds(field) {
        pacer.checkpoint().await?;
        let start = [(at % field.width) as f32, (at / field.width) as f32];
        if let Some(line) = search(field, start, direction)
            && line.misfit <= MISFIT
            && (!content.is_drawn || is_slanted(&line))
            && !lines.iter().any(|other| line.is_same(other))
        {
            lines.push(line);
        }
    }
    let mut drawn: Vec<(usize, Pixel)> = vec![];
    while let Some(worst) = (0..lines.len()).reduce(|a, b| if lines[b].misfit > lines[a].misfit { b } else { a }) {
        pacer.checkpoint().await?;
        lines.swap_remove(worst).draw(field, &mut drawn);
    }
    Ok(drawn)
}

/// Pixels at the rim where a line seems to enter the hole, those with the strongest gradient first, with the direction of the line.
#[inline(never)]
fn seeds(field: &Field) -> Vec<(usize, Point)> {
    let mut found: Vec<(f32, usize, Point)> = vec![];
    for at in Window::of_targets(field, 1).pixels().filter(|at| field.is_rim(*at)) {
        let (x, y) = (at % field.width, at / field.width);
        let (mut xx, mut xy, mut yy, mut count) = (0.0f32, 0.0f32, 0.0f32, 0.0f32);
        for y in y.saturating_sub(TENSOR)..(y + TENSOR + 1).min(field.height) {
            for x in x.saturating_sub(TENSOR)..(x + TENSOR + 1).min(field.width) {
                if let Some([gx, gy]) = gradient(field, y * field.width + x) {
                    (xx, xy, yy, count) = (xx + gx * gx, xy + gx * gy, yy + gy * gy, count + 1.0);
                }
            }
        }
        let apart = ((xx - yy) / 2.0).hypot(xy);
        let (across, along) = ((xx + yy) / 2.0 + apart, (xx + yy) / 2.0 - apart);
        if across > MIN_GRADIENT * count && along < MAX_ALONG * across {
            let angle = 0.5 * (2.0 * xy).atan2(xx - yy);
            found.push((across / count, at, [-angle.sin(), angle.cos()]));
        }
    }
    let mut kept: Vec<(usize, Point)> = vec![];
    while kept.len() < MAX_SEEDS
        && let Some((_, seed, direction)) = found.iter().copied().reduce(|a, b| if b.0 > a.0 { b } else { a })
    {
        kept.push((seed, direction));
        found.retain(|(_, at, _)| {
            let (dx, dy) =
                ((at % field.width).abs_diff(seed % field.width), (at / field.width).abs_diff(seed / field.width));
            dx.max(dy) > APART
        });
    }
    kept
}

/// Central differences of luma in x and y, in levels per pixel; none where one of the pixels is not known.
fn gradient(field: &Field, at: usize) -> Option<Point> {
    let is_known = |at: usize| field.states[at] == State::Known;
    let step = field.width;
    let is_seen = field.is_inner(at) && [at - 1, at + 1, at - step, at + step].into_iter().all(is_known);
    let luma = |at: usize| field.luma(at) as f32 / f32::from(FIXED_POINT_SCALE);
    is_seen.then(|| [(luma(at + 1) - luma(at - 1)) / 2.0, (luma(at + step) - luma(at - step)) / 2.0])
}

/// The line near `start`, roughly along `direction`, whose cross sections agree best.
#[inline(never)]
fn search(field: &Field, start: Point, [dx, dy]: Point) -> Option<Line> {
    let mut best: Option<(Line, f32, f32)> = None;
    for (shift_step, turn_step) in GRIDS {
        let (centre_shift, centre_turn) = best.map_or((0.0, 0.0), |(_, shift, turn)| (shift, turn));
        for turn in (-4i8..=4).map(|i| centre_turn + f32::from(i) * turn_step) {
            let (sin, cos) = turn.sin_cos();
            let along = [dx * cos - dy * sin, dx * sin + dy * cos];
            for shift in (-3i8..=3).map(|i| centre_shift + f32::from(i) * shift_step) {
                let from = [start[0] - along[1] * shift, start[1] + along[0] * shift];
                let Some(line) = Line::through(field, from, along) else { continue };
                if best.is_none_or(|(best, ..)| line.misfit < best.misfit) {
                    best = Some((line, shift, turn));
                }
            }
        }
        // A finer grid will not help.
        if best.is_none_or(|(line, ..)| line.misfit > 1.0) {
            return None;
        }
    }
    // A line along one edge of a wire fits as well as one along its centre: move it to the centre of the edges.
    let mut line = best?.0;
    for _ in 0..CENTRINGS {
        let aside = compared(&line.sections(field)?).aside;
        let across = line.across();
        let from = [line.ends[0][0] + aside * across[0], line.ends[0][1] + aside * across[1]];
        match Line::through(field, from, line.along).filter(|centred| centred.misfit <= MISFIT) {
            Some(centred) => line = centred,
            None => break,
        }
    }
    Some(line)
}

impl Line {
    /// The line from a point near the rim through the hole, in the direction `along` or its opposite. None when it does not cross the hole, or
    /// too little is known or visible beside it.
    fn through(field: &Field, from: Point, along: Point) -> Option<Self> {
        [along, along.map(|v| -v)].into_iter().find_map(|along| {
            let at = |t: f32| [from[0] + t * along[0], from[1] + t * along[1]];
            let is_target = |t: f32| state(field, at(t)) == Some(State::Target);
            let first = (-4i8..=4).map(f32::from).find(|t| is_target(*t)).filter(|t| *t > -4.0)?;
            let mut after = first + 1.0;
            while is_target(after) {
                after += 1.0;
            }
            let is_crossed = after - first > MIN_CROSSING && state(field, at(after)) == Some(State::Known);
            let mut line = Self { ends: [at(first - 1.0), at(after)], along, misfit: f32::INFINITY };
            if is_crossed {
                line.misfit = compared(&line.sections(field)?).misfit;
            }
            (is_crossed && line.misfit.is_finite()).then_some(line)
        })
    }

    /// Unit vector at right angles to the line.
    fn across(&self) -> Point {
        [-self.along[1], self.along[0]]
    }

    /// Whether both ends of two lines are close together.
    fn is_same(&self, other: &Self) -> bool {
        let [a, b] = self.ends;
        let is_near = |p: Point, q: Point| (p[0] - q[0]).hypot(p[1] - q[1]) < SAME;
        let [p, q] = other.ends;
        (is_near(a, p) && is_near(b, q)) || (is_near(a, q) && is_near(b, p))
    }

    /// The cross sections before and after the hole; none where too little is known.
    fn sections(&self, field: &Field) -> Option<[Section; 2]> {
        let mut sections = [Section { mean: [[0.0; 4]; WIDTH], variance: [0.0; WIDTH] }; 2];
        for (side, section) in sections.iter_mut().enumerate() {
            for o in 0..WIDTH {
                let (mut sum, mut squares, mut count) = ([0.0f32; 4], 0.0f32, 0);
                for t in 0..LENGTH {
                    let Some(colour) = self.beyond(field, side, t as f32, o as f32 - HALF as f32) else { continue };
                    sum.iter_mut().zip(colour).for_each(|(s, v)| *s += v);
                    squares += colour[..3].iter().map(|v| v * v).sum::<f32>();
                    count += 1;
                }
                if count < MIN_KNOWN {
                    return None;
                }
                let mean = sum.map(|s| s / count as f32);
                let variance = squares / count as f32 - mean[..3].iter().map(|m| m * m).sum::<f32>();
                section.mean[o] = mean;
                section.variance[o] = variance.max(0.0) / 3.0;
            }
        }
        Some(sections)
    }

    /// The colour `way` pixels outside of the end `side` and `aside` pixels beside the line; none where it is unknown.
    fn beyond(&self, field: &Field, side: usize, way: f32, aside: f32) -> Option<Colour> {
        let way = if side == 0 { -way } else { way };
        let across = self.across();
        let place = |i: usize| self.ends[side][i] + way * self.along[i] + aside * across[i];
        sample(field, [place(0), place(1)])
    }

    /// Appends the targets on the line with their colours: the mean cross section, interpolated between the two sides, and the texture of the nearer
    /// side, mirrored at the rim.
    #[inline(never)]
    fn draw(&self, field: &Field, drawn: &mut Vec<(usize, Pixel)>) {
        let Some(sections) = self.sections(field) else { return };
        let Agreement { errors, contrast, .. } = compared(&sections);
        let agrees = |o: &usize| errors[*o] < LOCAL_MISFIT * contrast;
        let below = (0..HALF).rev().take_while(agrees).count() as f32;
        let above = (HALF + 1..WIDTH).take_while(agrees).count() as f32;
        let across = self.across();
        let [from, to] = self.ends;
        let length = (to[0] - from[0]).hypot(to[1] - from[1]);
        let bounds = |i: usize, end: usize| {
            let (low, high) = (from[i].min(to[i]) - WIDTH as f32, from[i].max(to[i]) + WIDTH as f32);
            low.max(0.0) as usize..(high.max(0.0) as usize).min(end)
        };
        for at in bounds(1, field.height).flat_map(|y| bounds(0, field.width).map(move |x| y * field.width + x)) {
            if field.states[at] != State::Target {
                continue;
            }
            let (x, y) = ((at % field.width) as f32 - from[0], (at / field.width) as f32 - from[1]);
            let (way, aside) = (x * self.along[0] + y * self.along[1], x * across[0] + y * across[1]);
            let reach = -(HALF as f32)..=length + HALF as f32;
            if !(-below..=above).contains(&aside) || !reach.contains(&way) {
                continue;
            }
            let part = (way / length).clamp(0.0, 1.0);
            let side = usize::from(part > 0.5);
            let mean = |side: usize| -> Colour {
                let place = aside + HALF as f32;
                let low = (place as usize).min(WIDTH - 2);
                let [a, b] = [sections[side].mean[low], sections[side].mean[low + 1]];
                std::array::from_fn(|i| a[i] + (b[i] - a[i]) * (place - low as f32))
            };
            let (first, second, own) = (mean(0), mean(1), mean(side));
            let mirrored = mirrored(if side == 0 { way } else { length - way });
            let texture = self.beyond(field, side, mirrored, aside).unwrap_or(own);
            let colour = std::array::from_fn(|i| first[i] + (second[i] - first[i]) * part + texture[i] - own[i]);
            drawn.push((at, quantised(colour)));
        }
    }
}

/// A distance folded into `0..LENGTH`, as if mirrored at both ends.
fn mirrored(way: f32) -> f32 {
    let length = LENGTH as f32 - 1.0;
    length - (way.rem_euclid(2.0 * length) - length).abs()
}

/// How well two cross sections agree.
struct Agreement {
    /// For each place across the line, in squared steps: the variance along the line, plus the squared difference between the sides after their
    /// difference in brightness is taken out.
    errors: [f32; WIDTH],
    /// Variance across the line, in squared steps.
    contrast: f32,
    /// Mean error over contrast. Infinite where the contrast is too low.
    misfit: f32,
    /// Mean offset of the edges from the line, in pixels.
    aside: f32,
}

/// Compares the cross sections of both sides.
fn compared([a, b]: &[Section; 2]) -> Agreement {
    let count = INNER.len() as f32;
    let light: [f32; 3] = std::array::from_fn(|i| INNER.map(|o| a.mean[o][i] - b.mean[o][i]).sum::<f32>() / count);
    let errors: [f32; WIDTH] = std::array::from_fn(|o| {
        let off = (0..3).map(|i| (a.mean[o][i] - b.mean[o][i] - light[i]).powi(2)).sum::<f32>() / 3.0;
        (a.variance[o] + b.variance[o]) / 2.0 + off
    });
    let mut contrast = 0.0;
    let mut slopes = [0.0f32; WIDTH];
    for i in 0..3 {
        let value = |o: usize| (a.mean[o][i] + b.mean[o][i]) / 2.0;
        let mean = INNER.map(value).sum::<f32>() / count;
        contrast += INNER.map(|o| (value(o) - mean).powi(2)).sum::<f32>() / count / 3.0;
        (1..WIDTH - 1).for_each(|o| slopes[o] += (value(o + 1) - value(o - 1)).powi(2));
    }
    let is_line = contrast.sqrt() > CONTRAST * f32::from(FIXED_POINT_SCALE);
    let misfit = if is_line { errors[INNER].iter().sum::<f32>() / count / contrast } else { f32::INFINITY };
    let moment: f32 = (0..WIDTH).map(|o| slopes[o] * (o as f32 - HALF as f32)).sum();
    Agreement { errors, contrast, misfit, aside: moment / slopes.iter().sum::<f32>().max(1e-6) }
}

/// The state of the pixel nearest to a point; none outside the field.
fn state(field: &Field, [x, y]: Point) -> Option<State> {
    let (x, y) = (x.round(), y.round());
    let is_inside = x >= 0.0 && y >= 0.0 && x < field.width as f32 && y < field.height as f32;
    is_inside.then(|| field.states[y as usize * field.width + x as usize])
}

/// The colour at a point, bilinear, in steps; none where one of the four pixels is not known.
fn sample(field: &Field, [x, y]: Point) -> Option<Colour> {
    let is_inside = x >= 0.0 && y >= 0.0 && x < field.width as f32 - 1.0 && y < field.height as f32 - 1.0;
    if !is_inside {
        return None;
    }
    let (left, top) = (x as usize, y as usize);
    let (u, v) = (x - left as f32, y - top as f32);
    let at = top * field.width + left;
    let corners = [at, at + 1, at + field.width, at + field.width + 1];
    if corners.iter().any(|at| field.states[*at] != State::Known) {
        return None;
    }
    let [a, b, c, d] = corners.map(|at| field.pixels[at].map(f32::from));
    Some(std::array::from_fn(|i| {
        let (above, below) = (a[i] + (b[i] - a[i]) * u, c[i] + (d[i] - c[i]) * u);
        above + (below - above) * v
    }))
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;
    use crate::Unpaced;

    const SIZE: [usize; 2] = [181, 143];

    /// A sky that gets lighter downwards, with grain and two wires, antialiased; a round hole in the middle.
    fn sky(has_wires: bool) -> Vec<Colour> {
        let mut random = Random::new(11);
        let mut light = |x: f32, y: f32| {
            let away = |ax: f32, ay: f32, bx: f32, by: f32| {
                ((bx - ax) * (ay - y) - (ax - x) * (by - ay)).abs() / (bx - ax).hypot(by - ay)
            };
            let wire = |away: f32| (2.0 - away).clamp(0.0, 1.0);
            let cover = wire(away(0.0, 20.0, 180.0, 117.0)).max(wire(away(70.0, 0.0, 104.0, 142.0)));
            let ground = 140.0 + 0.3 * y + random.below(5) as f32;
            if has_wires { ground + (40.0 - ground) * cover } else { ground }
        };
        let [width, height] = SIZE;
        (0..width * height).map(|i| [light((i % width) as f32, (i / width) as f32) * 8.0; 4]).collect()
    }

    fn draw(field: &mut Field, content: Content) -> Vec<usize> {
        let drawn = pollster::block_on(find(field, content, &Unpaced)).unwrap();
        drawn.iter().for_each(|(at, pixel)| field.settle(*at, *pixel));
        drawn.into_iter().map(|(at, _)| at).collect()
    }

    const PHOTOGRAPH: Content =
        Content { is_thin: false, is_fine: false, is_flat: false, is_drawn: false, is_lossy: false };
    const SCREEN: Content = Content { is_flat: true, is_drawn: true, ..PHOTOGRAPH };

    fn holed(pixels: &[Colour]) -> Field {
        let [width, height] = SIZE;
        let is_hole = |i: usize| (i % width).abs_diff(90).pow(2) + (i / width).abs_diff(70).pow(2) < 30 * 30;
        let state = |i: usize| if is_hole(i) { State::Target } else { State::Known };
        let states: Vec<State> = (0..width * height).map(state).collect();
        let pixel = |i: usize| if is_hole(i) { [1900; 4] } else { quantised(pixels[i]) };
        Field { width, height, pixels: (0..width * height).map(pixel).collect(), states }
    }

    #[test]
    fn wires_are_drawn_through_the_hole_in_the_right_place() {
        let truth = sky(true);
        let mut field = holed(&truth);
        let drawn = draw(&mut field, PHOTOGRAPH);
        assert!(drawn.len() > 2 * 4 * 58, "two wires of four pixels and more: {}", drawn.len());
        let off = |at: usize| (f32::from(field.pixels[at][0]) - truth[at][0]).abs() / 8.0;
        let mean = drawn.iter().map(|at| off(*at)).sum::<f32>() / drawn.len() as f32;
        assert!(mean < 10.0, "{mean}");
        let dark = |i: usize| truth[i][0] < 60.0 * 8.0 && holed(&truth).states[i] == State::Target;
        let missing = (0..truth.len()).filter(|i| dark(*i) && field.states[*i] == State::Target).count();
        assert_eq!(missing, 0);
    }

    #[test]
    fn where_there_is_no_line_none_is_drawn() {
        let mut random = Random::new(12);
        let noise: Vec<Colour> = sky(false).into_iter().map(|_| [random.below(1600) as f32 + 200.0; 4]).collect();
        for pixels in [sky(false), noise] {
            assert!(draw(&mut holed(&pixels), PHOTOGRAPH).is_empty());
        }
    }

    #[test]
    fn a_line_that_is_there_on_one_side_only_ends() {
        let (with, without) = (sky(true), sky(false));
        let [width, _] = SIZE;
        let half: Vec<Colour> = (0..with.len()).map(|i| if i % width < 90 { with[i] } else { without[i] }).collect();
        let drawn = draw(&mut holed(&half), PHOTOGRAPH);
        assert!(drawn.is_empty(), "both wires leave the hole where they are no more: {drawn:?}");
    }

    #[test]
    fn on_a_screen_only_slanted_lines_are_drawn() {
        // A rule and the stem of a letter, and a slanted line.
        let [width, height] = SIZE;
        let page = |line: &dyn Fn(f32, f32) -> f32| -> Vec<Colour> {
            let places = (0..width * height).map(|i| ((i % width) as f32, (i / width) as f32));
            places.map(|(x, y)| [1900.0 - 1700.0 * (1.5 - line(x, y).abs()).clamp(0.0, 1.0); 4]).collect()
        };
        let drawn = |pixels: &[Colour], content| draw(&mut holed(pixels), content).len();
        let upright = page(&|x, _| x - 92.0);
        assert!(drawn(&upright, PHOTOGRAPH) > 100);
        assert_eq!(drawn(&upright, SCREEN), 0);
        assert!(drawn(&page(&|x, y| 0.8 * (x - 92.0) + 0.6 * (y - 66.0)), SCREEN) > 100);
    }

    #[test]
    fn texture_is_mirrored_at_both_ends_of_what_is_looked_at() {
        let far = LENGTH as f32 - 1.0;
        assert_eq!(
            [0.0, 5.0, far, far + 2.0, 2.0 * far, 2.0 * far + 3.0].map(mirrored),
            [0.0, 5.0, far, far - 2.0, 0.0, 3.0]
        );
    }
}
